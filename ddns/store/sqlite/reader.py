"""Reading the SQLite database: rows to model objects. Used by readers and by the writer alike."""

from __future__ import annotations

import sqlite3
from typing import Any

from zope.interface import implementer

from ddns.model import names
from ddns.model.account import (
    Account,
    Addresses,
    Block,
    Host,
    Key,
    KeyKind,
    PendingToken,
    Purpose,
    Registration,
    ZoneInfo,
)
from ddns.model.journal import Author, Event, EventKind
from ddns.model.records import AAAA, NS, A, RRset, unpack_rdatas
from ddns.model.registration import Invitation, Member, Released
from ddns.model.request_log import RequestEntry
from ddns.store.interfaces import IReading, StoreError
from ddns.store.sqlite.request_log import read_requests

_ACCOUNT = (
    "select name, password, created, block_reason, block_since, block_until, host_limit, email"
    " from account"
)
_ZONE = "select origin, serial, account, created, addresses, registration from zone"
_HOST = (
    "select host.name, zone.origin, host.account, host.ttl, host.created, host.dormant"
    " from host join zone on zone.id = host.zone"
)
_KEY = "select id, account, kind, digest, limited, created, sealed, enabled from key"
_INVITATION = (
    "select invitation.id, zone.origin, digest, uses, expires, invitation.created, by"
    " from invitation join zone on zone.id = invitation.zone"
)
_MEMBER = (
    "select zone.origin, member.account, member.since"
    " from member join zone on zone.id = member.zone"
)
_EVENT = (
    "select position, who, via, at, kind, subject, zone, serial, owner, type, before, after"
    " from journal"
)


@implementer(IReading)
class Reader:
    """One connection's view. The caller decides on the transaction around it."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._execute = connection.execute

    def zone(self, origin: bytes) -> ZoneInfo | None:
        row = self._execute(f"{_ZONE} where origin = ?", (origin,)).fetchone()
        return None if row is None else _zone(*row)

    def zone_of(self, name: bytes) -> ZoneInfo | None:
        for ancestor in names.ancestors(name):
            if (zone := self.zone(ancestor)) is not None:
                return zone
        return None

    def zones(self) -> list[ZoneInfo]:
        return [_zone(*row) for row in self._execute(f"{_ZONE} order by origin")]

    def account(self, name: str) -> Account | None:
        row = self._execute(f"{_ACCOUNT} where name = ?", (name,)).fetchone()
        return None if row is None else _account(*row)

    def account_by_email(self, email: str) -> Account | None:
        found = self._execute(f"{_ACCOUNT} where email = ? collate nocase", (email,))
        row = found.fetchone()
        return None if row is None else _account(*row)

    def accounts(self) -> list[Account]:
        return [_account(*row) for row in self._execute(f"{_ACCOUNT} order by name")]

    def pending(self, digest: bytes) -> PendingToken | None:
        row = self._execute(
            "select digest, purpose, account, expires, email, password from pending"
            " where digest = ?",
            (digest,),
        ).fetchone()
        return None if row is None else PendingToken(row[0], Purpose(row[1]), *row[2:])

    def count_pending_tokens(self) -> int:
        (count,) = self._execute("select count(*) from pending").fetchone()
        return int(count)

    def _key(self, row: tuple[Any, ...]) -> Key:
        number, account, kind, digest, limited, created, sealed, enabled = row
        hosts = None
        if limited:
            found = self._execute("select name from key_host where key = ?", (number,))
            hosts = frozenset(name for (name,) in found)
        return Key(number, account, KeyKind(kind), digest, hosts, created, sealed, bool(enabled))

    def key(self, number: int) -> Key | None:
        row = self._execute(f"{_KEY} where id = ?", (number,)).fetchone()
        return None if row is None else self._key(row)

    def keys(self, account: str | None = None) -> list[Key]:
        rows = self._execute(
            f"{_KEY} where account = coalesce(?, account) order by id", (account,)
        ).fetchall()
        return [self._key(row) for row in rows]

    def something_sealed(self) -> bytes | None:
        found = self._execute("select sealed from key where sealed is not null limit 1")
        row = found.fetchone()
        return None if row is None else bytes(row[0])

    def host(self, name: bytes) -> Host | None:
        row = self._execute(f"{_HOST} where host.name = ?", (name,)).fetchone()
        return None if row is None else make_host(*row)

    def hosts(self, account: str | None = None, zone: bytes | None = None) -> list[Host]:
        wanted = {"host.account = ?": account, "zone.origin = ?": zone}
        given = {condition: value for condition, value in wanted.items() if value is not None}
        where = f" where {' and '.join(given)}" if given else ""
        rows = self._execute(f"{_HOST}{where} order by host.name", tuple(given.values()))
        return [make_host(*row) for row in rows]

    def requests_of_host(self, name: bytes) -> list[tuple[bool, RequestEntry]]:
        return read_requests(self._execute, "host", name)

    def requests_of_account(self, name: str) -> list[tuple[bool, RequestEntry]]:
        return read_requests(self._execute, "account", name)

    def count_hosts(self, account: str | None = None) -> int:
        of, given = ("", ()) if account is None else (" where account = ?", (account,))
        (count,) = self._execute(f"select count(*) from host{of}", given).fetchone()
        return int(count)

    def rrset(self, zone: bytes, owner: bytes, number: int) -> RRset | None:
        row = self._execute(
            "select ttl, rdatas from rrset where owner = ? and type = ?"
            " and zone = (select id from zone where origin = ?)",
            (owner, number, zone),
        ).fetchone()
        return None if row is None else RRset(owner, number, row[0], unpack_rdatas(row[1]))

    def rrsets(self, zone: bytes, owner: bytes) -> list[RRset]:
        rows = self._execute(
            "select type, ttl, rdatas from rrset where owner = ?"
            " and zone = (select id from zone where origin = ?) order by type",
            (owner, zone),
        )
        return [RRset(owner, number, ttl, unpack_rdatas(packed)) for number, ttl, packed in rows]

    def name_servers(self) -> frozenset[bytes]:
        rows = self._execute(
            "select rrset.rdatas from zone join rrset on rrset.zone = zone.id"
            " and rrset.owner = zone.origin and rrset.type = ? where zone.account is null",
            (NS,),
        )
        return frozenset(target for (packed,) in rows for target in unpack_rdatas(packed))

    def released(self, name: bytes) -> Released | None:
        row = self._execute(
            "select name, account, at from released where name = ?", (name,)
        ).fetchone()
        return None if row is None else Released(*row)

    def count_released(self, account: str) -> int:
        row = self._execute(
            "select count(*) from released where account = ?", (account,)
        ).fetchone()
        return int(row[0])

    def invitation(self, number: int) -> Invitation | None:
        row = self._execute(f"{_INVITATION} where invitation.id = ?", (number,)).fetchone()
        return None if row is None else Invitation(*row)

    def invitation_by_digest(self, digest: bytes) -> Invitation | None:
        row = self._execute(f"{_INVITATION} where digest = ?", (digest,)).fetchone()
        return None if row is None else Invitation(*row)

    def invitations(self, zone: bytes) -> list[Invitation]:
        rows = self._execute(f"{_INVITATION} where zone.origin = ? order by invitation.id", (zone,))
        return [Invitation(*row) for row in rows]

    def member(self, zone: bytes, account: str) -> Member | None:
        row = self._execute(
            f"{_MEMBER} where zone.origin = ? and member.account = ?", (zone, account)
        ).fetchone()
        return None if row is None else Member(*row)

    def members(self, zone: bytes) -> list[Member]:
        rows = self._execute(f"{_MEMBER} where zone.origin = ? order by member.account", (zone,))
        return [Member(*row) for row in rows]

    def history(self, host: Host, limit: int) -> list[Event]:
        """What stands in the journal itself; what is not in it yet is not found."""
        (since,) = self._execute(
            "select max(position) from journal where kind = 'host' and owner = ?"
            " and after is not null and json_extract(cast(before as text), '$.account')"
            " is not json_extract(cast(after as text), '$.account')",
            (host.name,),
        ).fetchone()
        rows = self._execute(
            f"{_EVENT} where position >= ? and owner in (?, ?, ?)"
            " and (kind = 'host' or kind = 'rrset' and zone = ?) order by position desc limit ?",
            (since or 0, *names.with_below(host.name), host.zone, limit),
        ).fetchall()
        events = [_event(row) for row in rows]
        return [
            event._replace(before=None) if event.position == since else event for event in events
        ]

    def changes_since(self, position: int, limit: int) -> list[Event]:
        """See :meth:`ddns.store.interfaces.IStore.changes_since`."""
        oldest = self._execute("select min(position) from journal").fetchone()[0]
        if oldest is not None and position + 1 < oldest:
            raise StoreError(f"the journal begins at position {oldest}")
        rows = self._execute(
            f"{_EVENT} where position > ? order by position limit ?", (position, limit)
        )
        return [_event(row) for row in rows]


def _event(row: tuple[Any, ...]) -> Event:
    return Event(row[0], Author(*row[1:4]), EventKind(row[4]), *row[5:])


def _account(
    name: str,
    password: str | None,
    created: float,
    reason: str | None,
    since: float,
    until: float | None,
    host_limit: int | None,
    email: str | None,
) -> Account:
    block = None if reason is None else Block(reason, since, until)
    return Account(name, password, created, block, host_limit, email)


def _zone(
    origin: bytes,
    serial: int,
    account: str | None,
    created: float,
    addresses: str,
    registration: str,
) -> ZoneInfo:
    return ZoneInfo(
        origin, serial, account, created, Addresses(addresses), Registration(registration)
    )


def make_host(
    name: bytes, zone: bytes, account: str, ttl: int, created: float, dormant: int
) -> Host:
    """A host from its row and its zone's origin."""
    return Host(name, zone, account, ttl, created, _DORMANT[dormant])


_DORMANT = (frozenset[int](), frozenset({A}), frozenset({AAAA}), frozenset({A, AAAA}))


def dormant_bits(types: frozenset[int]) -> int:
    """How the types of a host's dormant addresses are stored."""
    return _DORMANT.index(types)
