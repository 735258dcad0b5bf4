"""The protocols of other services: their transcripts, and what their helpers do."""

from __future__ import annotations

from typing import Any

import pytest

from ddns.dialects import DIALECTS
from ddns.dialects.base import Dialect, shown
from ddns.dialects.duckdns import DuckDNS
from ddns.dialects.he import HurricaneElectric
from ddns.dialects.parsing import MAX_TEXT, txt_rdata
from ddns.model import records
from ddns.model.update import Credentials, Update
from tests.dialects.playing import ASKED, ROUTES, Records, cases, check, play, request_of

OF_THEIR_OWN = {"dyndns2", "securityspace", "minidns", "dondns", "gnudip", "checkip"}
"""The dialects with a file of tests of their own."""

TRANSCRIPTS = [
    pytest.param(dialect, case.values[0], id=f"{dialect.name}, {case.id}")
    for dialect in DIALECTS
    if dialect.name not in OF_THEIR_OWN
    for case in cases(dialect.name)
]


@pytest.mark.parametrize(("dialect", "case"), TRANSCRIPTS)
def test_case(dialect: Dialect, case: dict[str, Any]) -> None:
    check(dialect, case)


@pytest.mark.parametrize("length", [0, 1, 255, 256, 600])
def test_a_long_text_is_several_strings(length: int) -> None:
    there = Records()
    target = f"/update?domains=home.example.net&token=right&txt={'x' * length}"
    assert play(DuckDNS(), request_of(target, login="none"), there).body == "OK"
    text = " ".join(f'"{"x" * min(255, length - start)}"' for start in range(0, length or 1, 255))
    assert f"home.example.net 10 TXT {text}" in there.lines()


def test_octets_of_a_text() -> None:
    assert txt_rdata("\u00e9\udcff") == b"\x03\xc3\xa9\xff"
    assert txt_rdata('a"b') == records.rdata_from_text(records.TXT, '"a\\"b"')


def test_a_text_that_is_too_long() -> None:
    text = "\u00e9" * (MAX_TEXT // 2)
    assert txt_rdata(text) is not None
    assert txt_rdata(text + "x") is None
    for dialect, target, reply in (
        (DuckDNS(), "/update?domains=home.example.net&token=right", "KO"),
        (HurricaneElectric(), "/nic/update?hostname=home.example.net&password=right", "dnserr\n"),
    ):
        there = Records()
        request = request_of(f"{target}&txt={text}x", login="none")
        assert play(dialect, request, there).body == reply
        assert there.lines() == []


@pytest.mark.parametrize(("dialect", "case"), TRANSCRIPTS)
def test_the_log_shows_no_secret(dialect: Dialect, case: dict[str, Any]) -> None:
    asked = {name: value for name, value in case.items() if name in ASKED}
    request = request_of(case["target"], **asked)
    update = dialect.parse(request)
    given = update.credentials if isinstance(update, Update) else None
    secrets = {given.secret} - {""} if isinstance(given, Credentials) else set()
    assert not [secret for secret in secrets if secret in shown(request, dialect)]


@pytest.mark.parametrize(
    ("target", "login", "headers", "claimed"),
    [
        ("/", "none", {}, None),
        ("/", "none", {"Accept": "text/html"}, None),
        ("/", "none", {"Authorization": "Bearer x"}, None),
        ("/?page=2", ":", {"Authorization": "Bearer x"}, None),
        ("/", "right", {"Accept": "text/html,*/*"}, None),  # a proxy wants it
        ("/", "right", {"Accept": "*/*"}, "desec"),
        ("/?hostname=x", "none", {"Accept": "text/html,*/*"}, "desec"),
        ("/?fqdn=x", "right", {}, "regfish"),
        ("/update", "none", {}, "desec"),
        ("/update?domain=x", "none", {}, "desec"),
        ("/nic/update?password=x", "right", {}, "dyndns2"),
        ("/nic/update?password=x", ":", {}, "he"),
        ("/nic/update?password=x&username=y", "none", {}, "dyndns2"),
        ("/nic/update?pass=x&user=y", "none", {}, "dyndns2"),
    ],
)
def test_who_claims_what(
    target: str, login: str, headers: dict[str, str], claimed: str | None
) -> None:
    request = request_of(target, login=login, headers=headers)
    route = ROUTES.find(request.path)
    dialect = route.dialect(request) if route else None
    assert (dialect.name if dialect else None) == claimed
