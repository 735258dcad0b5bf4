"""Which dialect a request is for: every transcript is claimed by the dialect that it is of."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest

from ddns.dialects import DIALECTS
from ddns.dialects.base import Dialect, Reply, Request
from ddns.dialects.routing import SERVICES, Routes, match_path
from ddns.model.update import Outcome, Update
from tests.dialects.playing import ASKED, CASES, cases, request_of

ROUTES = Routes(DIALECTS)
TAKES_WHAT_IS_LEFT = {"desec"}
"""The dialects that claim what others claim as well, and are asked last."""


def test_a_transcript_is_claimed_by_its_dialect() -> None:
    for dialect in DIALECTS:
        for case in cases(dialect.name):
            assert_is_claimed(dialect.name, case.values[0])


def assert_is_claimed(name: str, case: dict[str, Any]) -> None:
    request = request_of(case["target"], **{key: case[key] for key in ASKED & case.keys()})
    route = ROUTES.find(request.path)
    assert route is not None
    dialect = route.dialect(request)
    assert dialect is not None
    assert dialect.name == name
    claiming = {one.name for one, claims in route.candidates if claims and claims(request)}
    assert claiming - {name} <= TAKES_WHAT_IS_LEFT


def test_every_dialect_has_transcripts() -> None:
    folders = {
        path.parent.name
        for path in CASES.glob("*/*.toml")
        if any("target" in case for case in tomllib.loads(path.read_text()).get("case", ()))
    }
    assert {dialect.name for dialect in DIALECTS} - {"checkip"} == folders


class One:
    """Takes whatever comes to its paths, or only what names it."""

    def __init__(self, name: str, *paths: str) -> None:
        self.name = name
        self.paths = paths

    def parse(self, request: Request) -> Update | Outcome:
        return Outcome()

    def render(self, request: Request, outcome: Outcome) -> Reply:
        return Reply("")


class Claiming(One):
    """It takes only what names it."""

    def claims(self, request: Request) -> bool:
        return self.name in request.args


def answering(dialects: tuple[Dialect, ...], path: str, *args: str) -> str | None:
    request = Request(path, dict.fromkeys(args, ""), None, "192.0.2.77", "", 0.0)
    route = Routes(dialects).find(path)
    found = route.dialect(request) if route else None
    return found.name if found else None


CLAIMED = [
    ("/nic/update?hostname=h&txt=x", "he"),
    ("/nic/update?hostname=h&password=x", "he"),
    ("/nic/update?domain=h&key=k", "ipv64"),
    ("/nic/update?hostname=h&myip=", "dyndns2"),
    ("/update?domains=h&token=k", "duckdns"),
    ("/update?domain=h&password=k", "namecheap"),
    ("/update?domain=h&token=k", "freemyip"),
    ("/update?hostname=h", "desec"),
    ("/?fqdn=h&token=k", "regfish"),
    ("/?hostname=h", "desec"),
]
"""Requests, and who claims them where the Host header says nothing."""


@pytest.mark.parametrize(("target", "claimed"), CLAIMED)
def test_the_name_of_a_service_says_more_than_what_is_asked(target: str, claimed: str) -> None:
    for host, wanted in SERVICES.items():
        assert_says_more(target, claimed, host, wanted)


def assert_says_more(target: str, claimed: str, host: str, wanted: str) -> None:
    for name in (host, f"{host}:80", f"{host.upper()}.", f" {host}.:8443"):
        request = request_of(target, login="none", headers={"Host": name})
        route = ROUTES.find(request.path)
        assert route is not None
        dialect = route.dialect(request)
        there = {one.name for one, _ in route.candidates}
        assert dialect is not None
        assert dialect.name == (wanted if wanted in there else claimed)


@pytest.mark.parametrize(
    "host", ["ddns.example.org", "", "[::1]:80", "x.www.duckdns.org", "\udcff"]
)
@pytest.mark.parametrize(("target", "claimed"), CLAIMED)
def test_other_names_say_nothing(target: str, claimed: str, host: str) -> None:
    request = request_of(target, login="none", headers={"Host": host})
    route = ROUTES.find(request.path)
    dialect = route.dialect(request) if route else None
    assert dialect is not None
    assert dialect.name == claimed


def test_services_are_known_where_paths_are_shared() -> None:
    shared = {
        one.name
        for path in ("/", "/update", "/nic/update")
        if (route := ROUTES.find(path))
        for one, _ in route.candidates
    }
    assert set(SERVICES.values()) == shared


def test_the_last_one_that_claims_a_request() -> None:
    shared = (One("any", "/u"), Claiming("a", "/u", "/a"), Claiming("b", "/u"))
    assert answering(shared, "/u") == "any"
    assert answering(shared, "/u", "a") == "a"
    assert answering(shared, "/u", "a", "b") == "b"
    assert answering(shared, "/a", "a") == "a"
    assert answering(shared, "/a") is None
    assert answering(shared, "/other", "a") is None


def test_one_that_claims_nothing_takes_all() -> None:
    """So a dialect of an embedder's, which comes last, may replace one of ours."""
    dialects = (Claiming("a", "/u"), One("mine", "/u"))
    assert answering(dialects, "/u", "a") == "mine"
    route = Routes(dialects).find("/u")
    assert route is not None
    assert len(route.candidates) == 1, "nobody else is asked"


def test_a_path_without_parameters_comes_first() -> None:
    dialects = (One("exact", "/u/mine"), One("first", "/u/{key}"), One("last", "/u/{any}"))
    assert answering(dialects, "/u/mine") == "exact"
    assert answering(dialects, "/u/other") == "last"
    route = Routes(dialects).find("/u/other")
    assert route is not None
    assert route.parameters == {"any": "other"}


@pytest.mark.parametrize(
    ("pattern", "path", "expected"),
    [
        ("/u/{key}", "/u/k", {"key": "k"}),
        ("/{a}/x/{b}", "/1/x/2", {"a": "1", "b": "2"}),
        ("/u/{key}", "/u/", None),
        ("/u/{key}", "/u", None),
        ("/u/{key}", "/v/k", None),
        ("/u/{key}", "/u/k/more", None),
        ("/{key}/{key}", "/k/k", {"key": "k"}),
        ("/{key}/{key}", "/k/l", None),
    ],
)
def test_parameters_of_a_path(pattern: str, path: str, expected: dict[str, str] | None) -> None:
    assert match_path(pattern, path) == expected
