"""The cases under tests/cases/dns: one file a phenomenon, one table a question.

``zones`` maps origins to zone text. A ``case`` has ``why`` and either

- ``ask``: name, type and any of ``+edns`` ``+do`` ``+tcp`` ``+rd`` ``+cd`` ``+ad`` ``+size=N``
  ``+version=N`` ``+class=C`` ``+opcode=O``; or
- ``send``: the request's octets in hex after its id (an id is put in front), with ``+tcp`` or not;

and what comes back: ``says`` (an rcode, flags in lower case, ``edns`` where an OPT is due,
``badkey`` where a TSIG with that error is, or ``nothing``), the numbers of the extended errors
in the OPT as ``because``, and the records of each section, none where a section is not given.
``soa ORIGIN`` stands for the SOA of that zone as negative answers carry it. ``size_at_most`` bounds
the octets.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import dns.flags
import dns.message
import dns.opcode
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.zone
import pytest

from ddns.zone.engine import Engine
from ddns.zone.zone import Zones
from tests.zone.building import Section, read, records, zone_of

FOLDER = Path(__file__).parents[1] / "cases" / "dns"
ID = b"\x12\x67"


def load() -> list[Any]:
    found = []
    for path in sorted(FOLDER.glob("*.toml")):
        document = tomllib.loads(path.read_text())
        for case in document["case"]:
            label = f"{path.stem}: {case.get('ask') or case['why']}"
            found.append(pytest.param(document["zones"], case, id=label))
    return found


def request_of(case: dict[str, Any]) -> tuple[bytes, bool]:
    if "send" in case:
        words = case["send"].split()
        return ID + bytes.fromhex("".join(w for w in words if w != "+tcp")), "+tcp" in words
    name, rtype, *options = case["ask"].split()
    given = dict(option.partition("=")[::2] for option in options)
    message = dns.message.make_query(
        name, "A", given.get("+class", "IN"), flags=dns.flags.Flag(0), id=int.from_bytes(ID, "big")
    )
    message.question[0].rdtype = dns.rdatatype.from_text(rtype)
    for flag in ("rd", "cd", "ad"):
        if "+" + flag in given:
            message.flags |= dns.flags.from_text(flag.upper())
    message.set_opcode(dns.opcode.from_text(given.get("+opcode", "QUERY")))
    if given.keys() & {"+edns", "+do", "+size", "+version"}:
        message.use_edns(
            int(given.get("+version", 0)),
            dns.flags.DO if "+do" in given else 0,
            int(given.get("+size", 1232)),
        )
    return message.to_wire(), "+tcp" in given


def expected(zones: dict[str, str], lines: list[str]) -> Section:
    found: Section = []
    for line in lines:
        owner, ttl, *rest = line.split(maxsplit=3)
        if owner == "soa":
            apex = dns.zone.from_text("$TTL 60\n" + zones[ttl], ttl, relativize=False)
            soa = apex.find_rdataset(ttl, "SOA")
            found.append((ttl, min(soa.ttl, soa[0].minimum), "SOA", soa[0].to_text()))
        else:
            rdtype, text = rest
            rdata = dns.rdata.from_text("IN", rdtype, text)
            found.append((owner, int(ttl), rdtype, rdata.to_text().lower()))
    return sorted(found)


@pytest.mark.parametrize(("zones", "case"), load())
def test_case(zones: dict[str, str], case: dict[str, Any]) -> None:
    engine = Engine(Zones(zone_of(origin, text) for origin, text in zones.items()))
    wire, tcp = request_of(case)
    reply = engine.respond(wire, b"\x7f\0\0\1", tcp)
    assert reply == engine.respond_in_full(wire, b"\x7f\0\0\1", tcp)
    rcode, *flags = case["says"].split()
    if rcode == "nothing":
        assert reply is None
        return
    assert reply is not None
    assert reply[:2] == ID
    assert len(reply) <= case.get("size_at_most", 65535)
    message = read(reply)
    assert dns.rcode.to_text(message.rcode()) == rcode
    assert message.edns == (0 if "edns" in flags else -1)
    shown = set(dns.flags.to_text(message.flags).lower().split())
    wanted = set(flags) - {"edns", "do", "noquestion", "badkey"}
    assert shown == wanted | {"qr"}
    if message.edns == 0:
        assert message.payload == 1232
        assert [option.code for option in message.extended_errors()] == case.get("because", [])
        assert len(message.options) == len(message.extended_errors())
        assert message.ednsflags & 0xFFFF == (dns.flags.DO if "do" in flags else 0)
    assert (message.tsig_error == dns.rcode.BADKEY) == ("badkey" in flags)
    if message.had_tsig:
        (tsig,) = message.tsig  # type: ignore[union-attr]
        assert (tsig.mac, tsig.other, tsig.original_id) == (b"", b"", message.id)
    if "noquestion" in flags:
        assert reply[4:6] == b"\0\0"
    else:
        # Octet for octet as it came, upper and lower case mixed (draft-vixie-dnsext-dns0x20).
        question_end = wire.index(b"\0", 12) + 5
        assert reply[12:question_end] == wire[12:question_end]
    for section in ("answer", "authority", "additional"):
        lines = case.get(section, [])
        assert records(getattr(message, section)) == expected(zones, lines), section
