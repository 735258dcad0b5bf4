"""Descriptors passed between processes over the control socket, beside the API (SCM_RIGHTS).

    POST /connections/NAME      with an accepted connection as ancillary data: serve it
    POST /lock                  end, and answer with the database's lock as ancillary data

The answer to the first goes out before a single octet is read from the connection or written to it.
So a process that gets no answer may hand the connection to another server.
"""

from __future__ import annotations

import json
import os
from collections.abc import Awaitable, Callable
from typing import Any

from twisted.internet.defer import ensureDeferred
from twisted.internet.interfaces import IFileDescriptorReceiver
from twisted.internet.protocol import connectionDone
from twisted.logger import Logger
from twisted.python.failure import Failure
from twisted.web import http, server
from twisted.web.resource import IResource, Resource
from zope.interface import implementer

from ddns.api.errors import ApiError, Conflict, Invalid, NotFound, error_json
from ddns.net.http.channel import Channel
from ddns.net.http.site import LimitedSite, send_answer

Adopt = Callable[[str, int], None]
"""Serves a connection under a listener's name, and closes the descriptor; raises ApiError."""

Give = Callable[[], Awaitable[int]]
"""Ends all use of the database and returns the descriptor of its lock, which may be closed in the
reactor's next turn; raises ApiError."""


@implementer(IFileDescriptorReceiver)
class ControlChannel(Channel):
    """A connection that keeps the descriptor which came with a request until that is answered."""

    read_size = 65_536
    _descriptor: int | None = None
    _more = False

    def connectionMade(self) -> None:
        super().connectionMade()
        self._at_once = True  # a Unix socket, with nothing between it and us

    def fileDescriptorReceived(self, descriptor: int) -> None:
        """Keep the first descriptor and close any further one."""
        if self._descriptor is None:
            os.set_inheritable(descriptor, False)  # what recvmsg(2) makes, programs of ours inherit
            self._descriptor = descriptor
        else:
            os.close(descriptor)
            self._more = True

    def take(self) -> int:
        """Return the one descriptor that came with the request, which the caller now owns.

        :raises Invalid: when there were several.
        :raises ApiError: when there is none; the kernel drops it if this process has too many.
        """
        if self._more:
            raise Invalid("expected one descriptor with the request")
        if self._descriptor is None:
            raise ApiError("no descriptor has arrived with the request")
        descriptor, self._descriptor = self._descriptor, None
        return descriptor

    def requestDone(self, request: http.Request) -> None:
        self._drop()
        super().requestDone(request)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self._drop()
        super().connectionLost(reason)

    def _drop(self) -> None:
        """Close a descriptor that nobody took."""
        descriptor, self._descriptor = self._descriptor, None
        self._more = False
        if descriptor is not None:
            os.close(descriptor)


class ControlSite(LimitedSite):
    """The only kind of site whose clients may send descriptors."""

    protocol = ControlChannel


class ControlResource(Resource):
    """The API, and beside it the two requests that pass descriptors."""

    isLeaf = True
    _log = Logger()

    def __init__(self, api: IResource, adopt: Adopt | None, give: Give | None) -> None:
        super().__init__()
        self._api = api
        self._adopt = adopt
        self._give = give

    def render(self, request: server.Request) -> int:
        """Route the request."""
        match request.method, request.postpath:
            case b"POST", [b"connections", name]:
                ensureDeferred(self._answer(request, self._serve(request, name.decode("latin-1"))))
            case b"POST", [b"lock"]:
                ensureDeferred(self._answer(request, self._give_lock(request)))
            case _:
                answered: int = self._api.render(request)
                return answered
        return server.NOT_DONE_YET

    async def _answer(self, request: Any, work: Awaitable[None]) -> None:
        status, answer = 200, dict[str, Any]()
        try:
            await work
        except ApiError as error:
            status = error.status
            answer = error.as_json()
        except Exception:
            self._log.failure("a call on the control socket failed")
            status = 500
            answer = error_json("failed", "the log says why")
        send_answer(request, status, json.dumps(answer).encode(), "application/json")

    async def _serve(self, request: Any, name: str) -> None:
        descriptor = request.channel.take()
        if self._adopt is None:
            os.close(descriptor)
            raise NotFound(f"{name} is not served here")
        self._adopt(name, descriptor)

    async def _give_lock(self, request: Any) -> None:
        if self._give is None:
            raise Conflict("a server does not give its database away")
        lock = await self._give()
        if request.channel is not None:
            request.channel.transport.sendFileDescriptor(lock)
