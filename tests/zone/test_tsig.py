"""Transaction signatures, beside dnspython's."""

from __future__ import annotations

import base64

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.tsig
import dns.tsigkeyring
import dns.update
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddns.model import names
from ddns.zone.message import FORMERR, NOERROR, FormError, parse
from ddns.zone.tsig import (
    ALGORITHMS,
    BADKEY,
    BADSIG,
    BADTIME,
    BADTRUNC,
    Signer,
    Tsig,
    TsigKey,
    read_tsig,
    verify,
)

SECRET = bytes(range(32))
NOW = 1_700_000_000
NAME = "Update-Key.example"


def key_of(algorithm: str = "hmac-sha256", secret: bytes = SECRET) -> TsigKey:
    return TsigKey(names.from_text(NAME), algorithm, secret)


def query(algorithm: str = "hmac-sha256", secret: bytes = SECRET) -> dns.message.Message:
    message = dns.update.Update("example.net")
    message.add("home", 60, "A", "192.0.2.1")
    message.use_tsig(
        dns.tsig.Key(NAME, secret, algorithm), fudge=300, algorithm=dns.name.from_text(algorithm)
    )
    return message


def signed(monkeypatch: pytest.MonkeyPatch, message: dns.message.Message, at: int = NOW) -> bytes:
    monkeypatch.setattr("time.time", lambda: at)
    return message.to_wire()


def read(wire: bytes) -> Tsig:
    request = parse(wire[:2] + bytes((wire[2] & 0x7F,)) + wire[3:])  # replies are not parsed
    assert request is not None
    if request.error or not request.tsig:
        raise FormError
    return read_tsig(wire, request.tsig)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_request_and_its_reply(monkeypatch: pytest.MonkeyPatch, algorithm: str) -> None:
    asked = query(algorithm)
    wire = signed(monkeypatch, asked)
    tsig, key = read(wire), key_of(algorithm)
    assert (tsig.name, tsig.time, tsig.fudge) == (key.name, NOW, 300)
    assert verify(tsig, key, NOW) == NOERROR
    signer = Signer(tsig, key)
    reply = dns.message.make_response(asked)
    reply.tsig = None
    plain = reply.to_wire()
    answer = signer.sign(plain, NOW)
    assert len(answer) == len(plain) + signer.size
    parsed = dns.message.from_wire(
        answer, keyring=asked.keyring, request_mac=asked.mac, ignore_trailing=False
    )
    assert parsed.had_tsig
    assert parsed.rcode() == dns.rcode.NOERROR


def test_several_messages(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = dns.message.make_query("example.net", "AXFR")
    asked.use_tsig(dns.tsig.Key(NAME, SECRET, "hmac-sha256"))
    signer = Signer(read(signed(monkeypatch, asked)), key_of())
    context = None
    for number in range(5):
        reply = dns.message.make_response(asked)
        reply.tsig = None
        reply.flags |= dns.flags.AA
        wire = signer.sign(reply.to_wire(), NOW + number)
        parsed = dns.message.from_wire(
            wire,
            keyring=asked.keyring,
            request_mac=asked.mac,
            multi=True,
            tsig_ctx=context,
        )
        context = parsed.tsig_ctx
        assert parsed.had_tsig


def test_what_is_wrong_with_a_signature(monkeypatch: pytest.MonkeyPatch) -> None:
    tsig = read(signed(monkeypatch, query()))
    assert verify(tsig, None, NOW) == BADKEY
    assert verify(tsig, key_of("hmac-sha512"), NOW) == BADKEY
    assert verify(tsig, key_of(secret=b"another"), NOW) == BADSIG
    assert verify(tsig, key_of(secret=b"another"), NOW + 1000) == BADSIG
    for off, expected in ((300, NOERROR), (301, BADTIME), (-300, NOERROR), (-301, BADTIME)):
        assert verify(tsig, key_of(), NOW + off) == expected


@pytest.mark.parametrize(
    ("algorithm", "size", "expected"),
    [
        ("hmac-sha256", 32, NOERROR),
        ("hmac-sha256", 16, NOERROR),
        ("hmac-sha256", 15, FORMERR),
        ("hmac-sha256", 0, FORMERR),
        ("hmac-sha512", 32, NOERROR),
        ("hmac-sha512", 31, FORMERR),
        ("hmac-sha1", 16, NOERROR),
        ("hmac-sha1", 15, BADTRUNC),
        ("hmac-sha1", 10, BADTRUNC),
        ("hmac-sha1", 9, FORMERR),
    ],
)
def test_a_cut_mac(
    monkeypatch: pytest.MonkeyPatch, algorithm: str, size: int, expected: int
) -> None:
    tsig = read(signed(monkeypatch, query(algorithm)))
    cut = Tsig(*(getattr(tsig, slot) for slot in Tsig.__slots__[:5]), tsig.mac[:size], 0, b"")
    assert verify(cut, key_of(algorithm), NOW) == expected
    long = Tsig(*(getattr(tsig, slot) for slot in Tsig.__slots__[:5]), tsig.mac + b"x", 0, b"")
    assert verify(long, key_of(algorithm), NOW) == FORMERR


@pytest.mark.parametrize(
    ("error", "raised"),
    [
        (BADKEY, dns.tsig.PeerBadKey),
        (BADSIG, dns.tsig.PeerBadSignature),
        (BADTIME, dns.tsig.PeerBadTime),
        (BADTRUNC, dns.tsig.PeerBadTruncation),
    ],
)
def test_errors_are_told(
    monkeypatch: pytest.MonkeyPatch, error: int, raised: type[Exception]
) -> None:
    asked = query()
    tsig = read(signed(monkeypatch, asked))
    reply = dns.message.make_response(asked)
    reply.tsig = None
    reply.set_rcode(dns.rcode.NOTAUTH)
    wire = Signer(tsig, None if error == BADKEY else key_of(), error).sign(
        reply.to_wire(), NOW + 5000
    )
    with pytest.raises(raised):
        dns.message.from_wire(wire, keyring=asked.keyring, request_mac=asked.mac)
    told = read(wire)
    assert told.error == error
    assert bool(told.mac) == (error in (BADTIME, BADTRUNC))
    if error == BADTIME:
        assert (told.time, int.from_bytes(told.other, "big")) == (NOW, NOW + 5000)
        assert verify(told, key_of(), NOW, tsig.mac) == NOERROR


def test_no_secret_is_shown() -> None:
    assert base64.b64encode(SECRET).decode() not in repr(key_of())
    assert repr(SECRET) not in repr(key_of())


def test_where_a_tsig_may_be(monkeypatch: pytest.MonkeyPatch) -> None:
    wire = signed(monkeypatch, query())
    record = wire[-read_size(wire) :]
    twice = wire[:10] + b"\0\2" + wire[12:] + record
    plain = dns.message.make_query("a.b", "A").to_wire()
    as_answer = plain[:6] + b"\0\1" + plain[8:] + record
    for bad in (twice, as_answer, wire + b"\0", wire[:-1], wire[:11], wire[:-7]):
        with pytest.raises((FormError, AssertionError)):
            read(bad)


def read_size(wire: bytes) -> int:
    return len(wire) - (len(read(wire).signed))


@given(st.data())
def test_whatever_octets(data: st.DataObject) -> None:
    """A message that was changed anywhere is not taken for one that was signed."""
    message = query()
    wire = bytearray(message.to_wire())
    now = read(bytes(wire)).time
    at = data.draw(st.integers(2, len(wire) - 1))
    before = wire[at]
    wire[at] = data.draw(st.integers(0, 255))
    try:
        tsig = read(bytes(wire))
    except FormError:
        return
    if wire[at] == before:
        return
    right = tsig.name == key_of().name and verify(tsig, key_of(), now) == NOERROR
    # Letters of names that are signed in their canonical form may change their case.
    assert not right or chr(before).lower() == chr(wire[at]).lower()
