"""UPDATE messages, made by dnspython and by hand."""

from __future__ import annotations

import dns.message
import dns.rdataclass
import dns.rdatatype
import dns.update
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddns.model import names, records
from ddns.model.dynamic_update import Action, Condition, Operation, Prerequisite
from ddns.zone.message import FORMERR, NOTZONE, FormError
from ddns.zone.sections import read_name, read_records
from ddns.zone.update_message import UpdateError, read_update

ORIGIN = names.from_text("example.net")
HOME = names.from_text("home.example.net")
A, MX, TXT = 1, 15, 16
ADDRESS = bytes((192, 0, 2, 1))


def update() -> dns.update.UpdateMessage:
    return dns.update.UpdateMessage("example.net")


def test_all_forms() -> None:
    message = update()
    message.present("home")
    message.absent("gone")
    message.present("home", "A")
    message.absent("home", "MX")
    message.present("home", "A", "192.0.2.1", "192.0.2.2")
    message.add("Home", 60, "A", "192.0.2.1")
    message.add("home", 60, "MX", "10 mail.Example.org.")
    message.add("home", 60, "TYPE65280", "\\# 2 0102")
    message.delete("home", "TXT", '"x"')
    message.delete("home", "TXT")
    message.delete("home")
    found = read_update(message.to_wire(), ORIGIN)
    assert found.error == 0
    assert set(found.prerequisites) == {
        Prerequisite(Condition.NAME_IN_USE, HOME),
        Prerequisite(Condition.NAME_NOT_IN_USE, names.from_text("gone.example.net")),
        Prerequisite(Condition.RRSET_EXISTS, HOME, A),
        Prerequisite(Condition.NO_RRSET, HOME, MX),
        Prerequisite(Condition.RRSET_EQUALS, HOME, A, frozenset({ADDRESS, ADDRESS[:3] + b"\x02"})),
    }
    mail = b"\0\x0a\x04mail\x07Example\x03org\0"
    assert found.operations == (
        Operation(Action.ADD, HOME, A, ADDRESS, 60),
        Operation(Action.ADD, HOME, MX, mail, 60),
        Operation(Action.ADD, HOME, 65280, b"\1\2", 60),
        Operation(Action.DELETE_RECORD, HOME, TXT, b"\1x"),
        Operation(Action.DELETE_RRSET, HOME, TXT),
        Operation(Action.DELETE_NAME, HOME),
    )


def record(
    owner: str = "home.example.net",
    kind: int = A,
    klass: int = 1,
    ttl: int = 0,
    rdata: bytes = b"",
) -> bytes:
    fixed = b"".join(
        (
            kind.to_bytes(2, "big"),
            klass.to_bytes(2, "big"),
            ttl.to_bytes(4, "big"),
            len(rdata).to_bytes(2, "big"),
        )
    )
    return names.from_text(owner) + fixed + rdata


def message(*prerequisites: bytes, updates: tuple[bytes, ...] = ()) -> bytes:
    header = b"\0\1\x28\0" + b"".join(
        count.to_bytes(2, "big") for count in (1, len(prerequisites), len(updates), 0)
    )
    return b"".join((header, ORIGIN, b"\0\6\0\1", *prerequisites, *updates))


@pytest.mark.parametrize(
    ("bad", "rcode"),
    [
        (record(ttl=1, klass=255), FORMERR),
        (record(klass=255, rdata=ADDRESS), FORMERR),
        (record(klass=254, rdata=ADDRESS), FORMERR),
        (record(klass=3, rdata=ADDRESS), FORMERR),
        (record(rdata=ADDRESS[:3]), FORMERR),
        (record(kind=MX, rdata=b"\0\1\xc0\xff"), FORMERR),
        (record("home.example.org", klass=255), NOTZONE),
        (record("example.net.evil", klass=255), NOTZONE),
    ],
)
def test_bad_prerequisites(bad: bytes, rcode: int) -> None:
    with pytest.raises(UpdateError) as raised:
        read_update(message(bad), ORIGIN)
    assert raised.value.rcode == rcode


@pytest.mark.parametrize(
    ("bad", "rcode"),
    [
        *((record(kind=kind, ttl=1), FORMERR) for kind in (0, 41, 128, 249, 250, 251, 252, 255)),
        (record(ttl=1, klass=255), FORMERR),
        (record(klass=255, rdata=ADDRESS), FORMERR),
        (record(kind=252, klass=255), FORMERR),
        (record(ttl=1, klass=254, rdata=ADDRESS), FORMERR),
        (record(kind=255, klass=254), FORMERR),
        (record(klass=3, rdata=ADDRESS), FORMERR),
        (record(rdata=ADDRESS + b"x"), FORMERR),
        (record(kind=TXT, rdata=b"\5ab"), FORMERR),
        (record("home.example.org", rdata=ADDRESS), NOTZONE),
    ],
)
def test_bad_updates_count_after_the_prerequisites(bad: bytes, rcode: int) -> None:
    good = record(rdata=ADDRESS)
    found = read_update(message(record(klass=255), updates=(good, bad)), ORIGIN)
    assert found.error == rcode
    assert len(found.prerequisites) == 1


def test_a_ttl_out_of_range_is_0() -> None:
    """RFC 2181 8."""
    for ttl, expected in ((2**31 - 1, 2**31 - 1), (2**31, 0), (2**32 - 1, 0)):
        found = read_update(message(updates=(record(ttl=ttl, rdata=ADDRESS),)), ORIGIN)
        assert found.operations[0].ttl == expected


def test_compressed_names() -> None:
    one = update()
    for number in range(300):
        one.add(f"a.very.long.name.of.a.host.{number % 7}", 60, "MX", f"{number} mail.example.net.")
    wire = one.to_wire()
    parsed = dns.message.from_wire(wire)
    found = read_update(wire, ORIGIN)
    assert len(found.operations) == 300
    assert {operation.owner for operation in found.operations} == {
        rrset.name.to_wire() for rrset in parsed.sections[2]
    }


@pytest.mark.parametrize(
    "octets",
    [
        b"\xc0\x00",  # before the question
        b"\xc0\x0c",  # to itself
        b"\x01a\xc0\x0c",  # a loop
        b"\x40a\0",
        b"\x80a\0",
        b"\x3f" + b"a" * 62,
        b"\x01a" * 127 + b"\x01a\0",
        b"\xc0",
        b"\x01a",
    ],
)
def test_names_that_are_none(octets: bytes) -> None:
    with pytest.raises(FormError):
        read_name(bytes(12) + octets, 12)


def test_the_longest_name() -> None:
    longest = b"\x01a" * 127 + b"\0"
    assert read_name(bytes(12) + longest, 12) == (longest, 12 + 255)


def test_counts_that_the_octets_cannot_hold() -> None:
    with pytest.raises(FormError):
        read_records(b"\0\1\x28\0" + b"\xff" * 8)
    for short in (b"", bytes(11), message()[:-1], message() + b"\0"):
        with pytest.raises(FormError):
            read_records(short)


def whole() -> bytes:
    one = update()
    one.present("home", "A", "192.0.2.1")
    one.absent("gone")
    one.add("home", 60, "A", "192.0.2.1")
    one.add("home", 60, "SRV", "1 2 3 target.example.net.")
    one.delete("home", "TXT", '"x"')
    one.delete("home")
    return one.to_wire()


@given(st.data())
def test_mutated_messages(data: st.DataObject) -> None:
    """Whatever comes of it, it is understood or refused, and what is understood is data."""
    wire = bytearray(whole())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(wire) - 1))
        match data.draw(st.sampled_from(["set", "cut", "insert"])):
            case "set":
                wire[at] = data.draw(st.integers(0, 255))
            case "cut":
                del wire[at : at + data.draw(st.integers(1, 8))]
            case "insert":
                wire[at:at] = data.draw(st.binary(max_size=8))
        if len(wire) < 12:
            return
    try:
        found = read_update(bytes(wire), ORIGIN)
    except UpdateError:
        return
    for operation in found.operations:
        assert names.is_subdomain(operation.owner, ORIGIN)
        assert names.is_wire_form(operation.owner)
        if operation.rdata:
            assert records.is_rdata(operation.type, operation.rdata)
