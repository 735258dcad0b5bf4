"""A store as a test drives it: every Deferred waited for, every commit's events kept."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from twisted.internet.defer import Deferred, DeferredList
from twisted.logger import formatEvent, globalLogPublisher
from twisted.python.failure import Failure

from ddns.model import names
from ddns.model.account import Account, Host, Key, KeyKind, ZoneInfo
from ddns.model.journal import Author, Event
from ddns.model.records import SOA, RRset, pack_rdatas, soa_with_serial
from ddns.model.rows import Row
from ddns.store.interfaces import IReading, IStore, ITransaction
from ddns.store.results import Committed
from ddns.store.scanning import Scanned
from tests.net.reactors import RunningReactor

T = TypeVar("T")
Work = Callable[[ITransaction], Any]

AUTHOR = Author("operator", "test", 1000.5)
ORIGIN = names.from_text("example.net")
HOME = names.from_text("home.example.net")
NS = names.from_text("ns1.example.net")
SOA_RDATA = NS + NS + b"".join(n.to_bytes(4, "big") for n in (0, 3600, 600, 86400, 10))


class Blocking:
    """*store* is open when this begins, and *running* its reactor."""

    def __init__(self, store: IStore, running: RunningReactor) -> None:
        self.store = store
        self.running = running
        self.commits: list[Sequence[Event]] = []
        running.call(store.subscribe, self.commits.append)

    def commit(self, work: Callable[[ITransaction], T], author: Author = AUTHOR) -> Committed[T]:
        return self.running.call(self.store.transact, author, work)

    def at_once(self, *works: Work) -> list[Any]:
        """Bring works to the store in one turn of the reactor; their results or exceptions."""

        def begin() -> Deferred[Any]:
            return DeferredList(
                [self.store.transact(AUTHOR, work) for work in works], consumeErrors=True
            )

        return [
            result.value if isinstance(result, Failure) else result
            for _, result in self.running.call(begin)
        ]

    def read(self, work: Callable[[IReading], T]) -> T:
        return self.running.call(self.store.read, work)

    def since(self, position: int, limit: int = 1000) -> list[Event]:
        return self.running.call(self.store.changes_since, position, limit)

    @property
    def events(self) -> list[Event]:
        return [event for commit in self.commits for event in commit]

    def serial(self, origin: bytes = ORIGIN) -> int:
        zone = self.read(lambda reading: reading.zone(origin))
        assert zone is not None
        return zone.serial

    def rows(self, origin: bytes = ORIGIN) -> list[Row]:
        scan = self.store.scan([origin])
        found: list[Row] = []
        try:
            while scanned := self.running.call(scan.next):
                found += rows_of(scanned)
        finally:
            self.running.call(scan.close)
        return found

    def close(self) -> None:
        self.running.call(self.store.close)


def rows_of(scanned: Iterable[Scanned]) -> list[Row]:
    return [row for part in scanned for row in part.rows]


def rrset(owner: bytes, number: int, *rdatas: bytes, ttl: int = 10) -> RRset:
    return RRset(owner, number, ttl, rdatas)


def address(owner: bytes = HOME, last: int = 1, ttl: int = 10) -> RRset:
    return rrset(owner, 1, bytes((192, 0, 2, last)), ttl=ttl)


def put(what: RRset, zone: bytes = ORIGIN) -> Work:
    return lambda transaction: transaction.put_rrset(zone, what)


def fill(transaction: ITransaction) -> None:
    """A zone, two accounts, and a host of alice's."""
    transaction.put_account(Account("alice", "hash", 1.0))
    transaction.put_account(Account("bob", None, 2.0))
    transaction.put_zone(ZoneInfo(ORIGIN, 7, None, 3.0))
    transaction.put_rrset(ORIGIN, rrset(ORIGIN, SOA, SOA_RDATA))
    transaction.put_host(Host(HOME, ORIGIN, "alice", 60, 4.0))


def key(account: str, secret: bytes, *hosts: bytes) -> Key:
    return Key(0, account, KeyKind.UPDATE, secret * 32, frozenset(hosts) if hosts else None, 5.0)


def row(owner: bytes, number: int, *rdatas: bytes, ttl: int = 10) -> Row:
    return owner, number, ttl, pack_rdatas(rdatas)


def soa_row(serial: int = 0) -> Row:
    return row(ORIGIN, SOA, soa_with_serial(SOA_RDATA, serial))


@contextmanager
def opened(store: IStore, running: RunningReactor) -> Iterator[Blocking]:
    """Open the store, and close it after all."""
    running.call(store.open)
    blocking = Blocking(store, running)
    try:
        yield blocking
    finally:
        blocking.close()


@contextmanager
def logged() -> Iterator[list[str]]:
    """The lines of the log, of the whole process."""
    lines: list[str] = []

    def observe(event: dict[str, Any]) -> None:
        lines.append(formatEvent(event))

    globalLogPublisher.addObserver(observe)
    yield lines
    globalLogPublisher.removeObserver(observe)
