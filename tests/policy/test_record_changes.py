"""What changes of RRsets amount to."""

from __future__ import annotations

from typing import Any

import pytest
from dns.rcode import NOERROR, REFUSED

from ddns.model import names, records
from ddns.model.dynamic_update import Action
from ddns.model.record_changes import ChangeType, RRsetChange
from ddns.model.records import CNAME, MX, NS, SOA, TXT, A, RRset
from ddns.model.update import Status
from ddns.policy.dynamic_updates import MAX_RECORDS, Decision
from ddns.policy.record_changes import decide, operations

ORIGIN = names.from_text("example.net")
HOME = names.from_text("home.example.net")
ALIAS = names.from_text("alias.example.net")
BELOW = names.from_text("below.old.example.net")
X, Y, Z = b"\x01x", b"\x01y", b"\x01z"
REPLACE, DELETE, EXTEND, PRUNE = ChangeType


def rdata(number: int, text: str) -> bytes:
    return records.rdata_from_text(number, text)


THERE = [
    RRset(ORIGIN, SOA, 300, (rdata(SOA, "ns.example.net. host.example.net. 0 1 2 3 4"),)),
    RRset(ORIGIN, NS, 300, (rdata(NS, "ns.example.net."),)),
    RRset(HOME, TXT, 60, (X, Y)),
    RRset(HOME, MX, 60, (rdata(MX, "10 Mx.example.net."),)),
    RRset(ALIAS, CNAME, 60, (HOME,)),
    RRset(names.from_text("old.example.net"), 39, 60, (HOME,)),
]


def decided(*changes: RRsetChange, allowed: Any = lambda owner, number: True) -> Decision:
    def lookup(owner: bytes) -> list[RRset]:
        return [rrset for rrset in THERE if rrset.owner == owner]

    return decide(changes, ORIGIN, lambda owner: 77, lookup, allowed)


@pytest.mark.parametrize(
    ("change", "rrset"),
    [
        (RRsetChange(HOME, TXT, REPLACE, (Z, Z), 5), RRset(HOME, TXT, 5, (Z,))),
        (RRsetChange(HOME, TXT, REPLACE, (Z,)), RRset(HOME, TXT, 60, (Z,))),
        (RRsetChange(HOME, TXT, REPLACE, ()), RRset(HOME, TXT, 60, ())),
        (RRsetChange(HOME, TXT, REPLACE, (Y, X), 60), None),
        (RRsetChange(HOME, TXT, DELETE), RRset(HOME, TXT, 60, ())),
        (RRsetChange(HOME, TXT, EXTEND, (Z,)), RRset(HOME, TXT, 60, (X, Y, Z))),
        (RRsetChange(HOME, TXT, EXTEND, (X,)), None),
        (RRsetChange(HOME, TXT, EXTEND, (X,), 9), RRset(HOME, TXT, 9, (X, Y))),
        (RRsetChange(HOME, TXT, EXTEND, (Z,), keep=2), RRset(HOME, TXT, 60, (Y, Z))),
        (RRsetChange(HOME, TXT, EXTEND, (X,), keep=1), RRset(HOME, TXT, 60, (X,))),
        (RRsetChange(HOME, TXT, EXTEND, (X,), keep=2), RRset(HOME, TXT, 60, (Y, X))),
        (RRsetChange(HOME, TXT, EXTEND, (Y,), keep=2), None),
        (RRsetChange(HOME, TXT, PRUNE, (X, Z)), RRset(HOME, TXT, 60, (Y,))),
        (RRsetChange(HOME, TXT, PRUNE, (X, Y)), RRset(HOME, TXT, 60, ())),
        (RRsetChange(HOME, MX, PRUNE, (rdata(MX, "10 mX.example.net."),)), RRset(HOME, MX, 60, ())),
        (RRsetChange(HOME, MX, EXTEND, (rdata(MX, "10 MX.example.net."),)), None),
        (RRsetChange(HOME, A, EXTEND, (b"1234",)), RRset(HOME, A, 77, (b"1234",))),
        (RRsetChange(HOME, A, PRUNE, (b"1234",)), None),
        (RRsetChange(HOME, A, DELETE), None),
    ],
)
def test_one_change(change: RRsetChange, rrset: RRset | None) -> None:
    assert decided(change) == Decision(NOERROR, () if rrset is None else (rrset,))


def test_changes_are_made_one_after_the_other_and_together() -> None:
    to_host = [RRsetChange(ALIAS, CNAME, DELETE), RRsetChange(ALIAS, A, REPLACE, (b"1234",), 5)]
    for changes in (to_host, to_host[::-1]):
        found = decided(*changes)
        assert set(found.rrsets) == {RRset(ALIAS, CNAME, 60, ()), RRset(ALIAS, A, 5, (b"1234",))}


@pytest.mark.parametrize(
    "change",
    [
        RRsetChange(ALIAS, A, REPLACE, (b"1234",)),
        RRsetChange(HOME, CNAME, EXTEND, (ALIAS,)),
        RRsetChange(ORIGIN, NS, DELETE),
        RRsetChange(ORIGIN, NS, PRUNE, THERE[1].rdatas),
        RRsetChange(ORIGIN, SOA, REPLACE, ()),
        RRsetChange(HOME, SOA, REPLACE, THERE[0].rdatas),
        RRsetChange(ORIGIN, CNAME, REPLACE, (HOME,)),
        RRsetChange(ALIAS, CNAME, EXTEND, (ORIGIN,)),
        RRsetChange(BELOW, A, REPLACE, (b"1234",)),
        RRsetChange(HOME, A, REPLACE, tuple(n.to_bytes(4) for n in range(MAX_RECORDS + 1))),
    ],
)
def test_what_no_zone_may_have_is_refused_in_words(change: RRsetChange) -> None:
    found = decided(RRsetChange(HOME, TXT, DELETE), change)
    assert (found.rcode, found.rrsets, found.status) == (REFUSED, (), Status.BADREQUEST)
    assert found.reason


def test_one_change_that_is_not_allowed_refuses_all() -> None:
    found = decided(
        RRsetChange(HOME, TXT, DELETE),
        RRsetChange(HOME, MX, PRUNE, ()),
        allowed=lambda owner, number: number == TXT,
    )
    assert (found.rcode, found.rrsets, found.status) == (REFUSED, (), Status.NOTYOURS)


def test_the_serial_of_an_soa_is_the_server_s() -> None:
    changed = rdata(SOA, "ns.example.net. host.example.net. 4000000000 1 2 3 5")
    found = decided(RRsetChange(ORIGIN, SOA, REPLACE, (changed,)))
    (rrset,) = found.rrsets
    assert records.soa_serial(rrset.rdatas[0]) == 0
    assert found.serial is None


def test_as_operations_of_an_update() -> None:
    changes = [RRsetChange(HOME, TXT, kind, (X, Y)) for kind in (REPLACE, EXTEND, PRUNE)]
    found = operations([*changes, RRsetChange(HOME, A, DELETE)])
    assert [(one.action, one.rdata) for one in found] == [
        (Action.DELETE_RRSET, b""),
        *((Action.ADD, one) for one in (X, Y, X, Y)),
        *((Action.DELETE_RECORD, one) for one in (X, Y)),
        (Action.DELETE_RRSET, b""),
    ]
