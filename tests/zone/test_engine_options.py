"""What a zone tells of itself in options: when it expires, and its version."""

from __future__ import annotations

import dns.edns
import dns.message
import pytest

from ddns.zone.engine import Engine
from ddns.zone.zone import Zones
from tests.zone.building import read, zone_of
from tests.zone.limiting import CLIENT, HERE, cookies

EXPIRE, ZONEVERSION = 9, 19
SERIAL = 77
ZONES = Zones(
    [
        zone_of(
            "example.net.",
            f"@ SOA ns h {SERIAL} 3600 600 1209600 30\n@ NS ns\nns A 192.0.2.1\nalias CNAME ns\n"
            "cut NS ns.cut\nns.cut A 192.0.2.2\nbig TXT "
            + " ".join(f'"{"x" * 255}"' for _ in "1234"),
        )
    ]
)
VERSION = b"\2\0" + SERIAL.to_bytes(4, "big")
EXPIRES = (1209600).to_bytes(4, "big")


def told(
    name: str, kind: str, *codes: int, data: bytes = b"", tcp: bool = True, payload: int = 1232
) -> dict[int, bytes]:
    options: list[dns.edns.Option] = [
        dns.edns.GenericOption(dns.edns.OptionType(code), data) for code in codes
    ]
    asked = dns.message.make_query(name, kind, use_edns=0, payload=payload, options=options)
    reply = Engine(ZONES, cookies=cookies()).respond(asked.to_wire(), HERE, tcp)
    assert isinstance(reply, bytes)
    assert tcp or len(reply) <= payload
    return {
        int(option.otype): option.to_wire()
        for option in read(reply).options
        if option.otype != dns.edns.OptionType.EDE
    }


@pytest.mark.parametrize("tcp", [True, False])
def test_expire_is_told_with_the_soa(tcp: bool) -> None:
    """RFC 7314 3.2."""
    assert told("example.net", "SOA", EXPIRE, tcp=tcp) == {EXPIRE: EXPIRES}
    assert told("EXAMPLE.net", "SOA", EXPIRE, data=EXPIRES, tcp=tcp) == {EXPIRE: EXPIRES}


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("example.net", "NS"),
        ("ns.example.net", "A"),
        ("ns.example.net", "SOA"),
        ("else.test", "SOA"),
    ],
)
def test_expire_is_not_told_otherwise(name: str, kind: str) -> None:
    assert told(name, kind, EXPIRE) == {}


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("example.net", "SOA"),
        ("ns.example.net", "A"),
        ("ns.example.net", "MX"),
        ("alias.example.net", "A"),
        ("no.example.net", "A"),
        ("a.cut.example.net", "A"),
        ("example.net", "ANY"),
    ],
)
@pytest.mark.parametrize("data", [b"", b"\0", VERSION])
def test_the_version_is_told_with_every_answer_of_the_zone(
    name: str, kind: str, data: bytes
) -> None:
    """RFC 9660 3.2: whatever the query's option holds is ignored."""
    assert told(name, kind, ZONEVERSION, data=data) == {ZONEVERSION: VERSION}


def test_the_version_of_no_zone() -> None:
    assert told("else.test", "A", ZONEVERSION) == {}


def test_nothing_is_told_to_who_does_not_ask() -> None:
    assert told("example.net", "SOA") == {}
    assert told("ns.example.net", "A", 4711) == {}


def test_both_beside_a_cookie() -> None:
    found = told("example.net", "SOA", EXPIRE, ZONEVERSION)
    assert found == {EXPIRE: EXPIRES, ZONEVERSION: VERSION}
    asked = dns.message.make_query(
        "example.net", "SOA", use_edns=0,
        options=[
            dns.edns.GenericOption(dns.edns.OptionType.COOKIE, CLIENT),
            dns.edns.GenericOption(dns.edns.OptionType(EXPIRE), b""),
        ],
    )  # fmt: skip
    reply = Engine(ZONES, cookies=cookies()).respond(asked.to_wire(), HERE, False)
    assert isinstance(reply, bytes)
    assert {int(option.otype) for option in read(reply).options} == {EXPIRE, 10}


def test_options_leave_no_room_for_what_only_just_fits() -> None:
    question = 12 + len(b"\3big\7example\3net\0") + 4
    just = question + 12 + 4 * 256 + 11
    assert told("big.example.net", "TXT", tcp=False, payload=just) == {}
    found = told("big.example.net", "TXT", ZONEVERSION, tcp=False, payload=just)
    assert found == {ZONEVERSION: VERSION}
