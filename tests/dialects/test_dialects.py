"""What holds for every dialect, those to come included."""

from __future__ import annotations

import dataclasses
import itertools
import json
import xml.etree.ElementTree as ET
from typing import Any

import pytest

from ddns.dialects import DIALECTS
from ddns.dialects.addresses import own_address, set_address, split_list
from ddns.dialects.base import (
    LOGIN_FAILURES,
    Dialect,
    Headers,
    Reply,
    Request,
    shown,
)
from ddns.dialects.parsing import account_of, asked_domain, key_alone, update_of_one
from ddns.dialects.routing import Routes
from ddns.model.records import AAAA, A
from ddns.model.update import (
    RETRY_AFTER,
    SUCCESSES,
    TEMPORARY,
    Cause,
    Credentials,
    Outcome,
    Replace,
    Result,
    Status,
    Update,
    change_of,
)

ROUTES = Routes(DIALECTS)

WORDS_OF_CLIENTS = {
    "inadyn": ("ok", "good", "true", "updated", "success", "nochg"),
    "pfSense": ("nochg", "good"),
    "OPNsense, DuckDNS": ("ok",),
    "ddclient": ("good", "nochg", "updated", "success", "noerror", "nosetup"),
    "ez-ipupdate, noipy, dyndnsc": ("good", "nochg"),
    "ddns-updater": ("ok", "good", "nochg", "no_error", "updated", "no ip change"),
    "OpenWrt": ("ok", "good", "nochg", "updated", "unchanged", "success", "noerror"),
    "areg.php": ("okay",),
}
"""What clients take for a success where it stands in an answer, most of them in any case; what else
OpenWrt and ddns-updater look for is in ``tests/cases/programs``."""

SUCCESS_WORDS = {word for words in WORDS_OF_CLIENTS.values() for word in words}

TAKE_BASIC = {
    *("dyndns2", "securityspace", "minidns", "he", "desec", "dyndns1"),
    *("nsupdate.info", "easydns", "zoneedit", "changeip"),
}
"""The dialects that look for credentials in a Basic header."""

ALWAYS_200 = {
    *("minidns", "dondns", "duckdns", "namecheap", "dnsexit", "dnsexit2"),
    *("regfish", "gnudip", "checkip"),
}
"""Those with clients that stop for good at a 401, or that only read the answer."""

CHALLENGE = {
    *("dyndns2", "securityspace", "he", "desec", "dyndns1"),
    *("nsupdate.info", "easydns", "zoneedit", "ipv64", "changeip"),
}
"""Those with clients that send a Basic header when they are asked to."""

BASIC_PATHS = {"/u"}
"""Paths where the others do so as well."""

PATHS = [pytest.param(dialect, path, id=path) for dialect in DIALECTS for path in dialect.paths]
ERRORS = [status for status in Status if status not in SUCCESSES]


def request_to(path: str, **changed: Any) -> Request:
    request = Request(path, {}, Credentials("alice", "secret"), "192.0.2.77", "test/1.0", 0.0)
    return dataclasses.replace(request, **changed)


def refusals(status: Status) -> list[Outcome]:
    """The refusal of a whole request with this status; no success is one."""
    return [] if status in SUCCESSES else [Outcome(status)]


def test_names_and_paths() -> None:
    paths = [path for dialect in DIALECTS for path in dialect.paths if path != "/"]
    assert all(path.startswith("/") and not path.endswith("/") for path in paths)
    assert len({dialect.name for dialect in DIALECTS}) == len(DIALECTS)


@pytest.mark.parametrize(("dialect", "path"), PATHS)
def test_every_status_has_words(dialect: Dialect, path: str) -> None:
    for status in Status:
        assert_has_words(dialect, path, status)


def assert_has_words(dialect: Dialect, path: str, status: Status) -> None:
    change = change_of("home.example.net", ())
    for outcome in (
        *refusals(status),
        Outcome(results=(Result(change, status, ("192.0.2.1",)),), user="alice"),
        Outcome(results=(Result(change, status),) * 3, user="alice"),
    ):
        reply = dialect.render(request_to(path), outcome)
        assert reply.body.strip()
        assert 200 <= reply.status < 600
        assert reply.status != 429  # inadyn would exit, OpenWrt hammer
        assert reply.body.encode()
        later = status in TEMPORARY and dialect.name != "checkip"
        assert (reply.status == 503) == later
        assert reply.headers.get("Retry-After") == (str(RETRY_AFTER) if later else None)
        if dialect.name in ALWAYS_200:
            assert reply.status == (503 if later else 200)
        if outcome.refusal in LOGIN_FAILURES and dialect.name not in ALWAYS_200:
            challenges = dialect.name in CHALLENGE or path in BASIC_PATHS
            assert reply.status == (401 if challenges else 403)
        if reply.status == 401:
            assert reply.headers["WWW-Authenticate"].startswith('Basic realm="')


@pytest.mark.parametrize(("dialect", "path"), PATHS)
@pytest.mark.parametrize("refusal", [Status.BADAUTH, Status.DISABLED])
def test_no_client_is_told_the_cause(dialect: Dialect, path: str, refusal: Status) -> None:
    asked = request_to(path)
    told = {dialect.render(asked, Outcome(refusal, cause=cause)).body for cause in (None, *Cause)}
    assert len(told) == 1


SAID = [
    ("/nic/update", {"hostname": "a.b.c"}, "a.b.c", ""),
    ("/nic/update", {"hostname": "a.b.c,d", "myip": "10.0.0.1, x"}, "a.b.c,d", "10.0.0.1,x"),
    ("/nic/update", {"hostname": "a.b.c", "myipv6": "::1"}, "a.b.c", "AAAA=::1"),
    ("/nic/update", {"hostname": "a.b.c", "offline": "YES", "myip": "1.2.3.4"}, "a.b.c", "offline"),
    ("/nic/update", {"hostname": "a.b.c", "system": "x", "myip": "<ip>"}, "a.b.c", "<ip>"),
    ("/dns/dynamic.html", {"hostname": "a.b.c", "myip": "fe80::1"}, "a.b.c", "fe80::1"),
    ("/areg.php", {"opcode": "ADD", "host": "a.b.c", "ip": "0.0.0.0"}, "a.b.c", "0.0.0.0"),
    ("/areg.php", {"opcode": "?", "host": "a.b.c", "ip": " "}, "a.b.c", ""),
    ("/plain", {"host": "a.b.c", "ip": "%i", "user": "u", "apikey": "k"}, "a.b.c", "%i"),
    ("/update", {"domains": "a,b.c", "ip": "1.2.3.4", "ipv6": "::1"}, "a,b.c", "1.2.3.4,AAAA=::1"),
    ("/update", {"domains": "a", "ip": "1.2.3.4", "clear": "true"}, "a", "offline"),
    ("/update", {"hostname": "a.b,c.d", "myip": "x", "myipv6:c.d": "::1"}, "a.b,c.d", "x,AAAA=::1"),
    ("/update", {"host": "a", "domain": "b.c", "password": "k", "ip": "x"}, "a.b.c", "x"),
    ("/u/k", {"address": "1.2.3.4"}, "", "1.2.3.4"),
    ("/nic/update", {"hostname": "a.b", "password": "k", "myip": "::1"}, "a.b", "::1"),
    ("/nic/update", {"hostname": "a.b", "txt": "value"}, "a.b", ""),
    ("/nic/dyndns", {"host_id": "a.b", "action": "?", "myip": "x"}, "a.b", "x"),
    ("/nic/delete", {"hostname": "a.b", "myip": "::1"}, "a.b", "offline"),
    (
        "/api/update",
        {"zone": "a.b", "ipv4": "auto", "ipv6": "-", "ipv6prefix": "x"},
        "a.b",
        "PREFIX=x",
    ),
]


@pytest.mark.parametrize(("path", "args", "hosts", "addresses"), SAID)
def test_what_the_client_said_of_hosts_and_addresses(
    path: str, args: dict[str, str], hosts: str, addresses: str
) -> None:
    """It is told also where the request is refused."""
    request = request_to(path, args=args)
    route = ROUTES.find(path)
    dialect = route.dialect(request) if route else None
    assert dialect is not None
    update = dialect.parse(request)
    assert isinstance(update, Update)
    assert ",".join(change.host for change in update.changes) == hosts
    assert update.addresses == addresses


@pytest.mark.parametrize(("dialect", "path"), PATHS)
def test_a_host_that_is_to_be_tried_again(dialect: Dialect, path: str) -> None:
    """It is, after a 503, also where other hosts of the request were updated."""
    if dialect.name == "checkip":
        return
    change = change_of("home.example.net", ())
    for wait, seconds in ((0.0, str(RETRY_AFTER)), (0.2, "1"), (59.01, "60")):
        for status in TEMPORARY:
            results = (Result(change, Status.GOOD), Result(change, status, wait=wait))
            reply = dialect.render(request_to(path), Outcome(results=results, user="alice"))
            assert (reply.status, reply.headers["Retry-After"]) == (503, seconds)


@pytest.mark.parametrize(("dialect", "path"), PATHS)
@pytest.mark.parametrize("lang", ["es", "en"])
def test_no_error_reads_like_a_success(dialect: Dialect, path: str, lang: str) -> None:
    change = change_of("home.example.net", ())
    for status in ERRORS:
        for outcome in (Outcome(status), Outcome(results=(Result(change, status),))):
            reply = dialect.render(request_to(path, args={"lang": lang}), outcome)
            if reply.content_type.startswith(("application/", "text/xml")):
                continue  # field names are exempt
            body = reply.body.lower()
            assert not [word for word in SUCCESS_WORDS if word in body], (status, body)


@pytest.mark.parametrize(("dialect", "path"), PATHS)
def test_documents_are_well_formed(dialect: Dialect, path: str) -> None:
    change = change_of("home.example.net", ())
    for outcome in itertools.chain.from_iterable(
        (*refusals(status), Outcome(results=(Result(change, status),), user="alice"))
        for status in Status
    ):
        reply = dialect.render(request_to(path), outcome)
        if reply.content_type.startswith(("text/html", "text/xml", "application/xml")):
            ET.fromstring(reply.body)
        if reply.content_type.startswith("application/json"):
            json.loads(reply.body)


@pytest.mark.parametrize(("dialect", "path"), PATHS)
@pytest.mark.parametrize("credentials", [None, Credentials("", ""), Credentials("a", "\udcff")])
def test_a_request_without_anything_parses(
    dialect: Dialect, path: str, credentials: Credentials | None
) -> None:
    for agent, peer in itertools.product(("", "x"), ("192.0.2.77", "2001:db8::77")):
        request = request_to(path, credentials=credentials, agent=agent, peer=peer)
        parsed = dialect.parse(request)
        assert isinstance(parsed, Update | Outcome)
        if isinstance(parsed, Update):
            takes_basic = dialect.name in TAKE_BASIC or path in BASIC_PATHS
            assert parsed.credentials == (credentials if takes_basic else None)


@pytest.mark.parametrize("peer", ["192.0.2.77", "2001:db8::77"])
def test_pages_that_tell_the_clients_address(peer: str) -> None:
    bodies = {}
    for dialect in DIALECTS:
        for path in dialect.paths:
            request = request_to(path, peer=peer, credentials=None)
            parsed = dialect.parse(request)
            if isinstance(parsed, Outcome):
                bodies[path] = dialect.render(request, parsed).body
    assert bodies["/checkip"].strip() == (
        "<html><head><title>Current IP Check</title></head>"
        f"<body>Current IP Address: {peer}</body></html>"
    )
    assert bodies["/ip"].strip() == bodies["/myip"].strip() == peer


@pytest.mark.parametrize(("dialect", "path"), PATHS)
@pytest.mark.parametrize("agent", ["", "test/1.0", "ddclient/3.10.0"])
def test_strangers_change_nothing(dialect: Dialect, path: str, agent: str) -> None:
    """Whatever a dialect makes of a request without credentials, it leaves it to the pipeline to
    refuse it, and says nothing of the host or the address in it."""
    args = {"hostname": "home.example.net", "host": "home.example.net", "opcode": "ADD"}
    args |= {"myip": "198.51.100.7", "ip": "198.51.100.7"}
    request = request_to(path, args=args, credentials=None, agent=agent)
    parsed = dialect.parse(request)
    if isinstance(parsed, Update):
        assert parsed.credentials is None
        body = dialect.render(request, Outcome(Status.UNAUTHENTICATED)).body
        assert not [value for value in args.values() if value in body]


@pytest.mark.parametrize(
    ("text", "account"), [("", ""), ("alice", "alice"), ("alice dns", "alice+dns"), ("a+b", "a+b")]
)
def test_a_plus_that_was_not_escaped(text: str, account: str) -> None:
    assert account_of(text) == account


def test_a_key_without_a_user_name() -> None:
    assert key_alone("") is None
    assert key_alone("key") == Credentials("", "key", nameless=True)


@pytest.mark.parametrize(
    ("host", "domain"),
    [
        ("www.dyn.example.net", "dyn.example.net"),
        ("dyn.example.net:8245", "dyn.example.net"),
        ("DYN.example.net.", "dyn.example.net"),
        ("localhost", ""),
        ("www.localhost:80", ""),
        ("192.0.2.1:80", ""),
        ("[2001:db8::1]:80", ""),
        ("2001:db8::1", ""),
        ("", ""),
    ],
)
def test_the_domain_that_a_client_asks(host: str, domain: str) -> None:
    assert asked_domain(request_to("/", headers=Headers.of([("Host", host)]))) == domain


def test_the_address_in_a_parameter() -> None:
    def address_of(text: str, peer: str) -> Update:
        request = Request("/", {"host": "a.b", "ip": text}, None, peer, "", 0.0)
        return update_of_one(request, "test", None)

    (there,) = address_of("198.51.100.7", "::1").changes
    assert there.edits == (set_address(b"\xc6\x33\x64\x07"),)
    (own,) = address_of(" ", "192.0.2.1").changes
    assert own.edits == (set_address(own_address("192.0.2.1")),)
    assert own_address("192.0.2.1") == b"\xc0\x00\x02\x01"
    assert address_of("x", "192.0.2.1").refusal is Status.BADADDRESS
    assert set_address(bytes(16)) == Replace(AAAA, (bytes(16),))
    assert set_address(bytes(4)) == Replace(A, (bytes(4),))


def test_lists() -> None:
    assert split_list("a, b,,c,") == ["a", "b", "c"]
    assert split_list(" , ") == split_list("") == []


def test_a_change_of_what_is_no_host_name() -> None:
    assert change_of("-", ()).name is None
    assert change_of("Home.example.NET", ()).host == "Home.example.NET"
    assert not change_of("home.example.net", ()).activated
    assert change_of("home.example.net", (), activated=True).activated


# Requests --------------------------------------------------------------------------------------


class Odd:
    """A dialect of an embedder's, which knows nothing of logs."""

    name = "odd"
    paths = ("/u/{key}/{host}",)

    def parse(self, request: Request) -> Update | Outcome:
        return Outcome()

    def render(self, request: Request, outcome: Outcome) -> Reply:
        return Reply("")


def test_headers_by_name_in_any_case() -> None:
    headers = Headers.of([("X-Key", "a"), ("Accept", "*/*"), ("x-key", "b")])
    assert headers.get("X-KEY") == headers.get("x-key") == "a"
    assert headers.getlist("x-Key") == ["a", "b"]
    assert headers.get("host") == ""
    assert headers.getlist("host") == ()
    assert headers.get("host", "none") == "none"
    assert Request("/", {}, None, "", "", 0.0).headers.get("accept") == ""


def test_repeated_arguments() -> None:
    request = request_to("/", args={"a": "1", "b": "2"}, repeated={"a": ("1", "3")})
    assert [list(request.getlist(name)) for name in "abc"] == [["1", "3"], ["2"], []]


def test_a_log_shows_what_the_dialect_has_declared() -> None:
    args = {"hostname": "a.b", "myip": "::1", "password": "topsecret", "user": "x"}
    dyndns2 = next(dialect for dialect in DIALECTS if dialect.name == "dyndns2")
    request = request_to("/nic/update", args=args, repeated={"hostname": ("a.b", "c.d")})
    assert shown(request, dyndns2) == "/nic/update?hostname=a.b&hostname=c.d&myip=::1&…&…"
    request = request_to("/nic/update", args={"myipv6:a.b": "::1", "x:a.b": "y", "ip:a&b": "z"})
    assert shown(request, dyndns2) == "/nic/update?myipv6:a.b=::1&…&ip:a%26b=z"
    request = request_to("/u/topsecret/h", args=args, parameters={"key": "topsecret", "host": "h"})
    assert shown(request, Odd()) == "/u/…/…?…&…&…&…"

    class Declared(Odd):
        loggable = frozenset({"host", "hostname"})

    assert shown(request, Declared()) == "/u/…/h?hostname=a.b&…&…&…"


def test_names_of_a_list_are_read_when_they_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stranger's list of thousands costs no more than to split it."""
    read: list[str] = []

    def host_from_text(text: str) -> bytes:
        read.append(text)
        return b"\1x\0"

    monkeypatch.setattr("ddns.model.names.host_from_text", host_from_text)
    hosts = [f"h{number}.x" for number in range(1000)]
    for path in ("/nic/update", "/dns/dynamic.html"):
        dialect = next(one for one in DIALECTS if path in one.paths)
        update = dialect.parse(request_to(path, args={"hostname": ",".join(hosts)}))
        assert isinstance(update, Update)
        assert len(update.changes) == 1000
        assert read == []
        assert [change.host for change in update.changes[:2]] == hosts[:2]
        assert read == hosts[:2]
        assert [change.host for change in update.changes] == hosts
        read.clear()
