"""The handler of UPDATE: what it passes on, and what it does with messages that come again."""

from __future__ import annotations

import struct
from collections.abc import Awaitable
from typing import Any

import dns.update
import pytest
from twisted.internet.defer import Deferred, ensureDeferred

from ddns.model import names
from ddns.model.account import Key, KeyKind, Right, TsigName, ZoneInfo
from ddns.model.records import NS, SOA, RRset
from ddns.model.update import Outcome
from ddns.net.dns import update_handler
from ddns.net.dns.update_handler import UpdateHandler
from ddns.policy.directory import Directory
from ddns.zone.message import (
    FORMERR,
    NOERROR,
    NOTAUTH,
    REFUSED,
    SERVFAIL,
    YXDOMAIN,
    Answer,
    Edns,
    Query,
    parse,
)
from ddns.zone.packing import lease_option
from ddns.zone.reasons import NOT_AUTHORITATIVE, NOT_READY, Reason, prohibited
from ddns.zone.zone import Zone, Zones

ORIGIN = names.from_text("example.net")
NAME = names.from_text("a-key")
KEY = Key(
    1,
    "alice",
    KeyKind.TSIG,
    bytes(32),
    rights=frozenset(Right),
    tsig=TsigName(NAME, "hmac-sha256"),
)
SOURCE = bytes((192, 0, 2, 77))
UNSIGNED = prohibited("needs the signature of a key")


class Pipeline:
    """Stands in for the pipeline: what it was asked, and outcomes that come when they are told."""

    def __init__(self) -> None:
        self.asked: list[Any] = []
        self.waiting: list[Deferred[Outcome]] = []

    def now(self) -> float:
        return 1000.0

    def perform_records(self, signed: Any) -> Deferred[Outcome]:
        self.asked.append(signed)
        self.waiting.append(Deferred())
        return self.waiting[-1]


class Handling:
    """A handler and all that it knows."""

    def __init__(self) -> None:
        zone = Zone(ORIGIN)
        soa = names.from_text("a") * 2 + bytes(20)
        zone.put(RRset(ORIGIN, SOA, 60, (soa,)))
        zone.put(RRset(ORIGIN, NS, 60, (names.from_text("ns.example.net"),)))
        self.pipeline = Pipeline()
        self.time = 0.0
        self.directory = Directory(bytes(32))
        self.directory.put_key(KEY)
        self.directory.secondaries.put(ZoneInfo(ORIGIN, 1))
        self.handler = UpdateHandler(
            Zones([zone]),
            self.pipeline,  # type: ignore[arg-type]
            self.directory,
            lambda: self.time,
            lambda: (30, 7200),
        )

    def ask(
        self, mac: bytes = b"one", zone: str = "example.net", key: bytes = NAME, **changed: Any
    ) -> list[Answer]:
        """The answer, once it is there."""
        update = dns.update.UpdateMessage(zone)
        update.add("home", 60, "A", "192.0.2.1")
        wire = update.to_wire()
        request = parse(wire)
        assert isinstance(request, Query)
        request.key, request.mac = key, mac
        for name, value in changed.items():
            setattr(request, name, value)
        answered: list[Answer] = []
        answer = self.handler(request, wire, SOURCE, False)
        if isinstance(answer, Awaitable):
            ensureDeferred(answer).addCallback(answered.append)  # type: ignore[arg-type]
        else:
            answered.append(answer)
        return answered


@pytest.fixture
def handling() -> Handling:
    return Handling()


def test_what_is_passed_on(handling: Handling) -> None:
    answered = handling.ask()
    (signed,) = handling.pipeline.asked
    assert (signed.origin, signed.key, signed.peer, signed.at) == (
        ORIGIN,
        KEY,
        "192.0.2.77",
        1000.0,
    )
    assert [record.owner for record in signed.touched] == [names.from_text("home.example.net")]
    assert signed.shown() == "UPDATE example.net: add home.example.net A"
    assert answered == []
    handling.pipeline.waiting[0].callback(Outcome(rcode=YXDOMAIN))
    assert answered == [Answer(YXDOMAIN)]


@pytest.mark.parametrize(
    ("asked", "rcode", "reason"),
    [
        ({"type": 1}, FORMERR, None),
        ({"class_": 3}, NOTAUTH, NOT_AUTHORITATIVE),
        ({"zone": "example.org"}, NOTAUTH, NOT_AUTHORITATIVE),
        ({"zone": "home.example.net"}, NOTAUTH, NOT_AUTHORITATIVE),
        ({"zone": "loading.example"}, SERVFAIL, NOT_READY),
        ({"key": b""}, REFUSED, UNSIGNED),
        ({"key": names.from_text("another-key")}, REFUSED, UNSIGNED),
    ],
)
def test_what_is_not(
    handling: Handling, asked: dict[str, Any], rcode: int, reason: Reason | None
) -> None:
    handling.handler._zones.awaited.add(names.from_text("loading.example"))
    assert handling.ask(**asked) == [Answer(rcode, reason=reason)]
    assert handling.pipeline.asked == []


def test_unsigned_ones_where_the_operator_says_so(handling: Handling) -> None:
    for networks, taken in ((("192.0.2.0/24",), True), (("198.51.100.0/24", "::/0"), False)):
        handling.directory.secondaries.put(ZoneInfo(ORIGIN, 1, update_from=networks))
        refused = [Answer(REFUSED, reason=UNSIGNED)]
        assert handling.ask(key=b"", mac=b"") == ([] if taken else refused)
        assert handling.ask(key=names.from_text("another-key")) == refused
    (signed,) = handling.pipeline.asked
    assert signed.key is None
    assert handling.ask(key=b"", mac=b"") == [Answer(REFUSED, reason=UNSIGNED)]


def test_why_one_is_refused(handling: Handling) -> None:
    """Also when it comes again."""
    answered = handling.ask()
    handling.pipeline.waiting[0].callback(Outcome(rcode=REFUSED, reason="it is late"))
    assert answered == handling.ask() == [Answer(REFUSED, reason=prohibited("it is late"))]


def test_a_message_that_comes_again(handling: Handling) -> None:
    """While it is performed and afterwards, as long as its signature holds."""
    first, second = handling.ask(), handling.ask()
    other = handling.ask(b"two")
    handling.pipeline.waiting[0].callback(Outcome())
    assert first == second == [Answer(NOERROR)]
    assert other == []
    handling.time = 599.0
    assert handling.ask() == [Answer(NOERROR)]
    assert len(handling.pipeline.asked) == 2
    handling.time = 601.0
    assert handling.ask() == []
    assert len(handling.pipeline.asked) == 3


def test_what_fails_may_be_tried_again(handling: Handling) -> None:
    for _ in range(2):
        answered = handling.ask()
        handling.pipeline.waiting[-1].callback(Outcome(rcode=SERVFAIL))
        assert answered == [Answer(SERVFAIL)]
    assert len(handling.pipeline.asked) == 2


@pytest.mark.parametrize(
    ("asked", "granted"),
    [
        (struct.pack("!I", 3600), struct.pack("!HHI", 2, 4, 3600)),
        (struct.pack("!I", 0), struct.pack("!HHI", 2, 4, 30)),
        (struct.pack("!I", 2**32 - 1), struct.pack("!HHI", 2, 4, 7200)),
        (struct.pack("!II", 40, 100_000), struct.pack("!HHII", 2, 8, 40, 7200)),
    ],
)
def test_a_lease_is_granted_within_bounds(handling: Handling, asked: bytes, granted: bytes) -> None:
    """And told, also when the message comes again; not with an error (RFC 9664)."""
    edns = Edns(1232, 0, False, lease=asked)
    for mac in (b"one", b"one", b"two"):
        answered = handling.ask(mac, edns=edns)
        if not answered:
            rcode = NOERROR if mac == b"one" else YXDOMAIN
            handling.pipeline.waiting[-1].callback(Outcome(rcode=rcode))
        told = granted if mac == b"one" else b""
        assert [answer.options for answer in answered] == [told]
    assert len(handling.pipeline.asked) == 2
    assert lease_option(handling.pipeline.asked[0].lease) == granted


@pytest.mark.parametrize("size", [0, 1, 3, 5, 7, 9, 16])
def test_a_lease_of_another_size(handling: Handling, size: int) -> None:
    edns = Edns(1232, 0, False, lease=bytes(size))
    assert handling.ask(edns=edns) == [Answer(FORMERR)]
    assert handling.pipeline.asked == []


def test_what_waits_is_bounded(handling: Handling, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(update_handler, "WAITING", 3)
    for number in range(3):
        assert handling.ask(b"%d" % number) == []
    assert handling.ask(b"more") == [Answer(SERVFAIL)]
    handling.pipeline.waiting[0].callback(Outcome())
    assert handling.ask(b"more") == []
