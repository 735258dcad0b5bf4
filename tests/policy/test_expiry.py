"""What leases and silent hosts come to."""

from __future__ import annotations

import pytest

from ddns.model import names, records
from ddns.model.account import Host
from ddns.model.dynamic_update import Action, Operation
from ddns.model.leases import DAY, KEY, Lease, Term
from ddns.model.records import NS, SOA, TXT, A, RRset
from ddns.policy.expiry import NOTED_EVERY, Terms, heard, leases_after, without

ORIGIN = names.from_text("example.net")
HOME = names.from_text("home.example.net")
ONE, TWO = bytes((192, 0, 2, 1)), bytes((192, 0, 2, 2))
BOTH = RRset(HOME, A, 60, (ONE, TWO))
OLD = Term(1050.0, 100)
NEW = Term(1200.0, 200)


def add(rdata: bytes, number: int = A) -> Operation:
    return Operation(Action.ADD, HOME, number, rdata, 60)


GONE = Operation(Action.DELETE_RRSET, HOME, A)
ONE_GONE = Operation(Action.DELETE_RECORD, HOME, A, ONE)


@pytest.mark.parametrize(
    ("operations", "lease", "rrset", "before", "after"),
    [
        ([add(ONE)], 200, BOTH, {}, {ONE: NEW}),
        ([add(ONE), add(TWO)], 200, BOTH, {ONE: OLD}, {ONE: NEW, TWO: NEW}),
        ([add(ONE)], None, BOTH, {ONE: OLD, TWO: OLD}, {TWO: OLD}),
        ([add(ONE), GONE], 200, None, {ONE: OLD}, {}),
        ([ONE_GONE], 200, RRset(HOME, A, 60, (TWO,)), {ONE: OLD, TWO: OLD}, {TWO: OLD}),
        ([], None, BOTH, {TWO: OLD}, {TWO: OLD}),
        ([add(ONE)], 200, BOTH, {ONE: Term(1199.5, 200)}, {ONE: Term(1199.5, 200)}),
        ([add(ONE)], 200, BOTH, {ONE: Term(5000.0, 9000)}, {ONE: NEW}),
    ],
)
def test_leases(
    operations: list[Operation],
    lease: int | None,
    rrset: RRset | None,
    before: dict[bytes, Term],
    after: dict[bytes, Term],
) -> None:
    granted = Terms(None if lease is None else Lease(lease))
    assert leases_after(operations, rrset, before, granted, 1000.0) == after


def test_keys_have_a_lease_of_their_own() -> None:
    terms = Terms(Lease(200, 5000))
    key, text = b"\0\0\3\1key", b"\1x"
    for number, rdata, seconds in ((KEY, key, 5000), (16, text, 200)):
        after = leases_after(
            [add(rdata, number)], RRset(HOME, number, 60, (rdata,)), {}, terms, 0.0
        )
        assert after == {rdata: Term(seconds, seconds)}
    assert Lease(200).of(KEY) == 200


def test_bounds() -> None:
    assert Lease(5, 10**9).within(30, 7200) == Lease(30, 7200)
    assert Lease(0).within(30, 7200) == Lease(30)
    assert Lease(100, 0).within(30, 7200) == Lease(100, 30)


def test_names_in_rdata_are_compared_without_case() -> None:
    number = records.type_from_text("MX")
    given, other = (records.rdata_from_text(number, f"10 {one}") for one in ("Mx.a.", "mX.A."))
    rrset = RRset(HOME, number, 60, (given,))
    (canonical,) = leases_after([add(other, number)], rrset, {}, Terms(Lease(60)), 0.0)
    assert without(rrset, {canonical}, ORIGIN).rdatas == ()


def test_what_is_left() -> None:
    assert without(BOTH, {ONE}, ORIGIN).rdatas == (TWO,)
    assert without(BOTH, {ONE, TWO}, ORIGIN).rdatas == ()
    apex = RRset(ORIGIN, NS, 60, (HOME,))
    assert without(apex, {HOME}, ORIGIN) == apex
    soa = RRset(ORIGIN, SOA, 60, (HOME * 2 + bytes(20),))
    assert leases_after([add(soa.rdatas[0], SOA)], soa, {}, Terms(Lease(60)), 0.0) == {}


def test_a_host_is_heard() -> None:
    host = Host(HOME, ORIGIN, "alice", expire_after=2)
    noted = heard(host, 1000.0)
    assert noted.expires == 1000.0 + 2 * DAY
    for now, again in (
        (1000.0 + NOTED_EVERY - 1, False),
        (1000.0 + NOTED_EVERY, True),
        (1000.0 - NOTED_EVERY, True),
    ):
        assert (heard(noted, now) != noted) == again
    never = Host(HOME, ORIGIN, "alice")
    assert heard(never, 1000.0) is never


DIGEST = b"\x2b" + b"A-z_" * 10 + b"189"
CHALLENGE = names.from_text("_acme-challenge.home.example.net")


@pytest.mark.parametrize(
    ("owner", "rdata", "number", "anywhere", "seconds"),
    [
        (CHALLENGE, DIGEST, TXT, False, 60.0),
        (b"\2_x" + CHALLENGE, DIGEST, TXT, False, 60.0),
        (b"\1a\2_x" + CHALLENGE, DIGEST, TXT, False, None),
        (HOME, DIGEST, TXT, False, None),
        (HOME, DIGEST, TXT, True, 60.0),
        (names.PERSIST + HOME, DIGEST, TXT, False, None),
        (CHALLENGE, DIGEST, 99, False, None),
        (CHALLENGE, DIGEST + b"\1x", TXT, False, None),
        (CHALLENGE, DIGEST.replace(b"_", b"/"), TXT, False, None),
        (CHALLENGE, b"\x2a" + DIGEST[2:], TXT, False, None),
    ],
)
def test_answers_to_challenges(
    owner: bytes, rdata: bytes, number: int, anywhere: bool, seconds: float | None
) -> None:
    operation = Operation(Action.ADD, owner, number, rdata, 60)
    assert Terms(None, 60.0, anywhere).seconds(operation) == seconds
    assert Terms(None, 0.0, anywhere).seconds(operation) is None
    assert Terms(Lease(5), 60.0, anywhere).seconds(operation) == 5


def test_an_answer_to_a_challenge_that_was_to_stay() -> None:
    """It stays where a tool sets it again, unless the tool asks for a lease."""
    rrset = RRset(CHALLENGE, TXT, 60, (DIGEST,))
    again = [Operation(Action.ADD, CHALLENGE, TXT, DIGEST, 60)]
    for terms, lasting, until in (
        (Terms(None, 200.0), {DIGEST}, None),
        (Terms(None, 200.0), (), 200.0),
        (Terms(Lease(300), 200.0), {DIGEST}, 300.0),
    ):
        after = leases_after(again, rrset, {}, terms, 0.0, lasting)
        assert after == ({} if until is None else {DIGEST: Term(until, until)})
    before = {DIGEST: Term(100.0, 200.0)}
    assert leases_after(again, rrset, before, Terms(None, 200.0), 50.0)[DIGEST].until == 250.0
