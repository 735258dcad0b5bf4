"""Plays a request of a transcript through a dialect and the decisions behind it, with records in a
dictionary in place of a store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from ddns.dialects.base import Dialect, Reply, Request
from ddns.model import names, records
from ddns.model.account import Grant, Host, ZoneInfo
from ddns.model.records import RRset
from ddns.model.update import Credentials, Outcome, Status, Update
from ddns.updater import _write

ORIGIN = names.from_text("example.net")
PEER = "192.0.2.77"
AGENT = "test/1.0"
LOGINS = {
    "right": Credentials("alice", "right"),
    "wrong": Credentials("alice", "wrong"),
    "none": None,
}


class Records:
    """What the decisions ask of a transaction: alice's hosts, bob's, and their records."""

    def __init__(self, hosts: Mapping[str, str], lines: Sequence[str]) -> None:
        self._hosts = {names.from_text(host): owner for host, owner in hosts.items()}
        self._rrsets: dict[tuple[bytes, int], RRset] = {}
        for line in lines:
            owner, ttl, kind, rdata = line.split(" ", 3)
            number = records.type_from_text(kind)
            key = names.from_text(owner), number
            there = self._rrsets.get(key)
            rdatas = there.rdatas if there else ()
            rdatas += (records.rdata_from_text(number, rdata),)
            self._rrsets[key] = RRset(*key, int(ttl), rdatas)

    def host(self, name: bytes) -> Host | None:
        owner = self._hosts.get(name)
        return None if owner is None else Host(name, ORIGIN, owner)

    def zone_of(self, name: bytes) -> ZoneInfo | None:
        return ZoneInfo(ORIGIN, 1) if names.is_subdomain(name, ORIGIN) else None

    def rrsets(self, zone: bytes, owner: bytes) -> list[RRset]:
        return [rrset for rrset in self._rrsets.values() if rrset.owner == owner]

    def put_rrset(self, zone: bytes, rrset: RRset) -> None:
        self._rrsets[rrset.owner, rrset.type] = rrset

    def lines(self) -> list[str]:
        return sorted(
            f"{names.to_text(rrset.owner)} {rrset.ttl} {records.type_to_text(rrset.type)}"
            f" {records.rdata_to_text(rrset.type, rdata)}"
            for rrset in self._rrsets.values()
            for rdata in rrset.rdatas
        )


def request_of(target: str, **given: Any) -> Request:
    """A request from the target of its request line."""
    split = urlsplit(target)
    args: dict[str, str] = {}
    for name, value in parse_qsl(split.query, keep_blank_values=True):
        args.setdefault(name, value)
    return Request(
        path=split.path.rstrip("/"),
        args=args,
        credentials=LOGINS[given.get("login", "right")],
        peer=given.get("peer", PEER),
        agent=given.get("agent", AGENT),
        now=0.0,
    )


def play(dialect: Dialect, request: Request, there: Records) -> Reply:
    """What the client reads."""
    parsed = dialect.parse(request)
    outcome = _perform(parsed, there) if isinstance(parsed, Update) else parsed
    return dialect.render(request, outcome)


def _perform(update: Update, there: Any) -> Outcome:
    """The pipeline's order, without what it waits for."""
    if update.credentials is None:
        return Outcome(Status.UNAUTHENTICATED)
    assert isinstance(update.credentials, Credentials)
    if update.credentials.secret != "right":
        return Outcome(Status.BADAUTH)
    user = update.credentials.user
    if update.refusal is not None:
        return Outcome(update.refusal, user=user)
    results, _ = _write(update.changes, Grant(user), update.at, there)
    return Outcome(results=results, user=user)
