"""What a DNS UPDATE amounts to (RFC 2136 3.2 to 3.4), section by section."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from dns.rcode import NOERROR, NOTZONE, NXDOMAIN, NXRRSET, REFUSED, YXDOMAIN, YXRRSET, Rcode
from hypothesis import given
from hypothesis import strategies as st

from ddns.model import names, records
from ddns.model.dynamic_update import Action, Condition, DynamicUpdate, Operation, Prerequisite
from ddns.model.records import RRset
from ddns.model.update import Status
from ddns.policy.dynamic_updates import MAX_RECORDS, Decision, decide

ORIGIN = names.from_text("example.net")
SERIAL = 100
ZONE = """
@ 300 SOA ns.example.net. hostmaster.example.net. 0 1 2 3 4
@ 300 NS ns.example.net.
@ 300 NS ns2.example.net.
ns 300 A 192.0.2.53
www 60 A 192.0.2.1
www 60 A 192.0.2.2
www 60 TXT "a"
alias 60 CNAME www.example.net.
mail 60 MX 10 Mx.example.net.
old 60 DNAME new.example.net.
"""


def owner_of(text: str) -> bytes:
    return ORIGIN if text == "@" else names.from_text(f"{text}.example.net")


def zone(text: str = ZONE) -> dict[tuple[bytes, int], RRset]:
    """The RRsets of lines ``OWNER TTL TYPE RDATA``."""
    found: dict[tuple[bytes, int], RRset] = {}
    for line in filter(None, map(str.strip, text.splitlines())):
        owner, ttl, kind, rdata = line.split(" ", 3)
        number = records.type_from_text(kind)
        key = owner_of(owner), number
        before = found[key].rdatas if key in found else ()
        rdatas = (*before, records.rdata_from_text(number, rdata))
        found[key] = RRset(*key, int(ttl), rdatas)
    return found


def lines(rrsets: dict[tuple[bytes, int], RRset]) -> set[str]:
    return {
        f"{names.to_text(rrset.owner).removesuffix('.example.net')} {rrset.ttl}"
        f" {records.type_to_text(rrset.type)} {records.rdata_to_text(rrset.type, rdata)}"
        for rrset in rrsets.values()
        for rdata in rrset.rdatas
    }


def operation(text: str) -> Operation:
    """``add OWNER TTL TYPE RDATA``, ``delete OWNER [TYPE [RDATA]]``."""
    verb, *words = text.split(" ", 4 if text.startswith("add") else 3)
    if verb == "add":
        number = records.type_from_text(words[2])
        rdata = records.rdata_from_text(number, words[3])
        return Operation(Action.ADD, owner_of(words[0]), number, rdata, int(words[1]))
    match words:
        case [owner]:
            return Operation(Action.DELETE_NAME, owner_of(owner))
        case [owner, kind]:
            number = records.type_from_text(kind)
            return Operation(Action.DELETE_RRSET, owner_of(owner), number)
    number = records.type_from_text(words[1])
    rdata = records.rdata_from_text(number, words[2])
    return Operation(Action.DELETE_RECORD, owner_of(words[0]), number, rdata)


def decision(
    *operations: str,
    prerequisites: tuple[Prerequisite, ...] = (),
    error: int = 0,
    allowed: Callable[[bytes, int], bool] = lambda owner, number: True,
    there: str = ZONE,
) -> tuple[Decision, dict[tuple[bytes, int], RRset]]:
    """The decision, and the zone after it."""
    rrsets = zone(there)
    looked_up: list[bytes] = []

    def lookup(owner: bytes) -> list[RRset]:
        assert owner not in looked_up
        looked_up.append(owner)
        return [rrset for (at, _), rrset in rrsets.items() if at == owner]

    update = DynamicUpdate(ORIGIN, prerequisites, tuple(map(operation, operations)), error)
    found = decide(update, lookup, allowed, SERIAL)
    for rrset in found.rrsets:
        rrsets[rrset.owner, rrset.type] = rrset
    return found, rrsets


def change(*operations: str) -> tuple[set[str], set[str]]:
    """The lines that an update adds and removes."""
    found, after = decision(*operations)
    assert found.rcode == NOERROR
    before = lines(zone())
    return lines(after) - before, before - lines(after)


# Prerequisites (3.2) ---------------------------------------------------------------------------

A, TXT, MX = 1, 16, 15
WWW, NONE = owner_of("www"), owner_of("none")
BOTH = frozenset({bytes((192, 0, 2, 1)), bytes((192, 0, 2, 2))})


@pytest.mark.parametrize(
    ("prerequisite", "expected"),
    [
        (Prerequisite(Condition.NAME_IN_USE, WWW), NOERROR),
        (Prerequisite(Condition.NAME_IN_USE, NONE), NXDOMAIN),
        (Prerequisite(Condition.NAME_NOT_IN_USE, NONE), NOERROR),
        (Prerequisite(Condition.NAME_NOT_IN_USE, WWW), YXDOMAIN),
        (Prerequisite(Condition.RRSET_EXISTS, WWW, A), NOERROR),
        (Prerequisite(Condition.RRSET_EXISTS, WWW, MX), NXRRSET),
        (Prerequisite(Condition.RRSET_EXISTS, NONE, A), NXRRSET),
        (Prerequisite(Condition.NO_RRSET, WWW, MX), NOERROR),
        (Prerequisite(Condition.NO_RRSET, WWW, A), YXRRSET),
        (Prerequisite(Condition.RRSET_EQUALS, WWW, A, BOTH), NOERROR),
        (Prerequisite(Condition.RRSET_EQUALS, WWW, A, BOTH | {bytes(4)}), NXRRSET),
        (Prerequisite(Condition.RRSET_EQUALS, WWW, A, frozenset(list(BOTH)[:1])), NXRRSET),
        (Prerequisite(Condition.RRSET_EQUALS, NONE, A, BOTH), NXRRSET),
        (
            Prerequisite(
                Condition.RRSET_EQUALS,
                owner_of("mail"),
                MX,
                frozenset({records.rdata_from_text(MX, "10 mx.example.NET.")}),
            ),
            NOERROR,
        ),
    ],
)
def test_prerequisites(prerequisite: Prerequisite, expected: Rcode) -> None:
    found, after = decision("delete www", prerequisites=(prerequisite,))
    assert found.rcode == expected
    assert bool(found.rrsets) == (expected == NOERROR)
    assert (lines(after) == lines(zone())) == (expected != NOERROR)


def test_prerequisites_come_before_what_is_wrong_with_the_update() -> None:
    fails = Prerequisite(Condition.NAME_IN_USE, NONE)
    assert decision(prerequisites=(fails,), error=NOTZONE)[0].rcode == NXDOMAIN
    assert decision(error=NOTZONE)[0] == Decision(NOTZONE)


# Updates (3.4.2) -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("operations", "added", "removed"),
    [
        (["add new 60 A 192.0.2.9"], {"new 60 A 192.0.2.9"}, set()),
        (["add www 60 A 192.0.2.9"], {"www 60 A 192.0.2.9"}, set()),
        (["add www 60 A 192.0.2.1"], set(), set()),
        (  # the TTL of the last one is the RRset's
            ["add www 5 A 192.0.2.1"],
            {"www 5 A 192.0.2.1", "www 5 A 192.0.2.2"},
            {"www 60 A 192.0.2.1", "www 60 A 192.0.2.2"},
        ),
        (["delete www A 192.0.2.1"], set(), {"www 60 A 192.0.2.1"}),
        (["delete www A 192.0.2.7", "delete none A 192.0.2.7"], set(), set()),
        (["delete www A"], set(), {"www 60 A 192.0.2.1", "www 60 A 192.0.2.2"}),
        (
            ["delete www"],
            set(),
            {"www 60 A 192.0.2.1", "www 60 A 192.0.2.2", 'www 60 TXT "a"'},
        ),
        (["delete www A", "add www 60 A 192.0.2.1"], set(), {"www 60 A 192.0.2.2"}),
        (["add x 60 A 192.0.2.9", "delete x"], set(), set()),
        (["delete mail MX 10 mx.EXAMPLE.net."], set(), {"mail 60 MX 10 Mx.example.net."}),
        # an alias stands alone, and another takes its place
        (["add www 60 CNAME mail.example.net."], set(), set()),
        (["add alias 60 A 192.0.2.9"], set(), set()),
        (
            ["add alias 60 CNAME mail.example.net."],
            {"alias 60 CNAME mail.example.net."},
            {"alias 60 CNAME www.example.net."},
        ),
        (["add @ 60 CNAME mail.example.net."], set(), set()),
        (
            ["add old 60 DNAME newer.example.net."],
            {"old 60 DNAME newer.example.net."},
            {"old 60 DNAME new.example.net."},
        ),
        # a zone keeps its SOA and its last NS
        (["delete @ NS", "delete @ SOA", "delete @"], set(), set()),
        (["delete @ NS ns.example.net."], set(), {"@ 300 NS ns.example.net."}),
        (
            ["delete @ NS ns.example.net.", "delete @ NS ns2.example.net."],
            set(),
            {"@ 300 NS ns.example.net."},
        ),
        (["delete @ SOA ns.example.net. hostmaster.example.net. 0 1 2 3 4"], set(), set()),
        (["add www 60 SOA a. b. 200 1 2 3 4"], set(), set()),
        (["add @ 60 SOA a. b. 100 1 2 3 4", "add @ 60 SOA a. b. 99 1 2 3 4"], set(), set()),
    ],
)
def test_operations(operations: list[str], added: set[str], removed: set[str]) -> None:
    def at_apex(text: set[str]) -> set[str]:
        return {line.replace("example.net ", "@ ", 1) if line[0] == "e" else line for line in text}

    found = change(*operations)
    assert (at_apex(found[0]), at_apex(found[1])) == (added, removed)


def test_a_later_soa() -> None:
    found, after = decision("add @ 60 SOA a. b. 101 1 2 3 4", "add @ 60 SOA c. d. 100 1 2 3 4")
    assert (found.rcode, found.serial) == (NOERROR, 101)
    soa = after[ORIGIN, records.SOA]
    assert soa == RRset(ORIGIN, 6, 60, (records.rdata_from_text(6, "a. b. 0 1 2 3 4"),))


# What may not be -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "operations",
    [
        ["add www 60 MX 10 a."],
        ["add x 60 A 192.0.2.9", "delete www MX"],
        ["delete www"],
        ["delete www TXT"],
    ],
)
def test_one_thing_that_may_not_be_changed_refuses_all(operations: list[str]) -> None:
    found, after = decision(*operations, allowed=lambda owner, number: number == A)
    why = "the key may not change this"
    assert found == Decision(REFUSED, reason=why, status=Status.NOTYOURS)
    assert lines(after) == lines(zone())


def test_what_secondaries_do_not_take() -> None:
    many = [f"add many 60 A 192.0.{n // 256}.{n % 256}" for n in range(MAX_RECORDS + 1)]
    assert decision(*many[:-1])[0].rcode == NOERROR
    assert decision(*many)[0].rcode == REFUSED
    assert decision("add below.old 60 A 192.0.2.9")[0].rcode == REFUSED
    assert decision("add old 60 A 192.0.2.9")[0].rcode == NOERROR


@given(
    st.lists(
        st.sampled_from(
            [
                "add www 60 A 192.0.2.9",
                "add www 5 A 192.0.2.1",
                "add alias 60 A 192.0.2.9",
                "add www 60 CNAME mail.example.net.",
                "add @ 60 SOA a. b. 101 1 2 3 4",
                "add @ 60 NS ns3.example.net.",
                "delete www",
                "delete www A",
                "delete www A 192.0.2.1",
                "delete alias",
                "delete @",
                "delete @ NS ns.example.net.",
                "delete @ NS ns2.example.net.",
                "delete @ NS",
            ]
        ),
        max_size=12,
    )
)
def test_whatever_is_done_a_zone_remains(operations: list[str]) -> None:
    found, after = decision(*operations)
    assert found.rcode == NOERROR
    assert after[ORIGIN, records.SOA].rdatas
    assert after[ORIGIN, records.NS].rdatas
    for owner in {owner for owner, _ in after}:
        types = {number for (at, number), one in after.items() if at == owner and one.rdatas}
        assert records.CNAME not in types or types == {records.CNAME}
    before = zone()
    for rrset in found.rrsets:
        assert before.get((rrset.owner, rrset.type)) != rrset
