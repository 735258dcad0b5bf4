"""The pipeline: who is let in, what is written, and when it is called done."""

from __future__ import annotations

import dataclasses
import sqlite3
from collections.abc import Iterator
from hashlib import md5
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher
from twisted.internet.defer import Deferred

from ddns.api.errors import Conflict
from ddns.model import names, records
from ddns.model.account import Account, KeyKind
from ddns.model.journal import Author
from ddns.model.records import AAAA, CNAME, TXT, A
from ddns.model.rows import pack_rows
from ddns.model.update import (
    SUCCESSES,
    Cause,
    ChallengeResponse,
    Change,
    Credentials,
    Outcome,
    Remove,
    Replace,
    Status,
    Update,
)
from ddns.policy import secrets
from ddns.updates import updater
from tests.house import HOME, House, all_committed, change, house_at, until, update
from tests.net.reactors import RunningReactor


@pytest.fixture
def house(running: RunningReactor, tmp_path: Path) -> Iterator[House]:
    with house_at(running, tmp_path / "ddns.sqlite") as house:
        house.load()
        yield house


@pytest.fixture
def key(house: House) -> str:
    return house.fill()


@pytest.fixture
def password(house: House, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Password hashing that costs nothing; every check is noted."""
    checked: list[str] = []

    def verify(secret: str, hashed: str | None) -> bool:
        checked.append(secret)
        return hashed == f"hash of {secret}"

    monkeypatch.setattr(secrets, "hash_password", "hash of {}".format)
    monkeypatch.setattr(secrets, "verify_password", verify)
    house.api("account_add", name="carol", password="hers")
    house.api("zone_add", origin="carol.example", account="carol")
    house.slow.clear()
    return checked


ADDRESS = change("home.example.net", "198.51.100.7")


def status_of(outcome: Outcome) -> Status:
    """The one status of an update of one host."""
    if outcome.refusal is not None:
        assert outcome.results == ()
        return outcome.refusal
    (result,) = outcome.results
    return result.status


def try_once(house: House, user: str, secret: str, **more: Any) -> Status:
    return status_of(house.update(update(user, secret, ADDRESS, **more))[0])


# What an update does ---------------------------------------------------------------------------


def test_an_update_is_on_disk_and_answered(house: House, key: str) -> None:
    (outcome,) = house.update(update("alice", key, ADDRESS))
    assert outcome.user == "alice"
    assert [(r.change, r.status, r.addresses) for r in outcome.results] == [
        (ADDRESS, Status.GOOD, ("198.51.100.7",))
    ]
    assert house.answers() == ["198.51.100.7"]
    assert house.on_disk() == house.in_memory()
    assert try_once(house, "alice", key) is Status.NOCHG


def test_results_come_in_the_order_of_the_changes(house: House, key: str) -> None:
    house.api("host_add", name="b.example.net", account="alice")
    changes = [change(f"{name}.example.net", "198.51.100.7") for name in ("b", "none", "home")]
    (outcome,) = house.update(update("alice", key, *changes))
    assert [(result.change, result.status) for result in outcome.results] == list(
        zip(changes, [Status.GOOD, Status.NOHOST, Status.GOOD], strict=True)
    )


def test_the_journal_knows_who_when_and_how(house: House, key: str) -> None:
    house.update(update("alice", key, ADDRESS, at=1234.5))
    event = house.running.call(house.store.changes_since, 0)[-1]
    assert (event.author.who, event.author.via, event.author.at) == ("alice", "test", 1234.5)
    assert event.owner == HOME


def test_many_at_once_end_as_the_last_one_said(house: House, key: str) -> None:
    updates = [
        update("alice", key, change("home.example.net", f"198.51.100.{number}"))
        for number in range(1, 101)
    ]
    outcomes = house.update(*updates)
    assert {status_of(outcome) for outcome in outcomes} == {Status.GOOD}
    assert house.answers() == ["198.51.100.100"]
    assert house.on_disk() == house.in_memory()


def test_the_zone_answers_before_the_client_is_told(house: House, key: str) -> None:
    """Seen from within the turn of the reactor in which the outcome arrives."""
    seen = []

    async def work() -> None:
        outcome = await house.updater.perform(update("alice", key, ADDRESS))
        zone = house.zones.find(HOME)
        assert zone is not None
        seen.append((status_of(outcome), zone.rrset(HOME, 1)))

    house.running.call(work)
    assert seen[0][0] is Status.GOOD
    assert seen[0][1].rdatas == (bytes((198, 51, 100, 7)),)


@pytest.mark.parametrize("again", [False, True])
def test_nobody_is_told_while_the_zone_is_being_loaded(house: House, key: str, again: bool) -> None:
    """With ``nochg`` as well: it says that our DNS answers the address already."""

    async def work() -> None:
        gate: Deferred[None] = Deferred()
        real = house.store.scan

        def scan(origins: Any) -> Any:
            scan = real(origins)
            first = scan.next

            async def next_(most: int) -> Any:
                await gate
                return await first(most)

            scan.next = lambda most=1000: Deferred.fromCoroutine(next_(most))  # type: ignore[method-assign]
            return scan

        house.store.scan = scan  # type: ignore[method-assign]
        imported = Deferred.fromCoroutine(
            house.operations.zone_import("example.net", rows, "s", serial=500)
        )
        await until(house, lambda: house.publisher._loading, "the zone is being loaded")
        told: list[Outcome] = []
        update_ = update("alice", key, ADDRESS)
        done = [Deferred.fromCoroutine(house.updater.perform(update_)) for _ in range(1 + again)]
        for one in done:
            one.addCallback(told.append)
        await all_committed(house)
        assert told == []
        assert not imported.called
        gate.callback(None)
        for one in [*done, imported]:
            await one
        assert [status_of(outcome) for outcome in told] == [Status.GOOD, Status.NOCHG][: 1 + again]

    # The same records with a later serial: readers take the zone whole.
    rows = pack_rows(house.on_disk()[1])  # type: ignore[index]
    house.running.call(work)
    assert house.answers() == ["198.51.100.7"]
    assert house.in_memory() == house.on_disk()


# Failures --------------------------------------------------------------------------------------


def test_a_locked_database_fails_the_update_and_changes_nothing(
    house: House, key: str, tmp_path: Path
) -> None:
    before = house.on_disk(), house.in_memory()
    other = sqlite3.connect(tmp_path / "ddns.sqlite", isolation_level=None)
    other.execute("begin immediate")
    assert try_once(house, "alice", key) is Status.FAILED
    assert (house.on_disk(), house.in_memory()) == before
    other.close()
    assert try_once(house, "alice", key) is Status.GOOD


def test_a_closed_store_fails_the_update(house: House, key: str) -> None:
    house.running.call(house.store.close)
    assert try_once(house, "alice", key) is Status.FAILED


def test_a_mistake_of_ours_fails_the_update(
    house: House, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ddns.updates.updater.decide", lambda *args: 1 / 0)
    before = house.on_disk()
    assert try_once(house, "alice", key) is Status.FAILED
    assert house.on_disk() == before


def test_one_of_two_changes_that_fails_undoes_the_other(
    house: House, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ddns.updates import updater

    real = updater.decide
    monkeypatch.setattr(
        "ddns.updates.updater.decide", lambda c, *rest: real(c, *rest) if c is ADDRESS else 1 / 0
    )
    house.api("host_add", name="b.example.net", account="alice")
    before = house.on_disk()
    (outcome,) = house.update(update("alice", key, ADDRESS, change("b.example.net", "192.0.2.1")))
    assert outcome == Outcome(Status.FAILED)
    assert house.on_disk() == before
    assert house.answers() == []


# Who is let in ---------------------------------------------------------------------------------


def test_no_credentials(house: House, key: str) -> None:
    asked = Update("test", None, (ADDRESS,), "192.0.2.77", 0.0, refusal=Status.NUMHOST)
    assert house.update(asked) == [Outcome(Status.UNAUTHENTICATED)]


def test_a_key_costs_no_password_check(house: House, key: str) -> None:
    house.slow.clear()
    assert try_once(house, "alice", key) is Status.GOOD
    assert try_once(house, "ALICE", key) is Status.NOCHG
    assert house.slow == []


def test_a_password_is_checked_once(house: House, key: str, password: list[str]) -> None:
    mine = update("carol", "hers", change("carol.example", "192.0.2.1"))
    assert [status_of(house.update(mine)[0]) for _ in range(3)] == [
        Status.GOOD,
        Status.NOCHG,
        Status.NOCHG,
    ]
    assert password == ["hers"]


def test_unknown_user_wrong_secret_and_no_password_are_the_same(
    house: House, key: str, password: list[str]
) -> None:
    outcomes = house.update(
        update("carol", "wrong", ADDRESS),
        update("nobody", "wrong", ADDRESS),
        update("alice", "wrong", ADDRESS),
        update("", "", ADDRESS),
        update("\udcff", "\udcff", ADDRESS),
        update("nobody", "wrong", refusal=Status.NUMHOST),
    )
    told = [dataclasses.replace(outcome, cause=None, owner=None) for outcome in outcomes]
    assert told == [Outcome(Status.BADAUTH)] * 6
    assert len(password) == len(house.slow) == 5  # one of them came twice


def test_a_refusal_is_told_to_those_who_may_come_in(house: House, key: str) -> None:
    (outcome,) = house.update(update("alice", key, refusal=Status.NUMHOST))
    assert outcome == Outcome(Status.NUMHOST, user="alice")


def test_a_revoked_key_opens_nothing(house: House, key: str, password: list[str]) -> None:
    number = house.api("key_list")["keys"][0]["id"]
    house.api("key_revoke", number=number)
    assert try_once(house, "alice", key) is Status.BADAUTH


def test_a_changed_password_opens_at_once_and_the_old_one_nothing(
    house: House, password: list[str]
) -> None:
    mine = change("carol.example", "192.0.2.1")
    assert status_of(house.update(update("carol", "hers", mine))[0]) is Status.GOOD
    house.api("zone_remove", origin="carol.example")
    house.api("account_remove", name="carol")
    assert status_of(house.update(update("carol", "hers", mine))[0]) is Status.BADAUTH
    house.api("account_add", name="carol", password="new")
    assert status_of(house.update(update("carol", "hers", mine))[0]) is Status.BADAUTH
    assert status_of(house.update(update("carol", "new", mine))[0]) is Status.NOHOST


@pytest.mark.parametrize(
    ("cut", "number"), [("sub.example.net", records.NS), ("sub.example.net", records.DNAME)]
)
def test_a_hidden_host_is_not_said_to_be_answered(
    house: House, key: str, cut: str, number: int
) -> None:
    house.api("host_add", name="a.sub.example.net", account="alice")
    there = change("a.sub.example.net", "192.0.2.1")
    (outcome,) = house.update(update("alice", key, there))
    assert status_of(outcome) is Status.GOOD
    kind = records.type_to_text(number)
    house.api("record_set", owner=cut, type=kind, rdatas=["x.example.org"])
    (outcome,) = house.update(update("alice", key, there))
    assert status_of(outcome) is Status.NOHOST
    with pytest.raises(Conflict):
        house.api("host_add", name="b.sub.example.net", account="alice")


def test_real_passwords(house: House) -> None:
    house.api("account_add", name="dave", password="Pässword")
    assert try_once(house, "dave", "Pässword") is Status.NOHOST
    assert try_once(house, "dave", "pässword") is Status.BADAUTH


def test_a_hash_of_former_parameters_is_replaced_when_it_is_used(house: House) -> None:
    """By a right password only; sessions and updates go on with it."""
    former = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash("former")
    house.running.call(
        house.store.transact,
        Author("operator", "test", 1.0),
        lambda t: t.put_account(Account("dave", former)),
    )
    assert try_once(house, "dave", "wrong") is Status.BADAUTH
    assert house.directory.account("dave") == Account("dave", former)
    assert try_once(house, "dave", "former") is Status.NOHOST
    dave = house.directory.account("dave")
    assert dave is not None
    assert dave.password not in (None, former)
    assert not secrets.is_outdated(dave.password or "")
    assert try_once(house, "dave", "former") is Status.NOHOST
    assert house.directory.account("dave") == dave


def test_a_key_limited_to_a_host_reaches_no_other(house: House, key: str) -> None:
    house.api("host_add", name="b.example.net", account="alice")
    limited = house.api("key_add", account="alice", hosts=["b.example.net"])["key"]
    assert try_once(house, "alice", limited) is Status.NOTYOURS
    assert try_once(house, "b.example.net", limited) is Status.NOTYOURS
    (outcome,) = house.update(
        update("b.example.net", limited, change("b.example.net", "192.0.2.1"))
    )
    assert status_of(outcome) is Status.GOOD


# Credentials(...) shows no secret, so neither does an Update in a log.
def test_an_update_does_not_show_its_secret() -> None:
    assert "topsecret" not in repr(update("alice", "topsecret", ADDRESS))
    assert "topsecret" not in str(Credentials("alice", "topsecret"))


# The owner of a zone ---------------------------------------------------------------------------


def test_a_name_in_ones_own_zone_comes_back_from_offline(
    house: House, key: str, password: list[str]
) -> None:
    name = names.from_text("home.carol.example")
    house.api("record_set", owner="home.carol.example", type="A", rdatas=["127.0.0.1"], ttl=77)
    offline = Change("home.carol.example", name, (Remove(A), Remove(AAAA)))
    online = change("home.carol.example", "198.51.100.9")
    for asked in (offline, offline, online):
        (outcome,) = house.update(update("carol", "hers", asked))
        assert outcome.results[0].status in SUCCESSES, outcome
    assert house.answers(name) == ["198.51.100.9"]
    assert house.api("host_show", name="home.carol.example")["records"][0]["ttl"] == 77


def test_a_name_that_stays_online_stays_the_zones(
    house: House, key: str, password: list[str]
) -> None:
    house.api("record_set", owner="home.carol.example", type="A", rdatas=["127.0.0.1"])
    house.api("record_set", owner="carol.example", type="A", rdatas=["127.0.0.1"])
    apex = Change("carol.example", names.from_text("carol.example"), (Remove(A),))
    house.update(update("carol", "hers", change("home.carol.example", "198.51.100.9"), apex))
    assert house.api("host_list", account="carol")["hosts"] == []


@pytest.mark.parametrize("owner", ["alice", "carol"])
def test_both_families_come_back_from_offline(
    house: House, key: str, password: list[str], owner: str
) -> None:
    """Also where each needs a record of its type, and comes in a request of its own."""
    zone = {"alice": "example.net", "carol": "carol.example"}[owner]
    secret = {"alice": key, "carol": "hers"}[owner]
    name = names.from_text(f"home.{zone}")
    for kind, rdata in (("A", "127.0.0.1"), ("AAAA", "::1")):
        house.api("record_set", owner=f"home.{zone}", type=kind, rdatas=[rdata])
    offline = Change(f"home.{zone}", name, (Remove(A), Remove(AAAA)))
    four = Change(f"home.{zone}", name, (Replace(A, (b"\1\2\3\4",)),), True)
    six = Change(f"home.{zone}", name, (Replace(AAAA, (bytes(15) + b"\2",)),), True)
    for asked in (offline, four, six, offline, six, four):
        (outcome,) = house.update(update(owner, secret, asked))
        assert outcome.results[0].status is Status.GOOD, asked
    assert (house.answers(name), house.answers(name, AAAA)) == (["1.2.3.4"], ["::2"])


@pytest.mark.parametrize("owner", ["alice", "carol"])
def test_a_record_that_has_to_be_there(
    house: House, key: str, password: list[str], owner: str
) -> None:
    zone = {"alice": "example.net", "carol": "carol.example"}[owner]
    secret = {"alice": key, "carol": "hers"}[owner]
    house.api("record_set", owner=f"home.{zone}", type="A", rdatas=["127.0.0.1"])
    for number, rdata, status in (
        (AAAA, bytes(15) + b"\1", Status.NOHOST),
        (A, b"\1\2\3\4", Status.GOOD),
    ):
        wanted = dataclasses.replace(
            change(f"home.{zone}"), edits=(Replace(number, (rdata,)),), activated=True
        )
        (outcome,) = house.update(update(owner, secret, wanted))
        assert outcome.results[0].status is status


# Other ways to prove who one is ----------------------------------------------------------------


def test_an_update_without_changes_only_checks_the_credentials(house: House, key: str) -> None:
    before = house.on_disk()
    right, wrong = house.update(update("alice", key), update("alice", "wrong"))
    assert right == Outcome(user="alice")
    assert wrong == Outcome(Status.BADAUTH, cause=Cause.NOT_A_KEY)
    assert house.on_disk() == before


def test_a_disabled_key_is_told_so_and_changes_nothing(house: House, key: str) -> None:
    house.api("key_disable", number=1)
    (outcome,) = house.update(update("alice", key, ADDRESS))
    assert outcome == Outcome(Status.DISABLED, cause=Cause.DISABLED, owner="alice")
    assert house.answers() == []


@pytest.mark.parametrize("kind", [KeyKind.DONDNS, KeyKind.MINIUPDATE])
def test_a_password_opens_only_what_update_keys_open(
    house: House, key: str, password: list[str], kind: KeyKind
) -> None:
    asked = dataclasses.replace(update("carol", ""), credentials=Credentials("carol", "hers", kind))
    assert house.update(asked) == [Outcome(Status.BADAUTH, cause=Cause.NOT_A_KEY)]
    assert password == []
    house.update(update("carol", "hers"))
    assert house.update(asked) == [Outcome(Status.BADAUTH, cause=Cause.PASSWORD, owner="carol")]
    assert password == ["hers"]


def test_a_response_to_a_challenge(house: House, key: str) -> None:
    secret = house.api("key_add", account="alice", kind="miniupdate")["key"]
    challenge = "00112233445566778899aabbccddeeff"
    response = md5((md5(secret.encode()).hexdigest() + challenge).encode()).hexdigest()
    asked = update("alice", "", ADDRESS)
    right = dataclasses.replace(asked, credentials=ChallengeResponse("alice", challenge, response))
    wrong = dataclasses.replace(asked, credentials=ChallengeResponse("alice", response, response))
    assert house.update(wrong) == [Outcome(Status.BADAUTH, cause=Cause.WRONG)]
    assert house.update(right)[0].results[0].status is Status.GOOD
    assert house.answers() == ["198.51.100.7"]
    assert "response=" not in repr(right.credentials)


def test_many_hosts_are_updated_in_several_transactions(
    house: House, key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that queries wait for a few at most."""
    sizes: list[int] = []
    write = updater._write

    def counted(attempts: Any, *more: Any) -> Any:
        sizes.append(len(attempts))
        return write(attempts, *more)

    monkeypatch.setattr(updater, "_write", counted)
    changes = [change(f"h{number}.example.net", "198.51.100.7") for number in range(120)]
    (outcome,) = house.update(update("alice", key, *changes, ADDRESS))
    assert [result.change for result in outcome.results] == [*changes, ADDRESS]
    assert [result.status for result in outcome.results] == [Status.NOHOST] * 120 + [Status.GOOD]
    assert sizes == [50, 50, 21]


# Addresses that a zone does not allow ----------------------------------------------------------


def test_a_zone_of_public_addresses(house: House, key: str) -> None:
    house.api("zone_set", origin="example.net", addresses="public")
    refused = change("home.example.net", "198.51.100.7")
    both = change("home.example.net", "8.8.8.8", "10.0.0.1")
    public = change("home.example.net", "8.8.8.8")
    families = change("home.example.net", "100.64.1.2", "2606:4700::2")
    none = change("home.example.net", "100.64.1.2", "fd00::1", "fe80::1")
    for asked, status, addresses in (
        (refused, Status.BADADDRESS, ()),
        (both, Status.GOOD, ("8.8.8.8",)),
        (public, Status.NOCHG, ("8.8.8.8",)),
        (families, Status.GOOD, ("2606:4700::2",)),
        (families, Status.NOCHG, ("2606:4700::2",)),
        (none, Status.BADADDRESS, ()),
        (refused, Status.BADADDRESS, ()),
    ):
        (outcome,) = house.update(update("alice", key, asked))
        assert [(one.status, one.addresses) for one in outcome.results] == [(status, addresses)]
    assert house.answers() == ["8.8.8.8"]
    assert house.answers(number=AAAA) == ["2606:4700::2"]
    house.api("zone_set", origin="example.net", addresses="any")
    (outcome,) = house.update(update("alice", key, refused))
    assert outcome.results[0].status is Status.GOOD


def test_a_policy_that_changes_in_the_same_batch(house: House, key: str) -> None:
    """What one batch has read of a zone is forgotten when that changes."""

    async def work() -> list[Outcome]:
        perform = house.updater.perform
        asked = update("alice", key, change("home.example.net", "10.0.0.1"))
        first = Deferred.fromCoroutine(perform(asked))
        policy = Deferred.fromCoroutine(
            house.operations.zone_set("example.net", addresses="public")
        )
        asked = update("alice", key, change("home.example.net", "10.0.0.2"))
        second = Deferred.fromCoroutine(perform(asked))
        await policy
        return [await first, await second]

    first, second = house.running.call(work)
    assert first.results[0].status is Status.GOOD
    assert second.results[0].status is Status.BADADDRESS
    assert house.answers() == ["10.0.0.1"]


@pytest.mark.parametrize("has_wildcard", [False, True])
def test_no_text_that_lasts(house: House, key: str, has_wildcard: bool) -> None:
    """A wildcard that is there, or is set later, would lead ``_validation-persist`` to it."""
    house.api("host_set", name="home.example.net", wildcard=has_wildcard)
    wildcard = Replace(CNAME, (HOME,), names.WILDCARD)
    for text, status in ((b"\x19ca.example; accounturi=x:1", Status.NOTYOURS), (b"\x01x", None)):
        asked = Change("home.example.net", HOME, (Replace(TXT, (text,)), wildcard))
        (outcome,) = house.update(update("alice", key, asked))
        assert outcome.results[0].status is (status or Status.GOOD)
    shown = house.api("record_show", owner="home.example.net")["records"]
    assert [one["rdatas"] for one in shown] == [['"x"']]
