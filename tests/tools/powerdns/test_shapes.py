"""The JSON of zones and RRsets, as tools read it."""

from __future__ import annotations

import json
import re
import subprocess

from ddns.model.account import ZoneInfo
from ddns.model.records import MX, SOA, TXT, A, RRset, mx_rdata
from ddns.tools.powerdns import listing, shapes

ZONE = ZoneInfo(b"\x07example\x03net\x00", 4294967295, "alice")
CHALLENGE = RRset(
    b"\x0f_acme-challenge\x04home" + ZONE.origin, TXT, 60, (b"\x05first", b"\x06second")
)


def test_an_rrset() -> None:
    assert shapes.dumps(shapes.rrset_json(CHALLENGE)) == (
        rb'{"comments":[],"name":"_acme-challenge.home.example.net.","records":['
        rb'{"content":"\"first\"","disabled":false},{"content":"\"second\"","disabled":false}],'
        rb'"ttl":60,"type":"TXT"}'
    )
    mail = RRset(ZONE.origin, MX, 5, (mx_rdata(10, b"\x04mail" + ZONE.origin),))
    (record,) = shapes.rrset_json(mail)["records"]  # type: ignore[misc]
    assert record == {"content": "10 mail.example.net.", "disabled": False}


def test_a_zone() -> None:
    shown = shapes.zone_json(ZONE, whole=True)
    assert shown["id"] == shown["name"] == "example.net."
    assert shown["url"] == "/api/v1/servers/localhost/zones/example.net."
    assert (shown["kind"], shown["dnssec"], shown["account"]) == ("Native", False, "alice")
    assert {shown[one] for one in ("serial", "edited_serial", "notified_serial")} == {2**32 - 1}
    assert shapes.zone_json(ZONE, whole=False)["account"] == ""


def test_the_form_of_a_zone_is_json_around_its_rrsets() -> None:
    form = listing.as_json(ZONE, True)
    shown = json.loads(form.before + form.join([CHALLENGE, CHALLENGE]) + form.after)
    assert shown.pop("rrsets") == [shapes.rrset_json(CHALLENGE)] * 2
    assert shown == shapes.zone_detail_json(ZONE, whole=True)
    assert json.loads(form.before + form.after)["rrsets"] == []


def test_a_master_file() -> None:
    form = listing.as_master_file(ZONE, True)
    address = RRset(b"\x01a" + ZONE.origin, A, 10, (bytes((192, 0, 2, 1)),))
    assert form.join([CHALLENGE, address]).decode().splitlines() == [
        '_acme-challenge.home.example.net.\t60\tIN\tTXT\t"first"',
        '_acme-challenge.home.example.net.\t60\tIN\tTXT\t"second"',
        "a.example.net.\t10\tIN\tA\t192.0.2.1",
    ]


def test_acme_sh_finds_the_challenges_by_its_patterns() -> None:
    """It cuts them out of the zone with grep and sed: from the RRset's name to the last brace
    before the next bracket, and there whatever follows ``content`` in quotes."""
    form = listing.as_json(ZONE, False)
    soa = ZONE.origin + b"\x0ahostmaster" + ZONE.origin + bytes(20)
    others = [RRset(ZONE.origin, SOA, 10, (soa,)), RRset(CHALLENGE.owner[16:], A, 10, (bytes(4),))]
    text = form.before + form.join([*others, CHALLENGE, others[1]]) + form.after
    script = r"""
        grep -Eo "\"name\":\"_acme-challenge.home.example.net[^]]*}" |
        grep -Eo 'content\":\"\\"[^\\]*' |
        sed -n 's/^content":"\\"//p'
    """
    done = subprocess.run(["sh", "-c", script], input=text, capture_output=True, check=True)
    assert done.stdout.split() == [b"first", b"second"]
    zones = b"[" + shapes.dumps(shapes.zone_json(ZONE, whole=False)) + b"]"
    assert re.search(rb'"name":"example.net."', zones)


def test_servers() -> None:
    assert shapes.versions_json() == [{"url": "/api/v1", "version": 1}]
    server = shapes.server_json()
    assert (server["id"], server["type"]) == ("localhost", "Server")
    major, minor, _ = map(int, str(server["version"]).split("."))
    assert (major, minor) >= (4, 2)  # from which on a missing zone is a 404 to octoDNS
