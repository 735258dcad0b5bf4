"""Records by which certificates are issued, as tools change them with their keys."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from dns.rcode import REFUSED
from twisted.internet.defer import Deferred

from ddns.model import names
from ddns.model.account import Account, Block, Key, KeyKind, Right
from ddns.model.journal import Author
from ddns.model.leases import DAY
from ddns.model.record_changes import ChangeType, RRsetChange
from ddns.model.records import CNAME, TXT, A
from ddns.model.update import Outcome, Status
from ddns.store.interfaces import ITransaction
from ddns.updates.expiring import end_leases
from ddns.updates.keyed_update import KeyedUpdate
from ddns.updates.record_updater import RecordUpdater
from tests.house import HOME, ORIGIN, House, house_at
from tests.net.reactors import RunningReactor

FOO = names.from_text("foo.example.net")
CHALLENGE = names.ACME + FOO
PERSIST = names.PERSIST + names.from_text("home.example.net")
DIGESTS = [b"\x2b" + bytes([letter]) * 43 for letter in b"abc"]


class Tool:
    """Changes records of a zone of the operator's with a key of alice's."""

    def __init__(self, house: House) -> None:
        house.fill()
        self.house = house
        self.keep = DAY
        self.updater = RecordUpdater(
            house.store,
            house.directory,
            house.publisher,
            house.limiter,
            house.blocker,
            lambda: house.time,
            lambda: house.operations.rules,
            lambda: self.keep,
        )
        self.rights = frozenset({Right.RECORDS})
        self.zones: frozenset[bytes] | None = frozenset({ORIGIN})
        self.types: frozenset[int] | None = None
        self.meanwhile: Callable[[ITransaction], Any] = lambda transaction: None
        """What is committed while a change is on its way."""

    def change(
        self,
        action: ChangeType,
        owner: bytes,
        *rdatas: bytes,
        number: int = TXT,
        dialect: str = "powerdns",
        key: bool = True,
    ) -> Outcome:
        changes = (RRsetChange(owner, number, action, rdatas),)
        signer = self.key() if key else None
        update = KeyedUpdate(dialect, ORIGIN, signer, changes, "192.0.2.7", self.house.time, "/")

        async def perform() -> Outcome:
            author = Author("operator", "test", self.house.time)
            other = self.house.store.transact(author, self.meanwhile)
            performed = Deferred.fromCoroutine(self.updater.perform(update))
            await other
            return await performed

        outcome: Outcome = self.house.running.call(perform)
        return outcome

    def key(self) -> Key:
        """A key of hers with these rights, zones and types."""
        terms = self.rights, self.zones, self.types
        keys = self.transact(lambda t: t.keys("alice"))
        for one in keys:
            if (one.rights, one.zones, one.types) == terms:
                return one  # type: ignore[no-any-return]
        digest = hashlib.sha256(bytes(len(keys))).digest()
        limits = {"rights": self.rights, "zones": self.zones, "types": self.types}
        new = Key(0, "alice", KeyKind.UPDATE, digest, **limits)  # type: ignore[arg-type]
        return self.transact(lambda t: t.add_key(new))  # type: ignore[no-any-return]

    def ends(self, owner: bytes = CHALLENGE) -> dict[bytes, float]:
        """When leases end, by the rdata."""
        leases = self.transact(lambda t: t.leases(ORIGIN, owner, TXT))
        return {rdata: term.until for rdata, term in leases.items()}

    def transact(self, work: Callable[[ITransaction], Any]) -> Any:
        author = Author("server", "test", self.house.time)
        return self.house.running.call(self.house.store.transact, author, work).value


@pytest.fixture
def tool(running: RunningReactor, tmp_path: Path) -> Iterator[Tool]:
    with house_at(running, tmp_path / "ddns.sqlite") as house:
        house.load()
        yield Tool(house)


def test_what_is_in_another_zone_is_asked_after_what_the_key_may(tool: Tool) -> None:
    tool.house.api("zone_add", origin="sub.example.net")
    owner = names.ACME + names.from_text("sub.example.net")
    assert tool.change(ChangeType.REPLACE, owner, DIGESTS[0]).refusal is Status.NOHOST
    tool.zones = frozenset()
    assert tool.change(ChangeType.REPLACE, owner, DIGESTS[0]).refusal is Status.NOTYOURS


def test_answers_to_challenges_stay_a_day(tool: Tool) -> None:
    """From when they were written last, each by itself; any that a tool writes anew in vain."""
    one, two, _ = DIGESTS
    tool.change(ChangeType.REPLACE, CHALLENGE, one)
    tool.house.time += 100
    tool.change(ChangeType.EXTEND, CHALLENGE, two)
    assert tool.ends() == {one: 1000 + DAY, two: 1100 + DAY}
    tool.house.time += 100
    assert tool.change(ChangeType.EXTEND, CHALLENGE, one).results[0].status is Status.NOCHG
    tool.change(ChangeType.PRUNE, CHALLENGE, two)
    assert tool.ends() == {one: 1200 + DAY}


def test_other_text_stays(tool: Tool) -> None:
    one, two, three = DIGESTS
    shown = names.to_text(CHALLENGE), [f'"{rdata[1:].decode()}"' for rdata in (one, two)]
    tool.house.api("record_set", owner=shown[0], type="TXT", rdatas=shown[1])
    tool.change(ChangeType.REPLACE, CHALLENGE, one, three, b"\x01x")
    assert tool.ends().keys() == {three}
    tool.change(ChangeType.REPLACE, FOO, one)
    assert tool.ends(FOO) == {}
    tool.change(ChangeType.REPLACE, FOO, two, dialect="acme-dns")
    assert tool.ends(FOO).keys() == {two}
    tool.keep = 0.0
    tool.change(ChangeType.REPLACE, CHALLENGE, three)
    assert tool.ends() == {}


def test_the_wildcard_stays_during_a_challenge(tool: Tool) -> None:
    def served() -> list[list[str]]:
        return [tool.house.answers(owner, A) for owner in (FOO, names.WILDCARD + FOO)]

    tool.house.api("record_set", owner="*.example.net", type="A", rdatas=["192.0.2.1"])
    for digest in DIGESTS:
        tool.change(ChangeType.EXTEND, CHALLENGE, digest)
        assert served() == [["192.0.2.1"]] * 2
    tool.change(ChangeType.DELETE, CHALLENGE)
    assert served() == [[], []]


def test_the_wildcard_is_itself_again_when_the_answer_is_over(tool: Tool) -> None:
    tool.house.api("record_set", owner="*.example.net", type="A", rdatas=["192.0.2.1"])
    tool.change(ChangeType.EXTEND, CHALLENGE, DIGESTS[0])
    for now, number in ((tool.house.time + DAY - 1, 2), (tool.house.time + DAY, 0)):
        tool.transact(partial(end_leases, now))
        copies = tool.transact(lambda t: t.copies_below(ORIGIN, ORIGIN))
        assert len(copies) == number


@pytest.mark.parametrize("zones", [frozenset({ORIGIN}), None])
def test_what_lasts_takes_a_right_of_its_own(tool: Tool, zones: frozenset[bytes] | None) -> None:
    """Of a key for the zone as for the host; without a key nobody has it."""
    tool.zones = zones
    for key in (True, False):
        refused = tool.change(ChangeType.REPLACE, PERSIST, b"\x01x", key=key)
        assert (refused.refusal, refused.rcode) == (Status.NOTYOURS, REFUSED)
        assert "persist" in refused.reason
    tool.rights |= {Right.PERSIST}
    long = bytes((255,)) + b"a" * 255 + b"\x05issue"
    done = tool.change(ChangeType.REPLACE, PERSIST, long, b"\x01x")
    assert done.results[0].status is Status.GOOD
    assert tool.ends(PERSIST) == {}
    shown = tool.house.api("record_show", owner=names.to_text(PERSIST))["records"]
    assert shown[0]["rdatas"][0] == f'"{"a" * 255}" "issue"'
    tool.rights -= {Right.PERSIST}
    assert tool.change(ChangeType.DELETE, PERSIST).refusal is Status.NOTYOURS


@pytest.mark.parametrize("types", [None, frozenset({TXT, CNAME})])
def test_a_wildcard_is_no_way_around_the_right(tool: Tool, types: frozenset[int] | None) -> None:
    """It would answer for the name that takes it; whoever may delegate names needs no alias."""
    owner = names.WILDCARD + HOME
    lasting = b"\x19ca.example; accounturi=x:1"
    tool.types = types
    for key in (True, False):
        refused = tool.change(ChangeType.REPLACE, owner, lasting, key=key)
        assert (refused.refusal, refused.rcode) == (Status.NOTYOURS, REFUSED)
        assert "persist" in refused.reason
    assert tool.change(ChangeType.REPLACE, owner, b"\x0bv=spf1 -all").refusal is None
    tool.change(ChangeType.DELETE, owner)
    to_home = tool.change(ChangeType.REPLACE, owner, HOME, number=CNAME)
    assert to_home.results[0].status is Status.GOOD
    away = tool.change(ChangeType.REPLACE, owner, FOO, number=CNAME)
    assert away.refusal is (None if types is None else Status.NOTYOURS)
    tool.rights |= {Right.PERSIST}
    assert tool.change(ChangeType.REPLACE, owner, FOO, number=CNAME).refusal is None
    tool.change(ChangeType.DELETE, owner, number=CNAME)
    assert tool.change(ChangeType.REPLACE, owner, lasting).results[0].status is Status.GOOD


CLOSING: dict[str, Callable[[ITransaction, Key, Account], Any]] = {
    "revoked": lambda t, key, account: t.remove_key(key.id),
    "disabled": lambda t, key, account: t.change_key(replace(key, enabled=False)),
    "regenerated": lambda t, key, account: t.change_key(replace(key, digest=bytes(32))),
    "blocked": lambda t, key, account: t.put_account(replace(account, block=Block("why", 0.0))),
    "no operator's": lambda t, key, account: t.put_account(replace(account, operator=False)),
}


@pytest.mark.parametrize("right", [Right.RECORDS, Right.OPERATOR])
@pytest.mark.parametrize("how", CLOSING)
def test_a_key_that_is_closed_meanwhile_changes_nothing(tool: Tool, how: str, right: Right) -> None:
    """It was let in, and others were before it when it was closed."""
    tool.house.api("account_set", name="alice", operator=True)
    tool.rights = frozenset({right})
    key, account = tool.key(), tool.transact(lambda t: t.account("alice"))
    tool.meanwhile = lambda transaction: CLOSING[how](transaction, key, account)
    outcome = tool.change(ChangeType.REPLACE, CHALLENGE, DIGESTS[0])
    if how == "no operator's" and right is Right.RECORDS:
        assert outcome.refusal is None
        return
    assert (outcome.refusal, outcome.rcode) == (Status.NOTYOURS, REFUSED)
    assert tool.house.api("record_show", owner=names.to_text(CHALLENGE))["records"] == []


def test_the_owner_of_a_host_sets_what_lasts(tool: Tool) -> None:
    """It is the host's: it goes with the host."""
    owner, rdata = names.to_text(PERSIST), f'"{"a" * 255}" "issue"'
    house = tool.house
    house.person("alice", "record_set", owner=owner, type="TXT", rdatas=[rdata])
    (shown,) = house.api("host_show", name="home.example.net")["records"]
    assert (shown["owner"], shown["rdatas"]) == (owner, [rdata])
    house.api("host_remove", name="home.example.net")
    assert house.api("record_show", owner=owner)["records"] == []
