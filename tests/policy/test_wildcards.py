"""Copies of wildcards' RRsets, in a zone that is a dict: the engine's answers tell."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Collection, Iterable

import dns.rcode
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ddns.model import names
from ddns.model.account import ZoneInfo
from ddns.model.copies import Copy, Touched
from ddns.model.names import ACME, CHALLENGES, PERSIST, WILDCARD, from_text
from ddns.model.records import CNAME, NS, TXT, A, RRset
from ddns.policy.rrset_rules import has_cname_and_other_data
from ddns.policy.wildcards import challenged, keep_wildcards
from tests.zone.building import read
from tests.zone.strategies import query, soa
from tests.zone.test_reference import engine_of

ORIGIN = from_text("a.t")
APEX = [soa(ORIGIN), RRset(ORIGIN, NS, 10, (b"\x02ns" + ORIGIN,))]


class Tree:
    """One zone, its copies, and the work on it."""

    def __init__(self) -> None:
        self.there = {(one.owner, one.type): one for one in APEX}
        self.kept: dict[tuple[bytes, int], Copy] = {}
        self.scans: Counter[str] = Counter()
        """How often the rule has asked for what takes a store a scan of the zone."""
        self._touched: dict[tuple[bytes, bytes], bool] = {}

    def put(self, rrset: RRset) -> None:
        key = rrset.owner, rrset.type
        self._touched.setdefault((ORIGIN, rrset.owner), bool(self.rrsets(ORIGIN, rrset.owner)))
        if rrset.rdatas:
            self.kept.pop(key, None)
            self.there[key] = rrset
        else:
            self.there.pop(key, None)

    def commit(self) -> list[Copy]:
        """Keep the copies that the rule wants; those that it has put."""
        self.scans.clear()
        put = keep_wildcards(self)
        for copy in put:
            key = copy.rrset.owner, copy.rrset.type
            assert key not in self.there
            if copy.rrset.rdatas:
                self.kept[key] = copy
            else:
                del self.kept[key]
        self._touched = {}
        return put

    def served(self) -> list[RRset]:
        return [*self.there.values(), *(copy.rrset for copy in self.kept.values())]

    def without_challenges(self) -> list[RRset]:
        return [one for one in self.there.values() if challenged(one.owner, ORIGIN) is None]

    # What the rule asks for --------------------------------------------------------------------

    def touched(self) -> Iterable[Touched]:
        return [
            Touched(zone, owner, existed, bool(self.rrsets(zone, owner)))
            for (zone, owner), existed in self._touched.items()
        ]

    def replaced(self) -> Collection[bytes]:
        return ()

    def zone(self, origin: bytes) -> ZoneInfo | None:
        return ZoneInfo(origin, 1)

    def rrsets(self, zone: bytes, owner: bytes) -> list[RRset]:
        return [one for one in self.there.values() if one.owner == owner]

    def has_copies_at(self, zone: bytes, owner: bytes) -> bool:
        return any(one.rrset.owner == owner for one in self.kept.values())

    def copies_below(self, zone: bytes, name: bytes) -> list[Copy]:
        self.scans["copies"] += 1
        return [one for one in self.kept.values() if names.is_subdomain(one.rrset.owner, name)]

    def copies_of(self, zone: bytes, source: bytes) -> list[Copy]:
        return [one for one in self.kept.values() if one.source == source]

    def owners_below(self, zone: bytes, name: bytes) -> list[bytes]:
        self.scans["owners"] += 1
        return self._below(name)

    def challenges_below(self, zone: bytes, name: bytes) -> list[bytes]:
        self.scans["challenges"] += 1
        return [one for one in self._below(name) if set(names.labels(one)) & set(CHALLENGES)]

    def _below(self, name: bytes) -> list[bytes]:
        return [owner for owner, _ in self.there if names.is_subdomain(owner, name)]


plain = st.lists(st.sampled_from([b"\x01a", b"\x01b", b"\x01c"]), max_size=3).map(
    lambda labels: b"".join(labels) + ORIGIN
)
"""Names without an asterisk: what is below one has no wildcard's answer (RFC 4592 2.2.1)."""

first_labels = {
    "ordinary": st.just(b""),
    "wildcard": st.just(WILDCARD),
    "challenge": st.sampled_from([ACME, PERSIST, b"\x02_x" + ACME]),
}


@st.composite
def changes(draw: st.DrawFn) -> RRset:
    """An RRset to put, or to delete; a wildcard's or a challenge's more often than not."""
    kind = draw(st.sampled_from(["ordinary", "wildcard", "challenge", "challenge"]))
    owner = draw(first_labels[kind]) + draw(plain)
    if kind == "challenge":
        rrset = RRset(owner, TXT, 60, (b"\x01x",))
    else:
        number = draw(st.sampled_from([A, A, TXT, CNAME]))
        last = draw(st.integers(1, 3))
        rdata = {A: bytes((10, 0, 0, last)), TXT: b"\x01x", CNAME: b"\x01a" + ORIGIN}
        rrset = RRset(owner, number, 60 + last, (rdata[number],))
    return rrset if draw(st.integers(0, 2)) else dataclasses.replace(rrset, rdatas=())


def is_possible(tree: Tree, rrset: RRset) -> bool:
    """Whether a zone may have this beside what it has."""
    if rrset.owner == ORIGIN:
        return False
    types = {one.type for one in tree.rrsets(ORIGIN, rrset.owner)} | {rrset.type}
    return not rrset.rdatas or not has_cname_and_other_data(types)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.lists(changes(), min_size=1, max_size=3), min_size=1, max_size=10),
    st.lists(plain, max_size=5),
)
def test_challenges_change_nothing_else(works: list[list[RRset]], asked: list[bytes]) -> None:
    """Names that are no challenge's have the answers that they would have without challenges: but
    for a name which has become an empty non-terminal where there is no wildcard."""
    tree = Tree()
    for work in works:
        for rrset in work:
            if is_possible(tree, rrset):
                tree.put(rrset)
        tree.commit()
        check_answers(tree, asked)


def check_answers(tree: Tree, asked: Iterable[bytes]) -> None:
    served, without = tree.served(), tree.without_challenges()
    above = {name for one in served for name in names.ancestors(one.owner)}
    engines = [engine_of({ORIGIN: rrsets}) for rrsets in (served, without)]
    questions = {*asked, *(name for name in above if names.is_subdomain(name, ORIGIN))}
    questions |= {b"\x01z" + name for name in questions if not name.startswith(WILDCARD)}
    for name in questions:
        if challenged(name, ORIGIN) is not None:
            continue
        for number in (A, TXT):
            replies = [engine.respond(query(name, number), b"", True) for engine in engines]
            assert None not in replies
            if replies[0] == replies[1]:
                continue
            answers = [read(reply or b"") for reply in replies]
            rcodes = [dns.rcode.to_text(answer.rcode()) for answer in answers]
            assert rcodes == ["NOERROR", "NXDOMAIN"]
            assert answers[0].answer == answers[1].answer  # aliases
            last = answers[0].answer[-1][0].target.to_wire() if answers[0].answer else name
            assert last in above


def test_records_that_are_put_and_deleted_at_once() -> None:
    """They have taken the place of copies."""
    tree, foo = Tree(), b"\x03foo" + ORIGIN
    tree.put(RRset(WILDCARD + ORIGIN, A, 60, (bytes(4),)))
    tree.put(RRset(ACME + foo, TXT, 60, (b"\x01x",)))
    tree.commit()
    kept = dict(tree.kept)
    assert {owner for owner, _ in kept} == {foo, WILDCARD + foo}
    for owner in (foo, WILDCARD + foo):
        tree.put(RRset(owner, A, 60, (b"\x7f\0\0\1",)))
        tree.put(RRset(owner, A, 60, ()))
        assert tree.commit()
        assert tree.kept == kept


def test_work_of_any_size_reads_the_zone_once() -> None:
    """Challenges come and go, the names below which they are, and the wildcards above them."""
    tree = Tree()
    some = [bytes([2]) + b"%02d" % number + ORIGIN for number in range(20)]

    def work(first: bytes, *rdatas: bytes, type: int = A) -> dict[tuple[bytes, int], Copy]:
        for name in some:
            tree.put(RRset(first + name, type, 60, rdatas))
        tree.commit()
        assert max(tree.scans.values()) == 1
        return tree.kept.copy()

    tree.put(RRset(WILDCARD + ORIGIN, A, 60, (bytes(4),)))
    assert not tree.commit()
    kept = work(ACME + b"\x01x", b"\x01x", type=TXT)
    assert {owner for owner, _ in kept} == {
        label + name for name in some for label in (b"", WILDCARD, b"\x01x", WILDCARD + b"\x01x")
    }
    for owner in (b"", WILDCARD):
        assert work(owner, b"\x7f\0\0\1") != kept
        assert work(owner) == kept
    assert not work(ACME + b"\x01x", type=TXT)


@pytest.mark.parametrize(
    ("owner", "name"),
    [
        ("_acme-challenge.b.a.t", "b.a.t"),
        ("_x._acme-challenge.b.a.t", "b.a.t"),
        ("_acme-challenge._validation-persist.b.a.t", "b.a.t"),
        ("_acme-challenge.a.t", "a.t"),
        ("b.a.t", None),
        ("x_acme-challenge.a.t", None),
        ("a.t", None),
    ],
)
def test_what_is_challenged(owner: str, name: str | None) -> None:
    assert challenged(from_text(owner), ORIGIN) == (None if name is None else from_text(name))
    assert challenged(from_text(owner), from_text(owner)) is None
