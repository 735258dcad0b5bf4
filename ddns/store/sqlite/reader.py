"""Read the SQLite database: rows to model objects. Readers and the writer share it."""

from __future__ import annotations

from typing import TypeVar

from zope.interface import implementer

from ddns.model import names
from ddns.model.account import Host, Key, ZoneInfo
from ddns.model.journal import Event, EventKind, Subject, zone_of_member
from ddns.model.records import NS, unpack_rdatas
from ddns.model.registration import Invitation, Member, Released
from ddns.model.request_log import RequestEntry
from ddns.store.interfaces import IReading, StoreError
from ddns.store.paging import Page, RequestPage
from ddns.store.results import SeenRequest
from ddns.store.sqlite.acme_dns_reader import AcmeDnsReader
from ddns.store.sqlite.history_reader import EVENT, HistoryReader
from ddns.store.sqlite.host_rows import HOST, LETTERS, make_host
from ddns.store.sqlite.key_rows import read_keys
from ddns.store.sqlite.notice_reader import NoticeReader
from ddns.store.sqlite.people_reader import PeopleReader
from ddns.store.sqlite.relays_reader import RelaysReader
from ddns.store.sqlite.request_rows import read_requests, read_requests_of
from ddns.store.sqlite.row_objects import make_event, make_zone
from ddns.store.sqlite.rrset_reader import RRsetReader

T = TypeVar("T")

_ZONE = (
    "select origin, serial, account, created, addresses, registration, secondaries, update_from,"
    " catalog"
    " from zone"
)
_INVITATION = (
    "select invitation.id, zone.origin, digest, uses, expires, invitation.created, by"
    " from invitation join zone on zone.id = invitation.zone"
)
_MEMBER = (
    "select zone.origin, member.account, member.since"
    " from member join zone on zone.id = member.zone"
)
ENTRY = (  # columns of a RequestEntry
    "at, via, peer, user, agent, asked, answer, reason, status, wait, cause, hosts, addresses,"
    " transport, version"
)


@implementer(IReading)
class Reader(PeopleReader, HistoryReader, RRsetReader, AcmeDnsReader, NoticeReader, RelaysReader):
    """One connection's view. The caller begins and ends the transaction around it."""

    def zone(self, origin: bytes) -> ZoneInfo | None:
        return self._one(make_zone, f"{_ZONE} where origin = ?", origin)

    def zone_of(self, name: bytes) -> ZoneInfo | None:
        for ancestor in names.ancestors(name):
            if (zone := self.zone(ancestor)) is not None:
                return zone
        return None

    def zones(self) -> list[ZoneInfo]:
        return [make_zone(*row) for row in self.execute(f"{_ZONE} order by origin")]

    def catalogs(self) -> list[ZoneInfo]:
        return [
            make_zone(*row) for row in self.execute(f"{_ZONE} where catalog = 1 order by origin")
        ]

    def key(self, number: int) -> Key | None:
        return next(iter(read_keys(self.execute, "id = ?", number)), None)

    def keys(self, account: str | None = None) -> list[Key]:
        return read_keys(self.execute, "account = coalesce(?, account)", account)

    def tsig_key(self, name: bytes) -> Key | None:
        return next(iter(read_keys(self.execute, "name = ?", name)), None)

    def any_sealed_secret(self) -> bytes | None:
        of_keys = "select sealed from key where sealed is not null"
        others = (f"select sealed from {table}" for table in ("totp", "notice_target", "relay"))
        return self._one(bytes, f"{' union all '.join((of_keys, *others))} limit 1")

    def host(self, name: bytes) -> Host | None:
        return self._one(make_host, f"{HOST} where host.name = ?", name)

    def hosts(
        self, account: str | None = None, zone: bytes | None = None, page: Page | None = None
    ) -> list[Host]:
        given: dict[str, object] = {"account": account, "zone": zone}
        wanted = {"account": "host.account = :account", "zone": "zone.origin = :zone"}
        order = f"{LETTERS}, host.name"
        if page is not None:
            given |= {"after": page.after, "most": page.limit}
            given |= {f"part{number}": part for number, part in enumerate(page.parts)}
            wanted["after"] = f"({LETTERS}, host.name) > (substr(:after, 2), :after)"
            wanted |= {name: f"instr(host.name, :{name})" for name in given if name[:4] == "part"}
            order += " limit :most"
        conditions = [wanted[name] for name in wanted if given[name] is not None]
        where = f" where {' and '.join(conditions)}" if conditions else ""
        rows = self.execute(f"{HOST}{where} order by {order}", given)
        return [make_host(*row) for row in rows]

    def followers(self, name: bytes) -> list[Host]:
        rows = self.execute(f"{HOST} where host.follows = ? order by host.name", (name,))
        return [make_host(*row) for row in rows]

    def is_anything_over(self, leases: float, hosts: float) -> tuple[bool, bool]:
        over = "exists (select 1 from lease where until <= ?)"
        expired = "exists (select 1 from host where expires <= ?)"
        found = self.execute(f"select {over}, {expired}", (leases, hosts)).fetchone()
        return bool(found[0]), bool(found[1])

    def count_leases(self) -> int:
        return int(self.execute("select count(*) from lease").fetchone()[0])

    def requests_of_host(
        self, name: bytes, most: int | None = None
    ) -> list[tuple[bool, RequestEntry]]:
        return read_requests_of(self.execute, ENTRY, "host", name, most)

    def requests_of_account(
        self, name: str, most: int | None = None
    ) -> list[tuple[bool, RequestEntry]]:
        return read_requests_of(self.execute, ENTRY, "account", name, most)

    def requests(self, page: RequestPage) -> list[SeenRequest]:
        return read_requests(self.execute, ENTRY, page)

    def count_hosts(self, account: str | None = None) -> int:
        of, given = ("", ()) if account is None else (" where account = ?", (account,))
        return int(self.execute(f"select count(*) from host{of}", given).fetchone()[0])

    def name_servers(self) -> frozenset[bytes]:
        rows = self.execute(
            "select rrset.rdatas from zone join rrset on rrset.zone = zone.id"
            " and rrset.owner = zone.origin and rrset.type = ? where zone.account is null",
            (NS,),
        )
        return frozenset(target for (packed,) in rows for target in unpack_rdatas(packed))

    def released(self, name: bytes) -> Released | None:
        return self._one(Released, "select name, account, at from released where name = ?", name)

    def released_by(self, account: str) -> list[Released]:
        of = "select name, account, at from released where account = ? order by name"
        return [Released(*row) for row in self.execute(of, (account,))]

    def count_released(self, account: str) -> int:
        return self._one(int, "select count(*) from released where account = ?", account) or 0

    def invitation(self, number: int) -> Invitation | None:
        return self._one(Invitation, f"{_INVITATION} where invitation.id = ?", number)

    def invitation_by_digest(self, digest: bytes) -> Invitation | None:
        return self._one(Invitation, f"{_INVITATION} where digest = ?", digest)

    def invitations(self, zone: bytes) -> list[Invitation]:
        rows = self.execute(f"{_INVITATION} where zone.origin = ? order by invitation.id", (zone,))
        return [Invitation(*row) for row in rows]

    def member(self, zone: bytes, account: str) -> Member | None:
        where = "where zone.origin = ? and member.account = ?"
        return self._one(Member, f"{_MEMBER} {where}", zone, account)

    def members(self, zone: bytes) -> list[Member]:
        of = f"{_MEMBER} where zone.origin = ? order by member.account"
        return [Member(*row) for row in self.execute(of, (zone,))]

    def zone_changes(self, origin: bytes, serial: int, limit: int) -> list[Event]:
        zone = known(self.zone(origin), f"zone {names.to_text(origin)}")
        if serial == zone.serial:
            return []
        # No index: it would cost every update, while this walk ends where the serial is found.
        row = self.execute(
            "select position from journal where zone = ? and serial = ?"
            " order by position desc limit 1",
            (origin, serial),
        ).fetchone()
        since = f"since serial {serial} of zone {names.to_text(origin)}"
        if row is None:
            raise StoreError(f"the journal does not have all {since}")
        rows = self.execute(
            f"{EVENT} where position > ? and zone = ? order by position limit ?",
            (row[0], origin, limit + 1),
        )
        events = [make_event(*row) for row in rows]
        if len(events) > limit:
            raise StoreError(f"there are more than {limit} events {since}")
        if any(event.breaks_zone for event in events):
            raise StoreError(f"the zone was replaced {since}")
        return events

    def with_value(self, event: Event) -> Event:
        value: Subject | None = None
        match event.kind:
            case EventKind.ACCOUNT:
                value = self.account(event.subject)
            case EventKind.KEY:
                value = self.key(int(event.subject))
            case EventKind.ZONE if event.zone is not None:
                value = self.zone(event.zone)
            case EventKind.HOST if event.owner is not None:
                value = self.host(event.owner)
            case EventKind.INVITATION:
                value = self.invitation(int(event.subject))
            case EventKind.MEMBER:
                value = self.member(zone_of_member(event), event.subject)
        return event._replace(value=value)


def known(found: T | None, what: str) -> T:
    """Return what was found.

    :raises StoreError: when nothing was; *what* says what it should have been.
    """
    if found is None:
        raise StoreError(f"there is no {what}")
    return found
