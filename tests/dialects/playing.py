"""Plays the requests of transcripts through a dialect and the decisions behind it, with records in
a dictionary in place of a store.

A transcript is a case of a file below ``tests/cases``. It has ``why``, ``target`` (of the request
line) and, where they differ from the usual,

- ``form`` (the body of a POST), ``body`` (another one), ``agent``, ``peer``, ``now``, ``headers``,
  ``secure`` (it came by TLS),
- ``login`` (right, wrong, none, or ``user:secret``) of the Basic header,
- ``keys`` (who has which, of which kind, enabled or not, limited to which hosts and types),
- ``hosts`` (whose they are), ``zones`` (likewise), ``lan`` (of hosts, what else they are, such as
  ``follows``), ``before`` (the records that are there),
- ``outcome`` (what the pipeline answers, whatever was asked).

It says the ``reply``'s lines, or the document that it is as ``json`` or ``xml``; its ``status`` if
that is not 200; the records ``after`` it, if they are not those of before.
"""

from __future__ import annotations

import json
import tomllib
import xml.etree.ElementTree as ET
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from ipaddress import IPv6Address, IPv6Network
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from ddns.dialects import DIALECTS
from ddns.dialects.base import Dialect, Headers, Reply, Request
from ddns.dialects.routing import Routes
from ddns.model import names, records
from ddns.model.account import Account, Grant, Host, Key, KeyKind, ZoneInfo, usual_rights
from ddns.model.records import RRset
from ddns.model.update import Credentials, Outcome, Status, Update
from ddns.policy import secrets
from ddns.policy.directory import Directory
from ddns.policy.short_names import in_full
from ddns.updates.updater import Attempt, _write

CASES = Path(__file__).parents[1] / "cases"
PEER = "192.0.2.77"
AGENT = "test/1.0"
LOGINS = {
    "right": Credentials("alice", "right"),
    "wrong": Credentials("alice", "wrong"),
    "none": None,
}
KEYS: Sequence[Mapping[str, Any]] = (
    {"user": "alice", "secret": "right"},
    {"user": "alice", "secret": "dondns", "kind": "dondns"},
)
HOSTS = {"home.example.net": "alice", "b.example.net": "alice", "bobs.example.net": "bob"}
ZONES = {"example.net": ""}
WITHOUT_END = {"duckdns"}
"""Dialects whose answers have no end of line, as those of their services."""
ROUTES = Routes(DIALECTS)
FORMS = {"reply", "json", "xml"}
ASKED = {"form", "body", "agent", "peer", "now", "login", "headers", "secure"}
THERE = {"keys", "hosts", "zones", "lan", "before", "outcome"}
KNOWN = {"why", "target", "status", "after"} | FORMS | ASKED | THERE


class Records:
    """What the decisions ask of a transaction: whose hosts and zones there are, their records."""

    def __init__(
        self,
        hosts: Mapping[str, str] = HOSTS,
        lines: Sequence[str] = (),
        zones: Mapping[str, str] = ZONES,
    ) -> None:
        self._zones = {names.from_text(origin): owner for origin, owner in zones.items()}
        self._hosts: dict[bytes, Host] = {}
        for text, account in hosts.items():
            zone = self.zone_of(name := names.from_text(text))
            if zone is not None:
                self.put_host(Host(name, zone.origin, account))
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
        return self._hosts.get(name)

    def put_host(self, host: Host) -> None:
        self._hosts[host.name] = host

    def join_lan(self, name: str, **lan: Any) -> None:
        """Have a host follow another one, or be told prefixes of."""
        parse = {
            "interface_id": IPv6Address,
            "follows": names.from_text,
            "prefixes": lambda texts: tuple(map(IPv6Network, texts)),
        }
        given = {key: parse.get(key, bool)(value) for key, value in lan.items()}
        self.put_host(replace(self._hosts[names.from_text(name)], **given))

    def followers(self, name: bytes) -> list[Host]:
        return [host for host in self._hosts.values() if host.follows == name]

    def put_host_prefixes(self, name: bytes, prefixes: tuple[IPv6Network, ...]) -> None:
        self.put_host(replace(self._hosts[name], prefixes=prefixes))

    def zone_of(self, name: bytes) -> ZoneInfo | None:
        return next(filter(None, map(self.zone, names.ancestors(name))), None)

    def zone(self, origin: bytes) -> ZoneInfo | None:
        owner = self._zones.get(origin)
        return None if owner is None else ZoneInfo(origin, 1, owner or None)

    def rrsets(self, zone: bytes, owner: bytes) -> list[RRset]:
        return [rrset for rrset in self._rrsets.values() if rrset.owner == owner and rrset.rdatas]

    def leases(self, zone: bytes, owner: bytes, number: int) -> dict[bytes, Any]:
        return {}

    def put_rrset(self, zone: bytes, rrset: RRset) -> None:
        self._rrsets[rrset.owner, rrset.type] = rrset

    def lines(self) -> list[str]:
        return sorted(
            f"{names.to_text(rrset.owner)} {rrset.ttl} {records.type_to_text(rrset.type)}"
            f" {records.rdata_to_text(rrset.type, rdata)}"
            for rrset in self._rrsets.values()
            for rdata in rrset.rdatas
        )


def cases(folder: str) -> list[Any]:
    """The transcripts of a dialect, as parameters of a test."""
    return [
        pytest.param(case, id=f"{path.stem}: {case['why']}")
        for path in sorted((CASES / folder).glob("*.toml"))
        for case in tomllib.loads(path.read_text())["case"]
    ]


def check(dialect: Dialect, case: Mapping[str, Any]) -> None:
    """Play a transcript; fails where the dialect does not do what it says."""
    assert case.keys() <= KNOWN
    there = Records(case.get("hosts", HOSTS), case.get("before", ()), case.get("zones", ZONES))
    for name, lan in case.get("lan", {}).items():
        there.join_lan(name, **lan)
    before = there.lines()
    request = request_of(case["target"], **{key: case[key] for key in ASKED & case.keys()})
    outcome = Outcome(Status[case["outcome"]]) if "outcome" in case else None
    reply = play(dialect, request, there, case.get("keys", KEYS), outcome)
    (form,) = FORMS & case.keys()
    if form == "json":
        assert reply.content_type == "application/json"
        assert json.loads(reply.body) == json.loads(case["json"])
    elif form == "xml":
        assert reply.content_type == "application/xml; charset=utf-8"
        assert canonical(reply.body) == canonical(case["xml"])
    else:
        assert reply.content_type == "text/plain; charset=utf-8"
        assert reply.body.splitlines() == case["reply"]
    assert reply.body.endswith("\n") or dialect.name in WITHOUT_END
    assert reply.status == case.get("status", 200)
    assert there.lines() == sorted(case.get("after", before))
    assert ("WWW-Authenticate" in reply.headers) == (reply.status == 401)


def canonical(document: str) -> str:
    """The same text for XML documents that say the same."""
    return ET.canonicalize(document, strip_text=True)


def request_of(target: str, **given: Any) -> Request:
    """A request from the target of its request line and the rest that a transcript says."""
    split = urlsplit(target)
    path = split.path.rstrip("/") or "/"
    route = ROUTES.find(path)
    args: dict[str, str] = {}
    for text in (given.get("form", ""), split.query):
        for name, value in parse_qsl(text, keep_blank_values=True, errors="surrogateescape"):
            args.setdefault(name, value)
    login = given.get("login", "right")
    user, colon, secret = login.partition(":")
    return Request(
        path=path,
        args=args,
        credentials=Credentials(user, secret) if colon else LOGINS[login],
        peer=given.get("peer", PEER),
        agent=given.get("agent", AGENT),
        now=given.get("now", datetime.fromtimestamp(0, UTC)).timestamp(),
        body=given.get("body", "").encode(),
        headers=Headers.of(given.get("headers", {}).items()),
        parameters=route.parameters if route else {},
        secure=given.get("secure", False),
    )


def play(
    dialect: Dialect,
    request: Request,
    there: Records,
    keys: Sequence[Mapping[str, Any]] = KEYS,
    outcome: Outcome | None = None,
) -> Reply:
    """What the client reads; an *outcome* that is given takes the place of the pipeline's."""
    parsed = dialect.parse(request)
    if outcome is None:
        outcome = perform(parsed, there, keys) if isinstance(parsed, Update) else parsed
    return dialect.render(request, outcome)


def perform(update: Update, there: Any, keys: Sequence[Mapping[str, Any]] = KEYS) -> Outcome:
    """The pipeline's order, without what it waits for."""
    if update.credentials is None:
        return Outcome(Status.UNAUTHENTICATED)
    directory = _directory(keys)
    grant: Grant | Status
    if isinstance(update.credentials, Credentials):
        update = in_full(update, directory.key(update.credentials.secret))
        grant = directory.by_key(update.credentials) or Status.BADAUTH
    else:
        grant = directory.by_response(update.credentials)
    if not isinstance(grant, Grant):
        return Outcome(grant)
    if update.refusal is not None:
        return Outcome(update.refusal, user=grant.account)
    results, _ = _write(list(map(Attempt, update.changes)), grant, update.at, there)
    return Outcome(results=results, user=grant.account)


def _sent(key: Mapping[str, Any]) -> str:
    """What a client sends of a key."""
    if key.get("kind") == "freedns":
        return secrets.freedns_login(key["user"], key["secret"])
    return str(key["secret"])


def _directory(keys: Sequence[Mapping[str, Any]]) -> Directory:
    directory = Directory(bytes(32), lambda sealed, account: sealed.decode())
    for number, key in enumerate(keys):
        types = frozenset(map(records.type_from_text, key["types"])) if "types" in key else None
        sealed = secrets.responder(key["secret"]).encode()
        hosts = frozenset(map(names.from_text, key["hosts"])) if "hosts" in key else None
        directory.put_account(Account(key["user"]))
        directory.put_key(
            Key(
                id=number,
                account=key["user"],
                kind=KeyKind(key.get("kind", "update")),
                digest=secrets.digest_key(_sent(key)),
                hosts=hosts,
                enabled=key.get("enabled", True),
                rights=usual_rights(KeyKind(key.get("kind", "update"))),
                types=types,
                sealed=sealed if key.get("kind") == "miniupdate" else None,
            )
        )
    return directory
