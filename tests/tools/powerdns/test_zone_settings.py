"""Settings of zones in a POST or a PUT."""

from __future__ import annotations

import pytest

from ddns.tools.base import ToolError
from ddns.tools.powerdns.zone_settings import ZoneSettings, zone_name, zone_settings


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, ZoneSettings(None, (), [])),
        ({"account": "", "kind": "Native", "masters": []}, ZoneSettings("", (), [])),
        (
            {"kind": "MASTER", "soa_edit_api": "default", "serial": 0, "dnssec": False},
            ZoneSettings(None, (), []),
        ),
        (
            {"account": "alice", "nameservers": ["ns1.example.net."], "rrsets": [1]},
            ZoneSettings("alice", ("ns1.example.net",), [1]),
        ),
    ],
)
def test_settings(given: dict[str, object], expected: ZoneSettings) -> None:
    assert zone_settings(given) == expected


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"kind": "Slave"}, "kind: 'Slave' is none of master, native, primary"),
        ({"masters": ["192.0.2.1"]}, "masters: "),
        ({"catalog": "catalog.example."}, "catalog: "),
        ({"dnssec": True}, "dnssec: this server does not sign zones"),
        ({"nsec3param": "1 0 1 ab"}, "nsec3param: "),
        ({"zone": "$ORIGIN example.net."}, "zone: "),
        ({"account": 1}, "account: expected a text"),
        ({"nameservers": "ns1.example.net."}, "nameservers: expected a list"),
        ({"nameservers": [1]}, "nameservers: expected a list"),
        ({"nameservers": ["ns1"]}, "has to end in a dot"),
    ],
)
def test_what_a_zone_cannot_have(given: dict[str, object], words: str) -> None:
    with pytest.raises(ToolError) as caught:
        zone_settings(given)
    assert caught.value.status == 422
    assert words in str(caught.value)


def test_a_name() -> None:
    assert zone_name({"name": "Example.NET."}) == b"\x07example\x03net\x00"
    for given in ({}, {"name": 1}, {"name": "example.net"}):
        with pytest.raises(ToolError):
            zone_name(given)
