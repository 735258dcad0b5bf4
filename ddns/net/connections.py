"""The connections of one listener: admission, eviction, deadlines, and closing in order.

HTTP, DNS over TCP, miniupdate and the PROXY protocol each keep theirs in a :class:`ConnectionTable`
and differ only in what a :class:`Connection` says of itself.
"""

from __future__ import annotations

import abc
import math
from collections import Counter
from collections.abc import Iterator
from typing import Any, Generic, TypeVar

from twisted.internet.interfaces import IDelayedCall, IReactorTime

from ddns.model.counters import Admissions

FINEST = 0.01
"""Seconds between two sweeps at least; deadlines closer to each other are dealt with together."""


class Connection(abc.ABC):
    """Mixin for a protocol that a table keeps; moments are the table's clock's."""

    transport: Any
    network = b""
    deadline: float | None = None
    """The moment at which it expires unless it moves this; None while its time is not limited."""

    def due_at(self) -> float | None:
        """Return the deadline, for those that compute it only when asked."""
        return self.deadline

    def eviction_key(self, now: float) -> tuple[int, float] | None:
        """Return the sort key of eviction, smallest first; None to keep the place."""
        return None

    def expire(self) -> None:
        """End at the deadline."""
        self.abort()

    @abc.abstractmethod
    def close(self, force: bool) -> None:
        """Close unless in the middle of something, or about to be.

        It is asked again until it is gone; *force* is set once the client has had
        :data:`ddns.net.shutdown.DRAIN_TIME` to say what it came for.
        """

    def abort(self) -> None:
        """Close at once, whatever is left to send."""
        self.transport.abortConnection()


C = TypeVar("C", bound=Connection)


class ConnectionTable(Generic[C]):
    """Connections counted in all and by network.

    :param clock: for deadlines.
    :param total: connections at once.
    :param per_network: connections of one network at once.
    :param interval: seconds between two sweeps at most. A deadline nearer than that may be set
        after a sweep has looked, and is then late by no more.
    """

    def __init__(
        self, clock: IReactorTime, total: int, per_network: float, interval: float
    ) -> None:
        self._clock = clock
        self.admissions = Admissions()
        self.closing = False
        self._connections: dict[C, None] = {}  # in order of arrival
        self._by_network: Counter[bytes] = Counter()
        self._timer: IDelayedCall | None = None
        self.limit(total, per_network, interval)

    def limit(self, total: int, per_network: float, interval: float) -> None:
        """Set the limits for connections to come; those that are there stay."""
        self.total = total
        self.per_network = per_network
        self.interval = interval

    def __len__(self) -> int:
        return len(self._connections)

    def __iter__(self) -> Iterator[C]:
        """Iterate over a snapshot, oldest first: whatever is done to them may remove them."""
        return iter(list(self._connections))

    def networks(self) -> int:
        """Return how many networks have connections."""
        return len(self._by_network)

    # Admission ---------------------------------------------------------------------------------

    def admit(self, network: bytes = b"") -> bool:
        """Decide on a new connection and make room for it, or count it as refused.

        An empty *network* (a trusted proxy, a Unix socket) is limited by the total alone.
        """
        crowded = network and self._by_network[network] >= self.per_network
        if crowded or (len(self._connections) >= self.total and not self._evict()):
            self.admissions.refused += 1
            return False
        return True

    def _evict(self) -> bool:
        """Abort one connection in favour of a new one; return False if all keep their places.

        This is the eviction policy of every listener: the smallest :meth:`Connection.eviction_key`
        goes first, and whoever has none stays.
        """
        now = self._clock.seconds()
        keys = {c: key for c in self._connections if (key := c.eviction_key(now)) is not None}
        if not keys:
            return False
        victim = min(keys, key=keys.__getitem__)
        self.remove(victim)  # now: the transport may report the loss a turn later
        victim.abort()
        self.admissions.displaced += 1
        return True

    def add(self, connection: C, network: bytes = b"") -> None:
        """Keep an admitted connection."""
        self.admissions.accepted += 1
        connection.network = network
        self._connections[connection] = None
        self._by_network[network] += 1
        if self._timer is None:
            self._timer = self._clock.callLater(self.interval, self._sweep)

    def remove(self, connection: C) -> None:
        """Forget a connection, if it is here."""
        if connection not in self._connections:
            return
        del self._connections[connection]
        self._by_network[connection.network] -= 1
        if not self._by_network[connection.network]:
            del self._by_network[connection.network]
        if not self._connections and self._timer is not None:
            self._timer.cancel()
            self._timer = None

    # Deadlines ---------------------------------------------------------------------------------

    def _sweep(self) -> None:
        """Expire what is due, and come back for the next.

        One timer for all: a delayed call a connection, moved with every request, would cost each
        request more than a sweep a second costs them all.
        """
        self._timer = None
        now = self._clock.seconds()
        for connection in self:
            due = connection.due_at()
            if due is not None and due <= now:
                connection.expire()
        if self._connections:
            dues = (due for c in self._connections if (due := c.due_at()) is not None)
            wait = max(min(dues, default=math.inf) - now, FINEST)
            self._timer = self._clock.callLater(min(wait, self.interval), self._sweep)

    # The end -----------------------------------------------------------------------------------

    def close(self, force: bool) -> None:
        """Close every connection that lets itself be closed; see :meth:`Connection.close`."""
        self.closing = True
        for connection in self:
            connection.close(force)

    def abort(self) -> None:
        """Abort every connection."""
        for connection in self:
            connection.abort()


class ConnectionOwner:
    """Mixin for a factory that keeps its connections in ``tables``, the first of which counts those
    that come."""

    tables: tuple[ConnectionTable[Any], ...]

    @property
    def admissions(self) -> Admissions:
        """The connections that have come, by what became of them."""
        return self.tables[0].admissions

    def connections(self) -> int:
        """Return how many connections there are."""
        return sum(map(len, self.tables))

    def close_connections(self, force: bool) -> None:
        """Close all that let themselves be closed; see :meth:`Connection.close`."""
        for table in self.tables:
            table.close(force)

    def abort_connections(self) -> None:
        """Abort all."""
        for table in self.tables:
            table.abort()
