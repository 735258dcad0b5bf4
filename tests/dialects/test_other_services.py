"""The protocols of other services: their transcripts, and what their helpers do."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ddns.dialects import DIALECTS
from ddns.dialects.base import Dialect, shown
from ddns.dialects.duckdns import DuckDNS
from ddns.dialects.he import HurricaneElectric
from ddns.dialects.parsing import MAX_TEXT, txt_rdata
from ddns.dialects.routing import match_path
from ddns.model import records
from ddns.model.update import Credentials, Update
from tests.dialects.playing import ASKED, KEYS, ROUTES, Records, cases, check, play, request_of

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


OTHERS = [dialect for dialect in DIALECTS if dialect.name not in OF_THEIR_OWN - {"gnudip"}]
NAMES = st.sampled_from(
    [
        *("domains", "token", "ip", "ipv6", "txt", "clear", "verbose", "hostname", "password"),
        *("myip", "username", "address", "host", "domain", "host_id", "myipv4", "myipv6", "zone"),
        *("myipv6:home.example.net", "ipv4", "ipv6prefix", "fqdn", "key", "dnsto", "login"),
        *("wildcard", "mx", "action", "praefix", "reqc", "salt", "pass", "user", "right"),
    ]
)
VALUES = st.one_of(
    st.text(max_size=12),
    st.sampled_from(
        [
            *(
                "",
                "right",
                "limited",
                "alice",
                "home.example.net",
                "home",
                "b.example.net,x",
                "*.x",
            ),
            *("198.51.100.7", "2001:db8::7", "2001:db8:1::/64", "auto", "-", "true", "ON", "2"),
            *("\udcff", "a\x00b", "bücher.example.net", "preserve", ",", "x" * 300),
        ]
    ),
)
DOCUMENTS = st.one_of(
    st.binary(max_size=20),
    st.recursive(
        st.none() | st.integers() | VALUES,
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["apikey", "domain", "update", "type", "name", "content"]), inner
            )
        ),
        max_leaves=8,
    ).map(lambda document: json.dumps(document).encode()),
)


@pytest.mark.parametrize("dialect", OTHERS, ids=lambda dialect: dialect.name)
@settings(max_examples=40, deadline=None)
@given(
    args=st.dictionaries(NAMES, VALUES, max_size=8),
    login=st.sampled_from(["none", "right", ":", "home.example.net:limited"]),
    peer=st.sampled_from(["192.0.2.77", "2001:db8::77"]),
    body=DOCUMENTS,
)
def test_whatever_is_asked_is_answered(
    dialect: Dialect, args: dict[str, str], login: str, peer: str, body: bytes
) -> None:
    keys = (*KEYS, {"user": "alice", "secret": "limited", "hosts": ["home.example.net"]})
    for path in dialect.paths:
        filled = re.sub(r"{\w+}", lambda found: args.get(found[0][1:-1]) or "x", path)
        plain = request_of("/", login=login, peer=peer)
        parameters = match_path(path, filled) or {}
        request = replace(plain, path=filled, args=args, body=body, parameters=parameters)
        there = Records(lines=["home.example.net 10 AAAA 2001:db8::1"])
        reply = play(dialect, request, there, keys)
        assert reply.status in (200, 400, 401, 403, 404)
        assert reply.body
        shown(request, dialect).encode("utf-8", "replace")
