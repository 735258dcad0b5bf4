"""The stream listeners of a server: bound together, closed together, in order. What another process
has accepted for one of them is served like what it accepts itself."""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Iterable, Sequence
from typing import Any, Protocol

from twisted.internet.defer import DeferredList, maybeDeferred
from twisted.internet.interfaces import IListeningPort, IProtocolFactory

from ddns.api.errors import ApiError, Invalid, NotFound
from ddns.model.counters import Admissions
from ddns.net import endpoints
from ddns.net.shutdown import Closable, close_all

FAMILIES = (socket.AF_INET, socket.AF_INET6)


class Gone(ApiError):
    """The client has closed before anybody could serve it."""

    code = "gone"
    status = 410


class Counted(Protocol):
    """What a factory tells of its connections; ``admissions`` are those that have come."""

    admissions: Admissions

    def connections(self) -> int:
        """How many there are."""


class Connections(Counted, Closable, Protocol):
    """And ends them, so that a server can end in order."""


class Listeners:
    """Listening ports by what they are for, and the factories whose connections they accept."""

    def __init__(self, reactor: Any) -> None:
        self._reactor = reactor
        self._ports: list[tuple[str, IListeningPort]] = []
        self._connections: list[tuple[str, Connections]] = []
        self._factories: dict[str, IProtocolFactory] = {}
        self._adopting = True

    def listen(
        self,
        name: str,
        descriptions: Iterable[str],
        factory: IProtocolFactory,
        connections: Connections,
        inherited: Sequence[socket.socket] = (),
        label: str | None = None,
    ) -> None:
        """Listen on endpoints that Twisted describes like this, for what has this *name*, and on
        sockets that listen already, which are ours from now on. They are counted as *label*, if
        that is another.

        :raises twisted.internet.error.CannotListenError: when an address cannot be had.
        :raises ValueError: when a description is none.
        """
        for sock in inherited:
            self._ports.append((name, endpoints.adopt(self._reactor, sock, factory)))
        for description in descriptions:
            port = endpoints.listen(self._reactor, description, factory, f"{name}.listen")
            self._ports.append((name, port))
        self._connections.append((label or name, connections))

    def adopt_for(self, name: str, factory: IProtocolFactory) -> None:
        """From now on serve what another process has accepted for this *name* like what a port of
        this factory accepts, which listens here, or would."""
        factory.doStart()  # by itself only a port would start it
        self._factories[name] = factory

    def adopt(self, name: str, descriptor: int) -> None:
        """Serve a connection that another process has accepted; the descriptor is closed.

        :raises NotFound: when nothing has this name.
        :raises Invalid: when it is no connection over TCP.
        :raises Gone: when it is none any more.
        :raises ApiError: when there are too many descriptors, or nothing more is taken.
        """
        factory = self._factories.get(name)
        if factory is not None and self._adopting:
            return _adopt(self._reactor, descriptor, factory)
        os.close(descriptor)
        if self._adopting:
            raise NotFound(f"{name} is not served here")
        raise ApiError("nothing more is taken")

    def adopt_no_more(self) -> None:
        """Leave connections that others have accepted to whoever serves next."""
        self._adopting = False

    def connections(self) -> int:
        """How many connections there are."""
        return sum(one.connections() for _, one in self._connections)

    def addresses(self, name: str | None = None) -> list[tuple[str, int] | None]:
        """Where those of a name listen, or all: host and port, None for what has no such."""
        return [endpoints.address(port) for of, port in self._ports if name in (None, of)]

    def shown(self, name: str) -> str:
        """The same for the log."""
        return (
            ", ".join(endpoints.shown(port) for of, port in self._ports if of == name) or "nothing"
        )

    def counted(self) -> list[tuple[str, Connections]]:
        """What tells of the connections, by what they are for."""
        return list(self._connections)

    def unbind(self) -> None:
        """Give sockets back, when a start fails and the reactor may never run."""
        for _, port in self._ports:
            port.stopListening()
        self._ports.clear()
        self._connections.clear()
        self._stop_factories()

    async def stop(self, patience: float) -> None:
        """Accept nothing more; give what was begun so many seconds to finish."""
        self.adopt_no_more()
        await DeferredList([maybeDeferred(port.stopListening) for _, port in self._ports])
        await close_all([one for _, one in self._connections], self._reactor, patience)
        self._stop_factories()

    def _stop_factories(self) -> None:
        while self._factories:
            self._factories.popitem()[1].doStop()


def _adopt(reactor: Any, descriptor: int, factory: IProtocolFactory) -> None:
    """Serve what is connected to a descriptor as if a port of *factory* had accepted it; the peer
    is whom the kernel names. The descriptor is closed, whatever comes of it.

    :raises Invalid: when it is no connection over TCP.
    :raises Gone: when it is none any more.
    :raises ApiError: when there are too many descriptors.
    """
    try:
        sock = socket.socket(fileno=descriptor)
    except OSError:
        os.close(descriptor)
        raise Invalid("the descriptor is no socket") from None
    with sock:
        if sock.family not in FAMILIES or sock.type != socket.SOCK_STREAM:
            raise Invalid("the descriptor is no TCP connection")
        if sock.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
            raise Invalid("the socket listens; a super-server has to accept connections: nowait")
        try:
            sock.getpeername()
            sock.setblocking(False)
            reactor.adoptStreamConnection(sock.fileno(), sock.family, factory)  # has a duplicate
        except OSError as error:
            if error.errno == errno.ENOTCONN:
                raise Gone("the client has gone") from None
            raise ApiError(f"the connection cannot be served: {error.strerror}") from None
