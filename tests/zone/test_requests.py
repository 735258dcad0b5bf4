"""Requests to secondaries and what their replies say, beside dnspython's."""

from __future__ import annotations

import dns.flags
import dns.message
import dns.name
import dns.opcode
import dns.rcode
import dns.rdatatype
import dns.rrset
import dns.tsig
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddns.model import names, records
from ddns.model.records import SOA, RRset
from ddns.zone.node import pick
from ddns.zone.requests import Reply, Request
from ddns.zone.tsig import ALGORITHMS, TsigKey
from ddns.zone.zone import Zone

ORIGIN = names.from_text("example.net")
TEXT = "ns1.example.net. hostmaster.example.net. 70 3600 600 1209600 10"
RDATA = records.rdata_from_text(SOA, TEXT)
NOW = 1_700_000_000
SECRET = bytes(range(32))
KEY = TsigKey(names.from_text("xfr.example"), "hmac-sha256", SECRET)


def soa() -> bytes:
    """The record as the notifier takes it from a zone."""
    zone = Zone(ORIGIN)
    zone.put(RRset(ORIGIN, SOA, 10, (RDATA,)))
    return pick(zone.nodes[ORIGIN], SOA)[8:]


def keyring(key: TsigKey | None) -> dict[dns.name.Name, dns.tsig.Key] | None:
    if key is None:
        return None
    name, algorithm = names.to_text(key.name), key.algorithm
    return {dns.name.from_text(name): dns.tsig.Key(name, key.secret, algorithm)}


def theirs(request: Request, key: TsigKey | None = None) -> dns.message.Message:
    """A request as a secondary reads it."""
    return dns.message.from_wire(request.wire, keyring=keyring(key))


def answered(request: Request, key: TsigKey | None = None, text: str = TEXT) -> bytes:
    """What a secondary replies that has this SOA."""
    reply = dns.message.make_response(theirs(request, key))
    if text:
        reply.answer.append(dns.rrset.from_text("example.net.", 10, "IN", "SOA", text))
    return reply.to_wire()


@pytest.fixture(autouse=True)
def _at_that_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.time", lambda: NOW)


def test_a_notify_has_the_soa_in_its_answer_section() -> None:
    message = theirs(Request(513, ORIGIN, soa(), None, NOW))
    assert (message.id, message.opcode()) == (513, dns.opcode.NOTIFY)
    assert message.flags & 0x7FF == dns.flags.AA
    assert [(q.name.to_text(), q.rdtype) for q in message.question] == [
        ("example.net.", dns.rdatatype.SOA)
    ]
    assert [rrset.to_text() for rrset in message.answer] == [f"example.net. 10 IN SOA {TEXT}"]
    assert message.additional == message.authority == []


def test_a_query_for_the_serial() -> None:
    request = Request(7, ORIGIN, b"", None, NOW)
    message = theirs(request)
    assert (message.id, message.flags, message.answer) == (7, 0, [])
    assert request.read(answered(request), NOW) == Reply(70)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("record", [b"", soa()], ids=["query", "notify"])
def test_signed(algorithm: str, record: bytes) -> None:
    key = TsigKey(KEY.name, algorithm, SECRET)
    request = Request(7, ORIGIN, record, key, NOW)
    assert theirs(request, key).had_tsig
    assert request.read(answered(request, key), NOW) == Reply(70)


def test_replies_that_are_not_signed_as_the_request() -> None:
    request = Request(7, ORIGIN, b"", KEY, NOW)
    plain = dns.message.make_response(theirs(request, KEY))
    plain.tsig = None
    assert request.read(plain.to_wire(), NOW) == Reply(None, "not signed")
    plain.set_rcode(dns.rcode.REFUSED)
    assert request.read(plain.to_wire(), NOW) == Reply(None, "REFUSED")
    wrong = bytearray(answered(request, KEY))
    wrong[-10] ^= 1  # of the MAC
    assert request.read(bytes(wrong), NOW) == Reply(None, "wrongly signed")
    assert request.read(answered(request, KEY), NOW + 301) == Reply(None, "wrongly signed")
    other = Request(7, ORIGIN, b"", KEY, NOW - 1)
    assert other.wire != request.wire
    assert other.read(answered(request, KEY), NOW) == Reply(None, "wrongly signed")


def test_a_secondary_that_does_not_know_the_key() -> None:
    request = Request(7, ORIGIN, soa(), KEY, NOW)
    reply = dns.message.make_response(theirs(request, KEY), tsig_error=dns.rcode.BADKEY)
    reply.set_rcode(dns.rcode.NOTAUTH)
    assert request.read(reply.to_wire(), NOW) == Reply(None, "BADKEY")


@pytest.mark.parametrize("rcode", ["SERVFAIL", "REFUSED", "NOTAUTH", "NXDOMAIN", "NOTIMP"])
def test_errors(rcode: str) -> None:
    for record in (b"", soa()):
        request = Request(7, ORIGIN, record, None, NOW)
        reply = dns.message.make_response(theirs(request))
        reply.set_rcode(dns.rcode.from_text(rcode))
        assert request.read(reply.to_wire(), NOW) == Reply(None, rcode)


def test_an_error_may_come_without_a_question() -> None:
    for key in (None, KEY):
        request = Request(7, ORIGIN, soa(), key, NOW)
        assert request.read(bytes.fromhex("0007a4030000000000000000"), NOW) == Reply(
            None, "NXDOMAIN"
        )
        assert request.read(bytes.fromhex("0007a4000000000000000000"), NOW) is None
        assert request.read(bytes.fromhex("000784030000000000000000"), NOW) is None, "no NOTIFY"


def test_no_soa_in_the_answer() -> None:
    request = Request(7, ORIGIN, b"", None, NOW)
    assert request.read(answered(request, text=""), NOW) == Reply(None)
    reply = dns.message.make_response(theirs(request))
    reply.answer.append(dns.rrset.from_text("other.example.", 10, "IN", "SOA", TEXT))
    reply.authority.append(dns.rrset.from_text("example.net.", 10, "IN", "SOA", TEXT))
    assert request.read(reply.to_wire(), NOW) == Reply(None)


def test_replies_to_something_else() -> None:
    request = Request(7, ORIGIN, soa(), None, NOW)
    for other in (
        Request(8, ORIGIN, soa(), None, NOW),
        Request(7, ORIGIN, b"", None, NOW),
        Request(7, names.from_text("other.example"), soa(), None, NOW),
    ):
        assert request.read(answered(other), NOW) is None
    assert request.read(request.wire, NOW) is None, "no reply at all"
    good = answered(request)
    assert request.read(good[:12] + good[12:25].upper() + good[25:], NOW) == Reply(70)
    for size in range(len(good)):
        assert request.read(good[:size], NOW) is None


@given(st.binary(max_size=200), st.integers(0, 150))
def test_whatever_comes(octets: bytes, at: int) -> None:
    request = Request(7, ORIGIN, b"", KEY, NOW)
    good = answered(request, KEY)
    for wire in (octets, good[:at] + octets, good[:at] + octets + good[at + len(octets) :]):
        found = request.read(wire, NOW)
        assert found is None or found.problem or wire == good
