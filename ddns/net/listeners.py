"""The stream listeners of a server: bound together, closed together in order.

A connection that another process has accepted for one of them is served like their own.
"""

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
from ddns.net.connections import ConnectionTable
from ddns.net.shutdown import Closable, close_all

FAMILIES = (socket.AF_INET, socket.AF_INET6)


class Gone(ApiError):
    """The client closed before it could be served."""

    code = "gone"
    status = 410


class Counted(Protocol):
    """A factory that counts its connections, in tables of which the first has those that come."""

    tables: tuple[ConnectionTable[Any], ...]

    @property
    def admissions(self) -> Admissions:
        """The connections that have come, by what became of them."""

    def connections(self) -> int:
        """Return how many there are."""


class Connections(Counted, Closable, Protocol):
    """A factory that also ends them in order."""


class Listeners:
    """Listening ports by name, and the factories whose connections they accept."""

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
        """Listen for a factory.

        :param name: what the listeners are for: ``http``, ``miniupdate``.
        :param descriptions: Twisted endpoint descriptions.
        :param factory: makes the protocols.
        :param connections: counts and ends them: the factory, or one inside it.
        :param inherited: sockets that listen already; they become ours.
        :param label: what the connections are counted as, if not as *name*.
        :raises twisted.internet.error.CannotListenError: when an address cannot be bound.
        :raises ValueError: when a description is malformed.
        """
        for sock in inherited:
            self._ports.append((name, endpoints.adopt(self._reactor, sock, factory)))
        for description in descriptions:
            port = endpoints.listen(self._reactor, description, factory, f"{name}.listen")
            self._ports.append((name, port))
        self._connections.append((label or name, connections))

    def adopt_for(self, name: str, factory: IProtocolFactory) -> None:
        """Let :meth:`adopt` serve connections for *name* with a factory, whether or not a port of
        it listens."""
        factory.doStart()  # otherwise only a port would
        self._factories[name] = factory

    def adopt(self, name: str, descriptor: int) -> None:
        """Serve a connection that another process has accepted; always closes the descriptor.

        :raises NotFound: when nothing has this name.
        :raises Invalid: when it is no connection over TCP.
        :raises Gone: when the client has closed it.
        :raises ApiError: when there are too many descriptors, or after :meth:`adopt_no_more`.
        """
        factory = self._factories.get(name)
        if factory is not None and self._adopting:
            return _adopt(self._reactor, descriptor, factory)
        os.close(descriptor)
        if self._adopting:
            raise NotFound(f"{name} is not served here")
        raise ApiError("nothing more is taken")

    def adopt_no_more(self) -> None:
        """Refuse further connections from other processes: the next server is to have them."""
        self._adopting = False

    def connections(self) -> int:
        """Return how many connections there are."""
        return sum(one.connections() for _, one in self._connections)

    def addresses(self, name: str | None = None) -> list[tuple[str, int] | None]:
        """Return host and port of the listeners of a name, or of all; None for a Unix socket."""
        return [endpoints.address(port) for of, port in self._ports if name in (None, of)]

    def shown(self, name: str) -> str:
        """Return where those of a name listen, for the log."""
        return (
            ", ".join(endpoints.shown(port) for of, port in self._ports if of == name) or "nothing"
        )

    def counted(self) -> list[tuple[str, Connections]]:
        """Return what counts the connections, by label."""
        return list(self._connections)

    def unbind(self) -> None:
        """Close the sockets after a start that failed; the reactor may never run."""
        for _, port in self._ports:
            port.stopListening()
        self._ports.clear()
        self._connections.clear()
        self._stop_factories()

    async def stop(self, stop_time: float) -> None:
        """Accept nothing more; give what was begun *stop_time* seconds to finish."""
        self.adopt_no_more()
        await DeferredList([maybeDeferred(port.stopListening) for _, port in self._ports])
        await close_all([one for _, one in self._connections], self._reactor, stop_time)
        self._stop_factories()

    def _stop_factories(self) -> None:
        while self._factories:
            self._factories.popitem()[1].doStop()


def _adopt(reactor: Any, descriptor: int, factory: IProtocolFactory) -> None:
    """Serve a connected socket as if a port of *factory* had accepted it.

    The peer is the one that the kernel names. See :meth:`Listeners.adopt`.
    """
    try:
        sock = socket.socket(fileno=descriptor)
    except OSError:
        os.close(descriptor)
        raise Invalid("the descriptor is no socket") from None
    with sock:  # closed in any case: the reactor works on a duplicate
        if sock.family not in FAMILIES or sock.type != socket.SOCK_STREAM:
            raise Invalid("the descriptor is no TCP connection")
        if sock.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
            raise Invalid("the socket listens; a super-server has to accept connections: nowait")
        try:
            sock.getpeername()
            sock.setblocking(False)
            reactor.adoptStreamConnection(sock.fileno(), sock.family, factory)
        except OSError as error:
            # What getpeername() says of a connection that was reset while it waited.
            if error.errno == errno.ENOTCONN:
                raise Gone("the client has gone") from None
            raise ApiError(f"the connection cannot be served: {error.strerror}") from None
