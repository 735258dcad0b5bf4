"""An appliance with its own pages, the update protocols below /dyn of the same site, and our DNS:
``twistd -n -y tac/embedded.tac``."""

from twisted.application.internet import StreamServerEndpointService
from twisted.application.service import Application
from twisted.internet import reactor
from twisted.internet.endpoints import TCP4ServerEndpoint
from twisted.web.resource import Resource
from twisted.web.server import Request

from ddns.embedding import (
    Core,
    DdnsService,
    HttpSettings,
    LimitedSite,
    MiniupdateSettings,
    Settings,
)


class Front(Resource):
    """The appliance's first page."""

    def __init__(self, core: Core) -> None:
        super().__init__()
        self._core = core

    def render_GET(self, request: Request) -> bytes:
        request.setHeader(b"content-type", b"text/plain; charset=utf-8")
        return b"This appliance answers DNS for %d zones.\n" % len(self._core.zones)


ddns = DdnsService(
    Settings(http=HttpSettings(listen=()), miniupdate=MiniupdateSettings(listen=())), reactor
)
root = Resource()
root.putChild(b"", Front(ddns.core))
root.putChild(b"dyn", ddns.core.resource())
site = LimitedSite(root, reactor)
pages = StreamServerEndpointService(
    TCP4ServerEndpoint(reactor, 8080, interface="127.0.0.1"), site
)

application = Application("appliance")
ddns.setServiceParent(application)
pages.setServiceParent(application)
