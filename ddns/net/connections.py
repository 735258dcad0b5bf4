"""The connections of one listener: admission, eviction, unsent answers, deadlines, and closing in
order.

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

UNSENT = 262_144
"""Octets of answers that all connections of a network together may leave unread. Beyond that they
are not read; the answers that were begun by then come on top."""

LIVELY = 1.0
"""Seconds that an honest client may take to say more after it connected or was answered."""

WIDER = ((7, 1.5), (6, 2.0))
"""Octets of the prefixes that IPv6 clients are counted by beside their /64, a /56 and a /48, since
many customers get one of those; and how many times as much these may have."""


class Connection(abc.ABC):
    """Mixin for a protocol that a table keeps; moments are the table's clock's."""

    transport: Any
    network = b""
    deadline: float | None = None
    """The moment at which it expires unless it moves this; None while its time is not limited."""
    unsent = 0
    """Octets of answers that wait until the client reads; see :meth:`ConnectionTable.hold`."""

    def due_at(self) -> float | None:
        """Return the deadline, for those that compute it only when asked."""
        return self.deadline

    @abc.abstractmethod
    def waits_since(self) -> float | None:
        """Return the moment since which the client has kept us waiting: until it asks, has asked
        for all it wants, or reads. None while it waits for us.

        Only a whole request and its answer may move it, not octets that complete nothing.
        """

    def go_on(self) -> None:  # noqa: B027  # for those who ask may_go_on()
        """Take what the client has sent already; see :meth:`ConnectionTable.may_go_on`."""

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
        self._unsent: Counter[bytes] = Counter()
        self._held_back: dict[C, None] = {}
        self._waking: IDelayedCall | None = None
        self._timer: IDelayedCall | None = None
        self.limit(total, per_network, interval)

    def limit(self, total: int, per_network: float, interval: float) -> None:
        """Set the limits for connections to come; those that are there stay."""
        self.wanted = self.total = total
        self.per_network = per_network
        self.interval = interval

    def fit(self, share: float) -> None:
        """Have a *share* of the connections that were asked for with :meth:`limit`."""
        self.total = max(1, int(self.wanted * share))

    def __len__(self) -> int:
        return len(self._connections)

    def __iter__(self) -> Iterator[C]:
        """Iterate over a snapshot, oldest first: whatever is done to them may remove them."""
        return iter(list(self._connections))

    def networks(self) -> int:
        """Return how many networks, wider ones included, have connections."""
        return len(self._by_network)

    # Admission ---------------------------------------------------------------------------------

    def admit(self, network: bytes = b"") -> bool:
        """Decide on a new connection and make room for it, or count it as refused.

        An empty *network* (a trusted proxy, a Unix socket) is limited by the total alone.
        """
        crowded = any(
            self._by_network[prefix] >= self.per_network * times
            for prefix, times in _prefixes(network)
        )
        if crowded or (len(self._connections) >= self.total and not self._evict()):
            self.admissions.refused += 1
            return False
        return True

    def _evict(self) -> bool:
        """Abort one connection in favour of a new one; return False if all keep their places.

        This is the eviction policy of every listener: whoever has kept us waiting for longest goes,
        whatever it did before, and whoever waits for us stays. Where all are lively, it is somebody
        of the network with most connections, or a few that never pause would keep others out.
        """
        since = {c: at for c in self._connections if (at := c.waits_since()) is not None}
        if not since:
            return False
        victim = min(since, key=since.__getitem__)
        if self._clock.seconds() - since[victim] < LIVELY:
            victim = min(since, key=lambda c: (-self._by_network[c.network], since[c]))
        self.remove(victim)  # now: the transport may report the loss a turn later
        victim.abort()
        self.admissions.displaced += 1
        return True

    def add(self, connection: C, network: bytes = b"") -> None:
        """Keep an admitted connection."""
        self.admissions.accepted += 1
        connection.network = network
        self._connections[connection] = None
        for prefix, _ in _prefixes(network):
            self._by_network[prefix] += 1
        if self._timer is None:
            self._timer = self._clock.callLater(self.interval, self._sweep)

    def remove(self, connection: C) -> None:
        """Forget a connection, if it is here."""
        if connection not in self._connections:
            return
        self.hold(connection, 0)
        del self._connections[connection]
        self._held_back.pop(connection, None)
        for prefix, _ in _prefixes(connection.network):
            _count(self._by_network, prefix, -1)
        if not self._connections and self._waking is not None:
            self._waking.cancel()
            self._waking = None
        if not self._connections and self._timer is not None:
            self._timer.cancel()
            self._timer = None

    # Unsent answers ----------------------------------------------------------------------------

    def hold(self, connection: C, octets: int) -> None:
        """Note how many *octets* of answers wait until a connection's client reads them."""
        more = octets - connection.unsent
        if more and connection in self._connections:
            connection.unsent = octets
            for prefix, _ in _prefixes(connection.network):
                _count(self._unsent, prefix, more)
            if more < 0 and self._held_back:
                self._wake_soon()

    def may_go_on(self, connection: C) -> bool:
        """Return whether a connection may take the next request; otherwise its
        :meth:`Connection.go_on` is called when it may try again."""
        if self._unsent and any(
            self._unsent[prefix] > UNSENT * times for prefix, times in _prefixes(connection.network)
        ):
            self._held_back[connection] = None
            return False
        return True

    def go_on_soon(self, connection: C) -> None:
        """Call :meth:`Connection.go_on` when others have had their turn."""
        self._held_back[connection] = None
        self._wake_soon()

    def _wake_soon(self) -> None:
        if self._waking is None:
            self._waking = self._clock.callLater(0, self._wake)

    def _wake(self) -> None:
        self._waking = None
        held_back, self._held_back = self._held_back, {}
        for connection in held_back:
            if connection in self._connections:  # those before it may have ended it
                connection.go_on()

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


def _prefixes(network: bytes) -> Iterator[tuple[bytes, float]]:
    """Iterate over the prefixes that a network counts for, with how many times as much as a single
    network they may have; none for the empty one, whose clients are not known."""
    if network:
        yield network, 1.0
        if len(network) > 4:
            for octets, times in WIDER:
                yield network[:octets], times


def _count(counter: Counter[bytes], prefix: bytes, more: int) -> None:
    counter[prefix] += more
    if not counter[prefix]:
        del counter[prefix]


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
