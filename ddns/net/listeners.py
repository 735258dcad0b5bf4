"""The stream listeners of a server: bound together, closed together, in order."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol

from twisted.internet.defer import DeferredList, maybeDeferred
from twisted.internet.interfaces import IListeningPort, IProtocolFactory
from twisted.internet.task import deferLater

from ddns.model.counting import Admissions
from ddns.net import sockets

STEP = 0.02
"""Seconds between two looks at whether the connections have ended."""


class Counted(Protocol):
    """What a factory tells of its connections; ``admissions`` are those that have come."""

    admissions: Admissions

    def connections(self) -> int:
        """How many there are."""


class Connections(Counted, Protocol):
    """What it does to them, so that a server can end in order."""

    def close_connections(self) -> None:
        """End all that are not in the middle of something."""

    def abort_connections(self) -> None:
        """End all, whatever they are at."""


class Listeners:
    """Listening ports by what they are for, and the factories whose connections they accept."""

    def __init__(self, reactor: Any) -> None:
        self._reactor = reactor
        self._ports: list[tuple[str, IListeningPort]] = []
        self._connections: list[tuple[str, Connections]] = []

    def listen(
        self,
        name: str,
        descriptions: Iterable[str],
        factory: IProtocolFactory,
        connections: Connections,
    ) -> None:
        """Listen on endpoints that Twisted describes like this, for what has this *name*.

        :raises twisted.internet.error.CannotListenError: when an address cannot be had.
        :raises ValueError: when a description is none.
        """
        for description in descriptions:
            port = sockets.listen(self._reactor, description, factory, f"{name}.listen")
            self._ports.append((name, port))
        self._connections.append((name, connections))

    def addresses(self, name: str | None = None) -> list[tuple[str, int] | None]:
        """Where those of a name listen, or all: host and port, None for what has no such."""
        return [sockets.address(port) for of, port in self._ports if name in (None, of)]

    def shown(self, name: str) -> str:
        """The same for the log."""
        return ", ".join(sockets.shown(port) for of, port in self._ports if of == name) or "nothing"

    def connections(self) -> list[tuple[str, Connections]]:
        """What tells of the connections, by what they are for."""
        return list(self._connections)

    def unbind(self) -> None:
        """Give sockets back, when a start fails and the reactor may never run."""
        for _, port in self._ports:
            port.stopListening()
        self._ports.clear()
        self._connections.clear()

    async def stop(self, patience: float) -> None:
        """Accept nothing more; give what was begun so many seconds to finish."""
        await DeferredList([maybeDeferred(port.stopListening) for _, port in self._ports])
        deadline = self._reactor.seconds() + patience
        self._close()
        while self._reactor.seconds() < deadline and any(
            one.connections() for _, one in self._connections
        ):
            await deferLater(self._reactor, STEP)
            self._close()
        for _, one in self._connections:
            one.abort_connections()

    def _close(self) -> None:
        for _, one in self._connections:
            one.close_connections()
