"""The keeper of the server's own certificate: when it orders, and what it makes of the answers."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.defer import Deferred
from twisted.logger import formatEvent, globalLogPublisher

from ddns.acme.issued import new_key
from ddns.acme.problem import Problem
from tests.acme.authorities import DAY, NAME, START, World, issue


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def order_times(world: World) -> list[float]:
    """When orders began, in seconds from the start."""
    return [at - START for at, _ in world.orders]


def test_without_a_certificate_one_is_ordered_at_once(world: World) -> None:
    world.start()
    assert order_times(world) == [0]
    ((issued,),) = world.used
    assert issued.names == {NAME}
    assert world.folder.certificate("ecdsa") == issued.pem
    state = world.keeper.state()
    assert (state.key_types, state.issuer, state.problem) == (("ecdsa",), "Fake CA", "")
    assert (state.expires, state.renewal) == (START + 90 * DAY, START + 60 * DAY)
    assert (state.issued_at, state.failed_at, state.ordering) == (START, None, False)
    assert world.open == 0, "all conversations were closed"


def test_it_is_renewed_after_two_thirds_of_its_lifetime(world: World) -> None:
    world.start()
    world.pass_time(60 * DAY - 3600)
    assert len(world.orders) == 1
    world.pass_time(3700)
    assert len(world.orders) == 2
    assert world.keeper.state().renewal == pytest.approx(START + 120 * DAY, abs=3600)


def test_so_is_one_that_lives_for_days_only(world: World) -> None:
    world.issue = lambda key_type: issue((NAME,), world.now(), 6 * DAY)
    world.start()
    world.pass_time(4 * DAY + 60)
    assert order_times(world) == [0, 4 * DAY]


def test_one_that_lives_for_seconds_is_not_replaced_every_few_seconds(world: World) -> None:
    world.issue = lambda key_type: issue((NAME,), world.now(), 3.0)
    world.start()
    world.pass_time(60)
    assert len(world.orders) == len(world.used) == 1
    world.pass_time(3600 - 60)
    assert order_times(world) == pytest.approx(range(0, 3601, 600), abs=10)


def test_a_start_with_a_certificate_orders_none(world: World) -> None:
    world.start()
    world.pass_time(DAY)
    for _ in range(3):
        world.restart()
    assert len(world.orders) == 1
    assert world.keeper.load()[0].names == {NAME}
    world.pass_time(60 * DAY)
    assert len(world.orders) == 2


@pytest.mark.parametrize("other", [{"directory": "https://other.example/"}, {"names": ("x.test",)}])
def test_one_for_something_else_is_replaced_at_once(
    world: World, other: dict[str, str | tuple[str, ...]]
) -> None:
    names = other.get("names", (NAME,))
    directory = other.get("directory", "https://ca.example/directory")
    world.folder.keep_certificate("ecdsa", issue(names, START, directory=directory))  # type: ignore[arg-type]
    assert len(world.keeper.load()) == 1, "it is used meanwhile"
    state = world.keeper.state()
    assert (state.names, state.wanted) == (names, (NAME,)), "people see what clients get"
    world.start()
    assert order_times(world) == [0]
    assert world.keeper.state().names == (NAME,)


@pytest.mark.parametrize("damaged", [b"", b"nonsense", new_key("ecdsa")])
def test_a_file_that_is_none_is_left_out(world: World, logged: list[str], damaged: bytes) -> None:
    world.folder.keep_certificate("ecdsa", damaged)
    assert world.keeper.load() == []
    assert logged == ["ecdsa.pem is left out: expected a private key and certificates in PEM"]
    world.start()
    assert len(world.used) == 1


def test_pauses_grow_from_a_minute_to_a_day(world: World) -> None:
    world.problem = Problem("no luck")
    world.start()
    world.pass_time(10 * DAY)
    times = order_times(world)
    pauses = [after - before for before, after in pairwise(times)]
    assert [round(one) for one in pauses[:8]] == [60, 180, 540, 1620, 4860, 14580, 43740, 86400]
    assert set(map(round, pauses[7:])) == {86400}
    state = world.keeper.state()
    assert (state.problem, state.failures) == ("no luck", len(times))
    assert state.failed_at == START + times[-1]
    world.problem = None
    world.pass_time(DAY)
    state = world.keeper.state()
    assert (state.problem, state.failed_at) == ("", None)
    assert len(world.used) == 1


def test_the_authority_may_want_a_longer_pause(world: World) -> None:
    world.problem = Problem("too many orders", wait=7200.0)
    world.start()
    world.pass_time(7100)
    assert len(world.orders) == 1
    world.pass_time(200)
    assert len(world.orders) == 2


def test_a_server_that_starts_again_and_again_keeps_the_pauses(world: World) -> None:
    world.problem = Problem("no luck")
    world.start()
    for _ in range(5):
        world.pass_time(10)
        world.restart()
    assert len(world.orders) == 1
    world.pass_time(11)
    assert len(world.orders) == 2


def test_a_restart_does_not_make_forget_why_the_last_order_failed(
    world: World, logged: list[str]
) -> None:
    world.problem = Problem("no luck")
    world.start()
    world.pass_time(10)
    world.restart()
    state = world.keeper.state()
    assert (state.problem, state.failed_at, state.failures) == ("no luck", START, 0)
    assert len([line for line in logged if "no luck" in line]) == 1, "it is told once"
    world.problem = None
    world.pass_time(60)
    world.restart()
    assert (world.keeper.state().problem, world.keeper.state().failed_at) == ("", None)


def test_a_note_from_before_problems_were_kept_holds(world: World, tmp_path: Path) -> None:
    world.problem = Problem("no luck")
    world.start()
    file = tmp_path / "acme" / "orders.json"
    note = json.loads(file.read_bytes())
    del note["problem"], note["failed_at"]
    file.write_text(json.dumps(note))
    world.restart()
    assert (world.keeper.state().problem, len(world.orders)) == ("", 1)


def test_one_that_is_killed_while_it_orders_keeps_them_too(world: World) -> None:
    world.records.waits = Deferred()
    world.start()
    assert len(world.records.there) == 1
    world.restart()
    assert world.records.there == set(), "what it has left in DNS is taken away"
    world.records.waits = None
    assert len(world.orders) == 1
    world.pass_time(61)
    assert len(world.orders) == 2


def test_other_settings_wait_for_no_pause(world: World, tmp_path: Path) -> None:
    world.problem = Problem("no luck")
    world.start()
    other = World(tmp_path, "www.example.net")
    other.start()
    assert len(other.orders) == 1


def test_a_clock_that_was_ahead_keeps_nobody_waiting(world: World) -> None:
    world.problem = Problem("no luck")
    world.clock.advance(1000 * DAY)
    world.start()
    world.clock.rightNow = START
    world.restart()
    world.pass_time(2 * DAY)
    assert len(world.orders) > 1


def test_challenges_are_there_for_the_authority_and_gone_afterwards(tmp_path: Path) -> None:
    world = World(tmp_path, "example.net", "*.example.net", "elsewhere.test")
    world.start()
    assert world.answered == [["dns-01", "dns-01", "http-01"]]
    (seen,) = world.seen
    assert seen == {
        ("_acme-challenge.example.net", "text for example.net"),
        ("_acme-challenge.example.net", "text for *.example.net"),
    }
    assert world.records.there == set()
    assert world.challenges.http_answer("token-of-elsewhere.test") is None


def test_a_challenge_that_fails(world: World) -> None:
    world.failing_challenge = Problem(f"{NAME}: no TXT record found")
    world.start()
    assert world.keeper.state().problem == f"{NAME}: no TXT record found"
    assert world.records.there == set()
    assert world.used == []


def test_a_record_that_stays_is_taken_away_later(world: World) -> None:
    world.records.stuck = True
    world.start()
    assert len(world.used) == 1
    assert len(world.records.there) == 1
    world.records.stuck = False
    world.restart()
    assert world.records.there == set()
    assert world.folder.note().records == ()


def test_a_wildcard_outside_our_zones(tmp_path: Path) -> None:
    world = World(tmp_path, "*.elsewhere.test")
    world.start()
    assert world.keeper.state().problem.startswith("*.elsewhere.test: a wildcard is shown in DNS")
    assert world.answered == []


def test_both_types_of_key(tmp_path: Path) -> None:
    world = World(tmp_path, key_types=("ecdsa", "rsa"))
    world.start()
    assert [key_type for _, key_type in world.orders] == ["ecdsa", "rsa"]
    assert [len(used) for used in world.used] == [1, 2]
    assert world.keeper.state().key_types == ("ecdsa", "rsa")
    for key_type in ("ecdsa", "rsa"):
        assert world.folder.certificate(key_type) is not None


@pytest.mark.parametrize(
    ("pem", "why"),
    [
        (issue(("other.test",), START), "the certificate is not for ddns.example.net"),
        (issue((NAME,), START, key=new_key("ecdsa")), "the certificate is for another key"),
        (issue((NAME,), START - 91 * DAY), "the certificate has expired already"),
        (issue((NAME,), START + DAY), "the certificate is not valid yet"),
        (b"Issued by x\n<html>", "expected a private key and certificates in PEM"),
    ],
)
def test_what_is_no_certificate_for_us_changes_nothing(world: World, pem: bytes, why: str) -> None:
    good = issue((NAME,), START - 70 * DAY)
    world.folder.keep_certificate("ecdsa", good)
    world.keeper.load()
    world.issue = lambda key_type: pem
    world.start()
    assert world.keeper.state().problem.startswith(why)
    assert world.used == []
    assert world.folder.certificate("ecdsa") == good


def test_one_that_tls_cannot_use_is_not_kept(world: World) -> None:
    world.unusable = Problem("TLS cannot use it")
    world.start()
    assert world.keeper.state().problem == "TLS cannot use it"
    assert world.folder.certificate("ecdsa") is None


def test_one_that_cannot_be_written_is_not_used(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, content: bytes) -> None:
        if path.name == "ecdsa.pem":
            raise OSError(28, "No space left on device")

    monkeypatch.setattr("ddns.acme.folder.write_private", full)
    world.start()
    assert world.keeper.state().problem.endswith("ecdsa.pem: No space left on device")
    assert world.used == []


def test_without_a_place_for_notes_nothing_is_ordered(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, content: bytes) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("ddns.acme.folder.write_private", full)
        world.start()
        world.pass_time(600)
        assert world.orders == []
        assert world.keeper.state().failures == 3, "its pauses grow as well"
    world.pass_time(600)
    assert len(world.used) == 1


def test_the_authority_says_when(world: World) -> None:
    world.renewal = lambda: (START + 30 * DAY, world.now() + 6 * 3600)
    world.start()
    assert world.keeper.state().renewal == START + 30 * DAY
    world.pass_time(30 * DAY - 60)
    assert len(world.orders) == 1
    assert len(world.questions) == pytest.approx(120, abs=2), "it is asked four times a day"
    world.pass_time(120)
    assert len(world.orders) == 2


def test_it_may_change_its_mind(world: World) -> None:
    world.renewal = lambda: (START + 60 * DAY, world.now() + 6 * 3600)
    world.start()
    world.pass_time(2 * DAY)
    world.renewal = lambda: (START, world.now() + 6 * 3600)  # as after a mistake of its own
    world.pass_time(6 * 3600 + 60)
    assert len(world.orders) == 2


def test_it_cannot_have_us_wait_until_it_is_too_late(world: World) -> None:
    world.renewal = lambda: (1e12, 1e12)
    world.start()
    assert world.keeper.state().renewal == START + 81 * DAY
    world.pass_time(DAY + 60)
    assert len(world.questions) == 2, "it is asked once a day at least"


def test_it_cannot_have_us_order_without_end(world: World) -> None:
    world.renewal = lambda: (0.0, 0.0)
    world.start()
    world.pass_time(3600)
    assert len(world.questions) <= 61
    world.pass_time(3 * DAY)
    assert len(world.orders) == 4


def test_an_authority_that_answers_nothing_when_asked(world: World) -> None:
    def fail() -> tuple[float | None, float]:
        raise Problem("no")

    world.renewal = fail
    world.start()
    world.pass_time(2 * DAY)
    assert 6 <= len(world.questions) <= 10
    assert world.keeper.state().problem == "", "there is a rule of ours"
    world.pass_time(58 * DAY + 60)
    assert len(world.orders) == 2


def test_an_operator_waits_for_no_pause(world: World) -> None:
    world.problem = Problem("no luck")
    world.start()
    asked = Deferred.fromCoroutine(world.keeper.renew())
    with pytest.raises(Problem, match="no luck"):
        asked.result.raiseException()  # type: ignore[union-attr]
    asked.addErrback(lambda failure: None)
    world.problem = None
    done = Deferred.fromCoroutine(world.keeper.renew())
    assert done.called
    assert len(world.orders) == 3
    assert len(world.used) == 1


def test_an_operator_lengthens_no_pause(world: World) -> None:
    world.problem = Problem("no luck")
    world.start()
    world.pass_time(30)
    for _ in range(3):
        Deferred.fromCoroutine(world.keeper.renew()).addErrback(lambda failure: None)
    assert order_times(world) == [0, 30, 30, 30]
    assert world.keeper.state().failed_at == START + 30
    world.pass_time(60 + 180)
    assert order_times(world)[4:] == [60, 240], "as if nobody had asked"


def test_the_authority_may_lengthen_one_that_an_operator_does_not(world: World) -> None:
    world.problem = Problem("too many orders", wait=7200.0)
    world.start()
    world.pass_time(3600)
    Deferred.fromCoroutine(world.keeper.renew()).addErrback(lambda failure: None)
    world.pass_time(7199)
    assert order_times(world) == [0, 3600]
    world.pass_time(1)
    assert order_times(world) == [0, 3600, 10_800]


def test_an_operator_waits_for_the_order_that_goes_on(world: World) -> None:
    world.records.waits = Deferred()
    world.start()
    done = Deferred.fromCoroutine(world.keeper.renew())
    assert not done.called
    assert world.keeper.state().ordering
    world.records.waits.callback(None)
    assert done.called
    assert len(world.orders) == 1


def test_a_stop_leaves_nothing_behind(world: World) -> None:
    world.records.waits = Deferred()
    world.start()
    waiting = Deferred.fromCoroutine(world.keeper.renew())
    assert len(world.records.there) == 1
    stopped = Deferred.fromCoroutine(world.keeper.stop())
    assert stopped.called
    assert world.records.there == set()
    assert world.clock.getDelayedCalls() == []
    assert world.open == 0
    problem: list[object] = []
    waiting.addErrback(lambda failure: problem.append(failure.value))
    assert str(problem[0]) == "the server stops"


def test_what_nobody_has_foreseen_is_no_reason_to_give_up(
    world: World, failures: list[Exception]
) -> None:
    def fail(key_type: str) -> bytes:
        raise ZeroDivisionError

    world.issue = fail
    world.start()
    assert [type(one) for one in failures] == [ZeroDivisionError]
    assert "not foreseen" in world.keeper.state().problem
    world.issue = world._issue
    world.pass_time(61)
    assert len(world.used) == 1


@pytest.fixture
def failures() -> Iterator[list[Exception]]:
    """Failures that are logged."""
    found: list[Exception] = []

    def observe(event: Mapping[str, Any]) -> None:
        if (failure := event.get("log_failure")) is not None:
            found.append(failure.value)

    globalLogPublisher.addObserver(observe)  # type: ignore[arg-type]
    yield found
    globalLogPublisher.removeObserver(observe)  # type: ignore[arg-type]


@pytest.fixture
def logged() -> Iterator[list[str]]:
    """Lines that are logged."""
    found: list[str] = []

    def observe(event: Mapping[str, Any]) -> None:
        found.append(formatEvent(event))  # type: ignore[arg-type]

    globalLogPublisher.addObserver(observe)  # type: ignore[arg-type]
    yield found
    globalLogPublisher.removeObserver(observe)  # type: ignore[arg-type]


def test_files_are_the_owners_alone(world: World, tmp_path: Path) -> None:
    world.folder.account_key()
    world.start()
    for path in (tmp_path / "acme").iterdir():
        assert os.stat(path).st_mode & 0o777 == 0o600
    assert os.stat(tmp_path / "acme").st_mode & 0o777 == 0o700
    first, again = world.folder.account_key(), world.folder.account_key()
    assert first.private_numbers() == again.private_numbers()


@pytest.mark.parametrize(
    "make", [lambda: b"", lambda: b"nonsense", lambda: new_key("rsa")], ids=["empty", "text", "rsa"]
)
def test_a_damaged_account_key_is_told_with_the_cure(
    world: World, tmp_path: Path, make: Callable[[], bytes]
) -> None:
    file = tmp_path / "acme" / "account.key"
    world.folder.account_key()
    file.write_bytes(make())
    world.start()
    problem = world.keeper.state().problem
    assert problem.startswith(f"{file} is damaged: expected a private key for ECDSA in PEM; move")
    file.rename(tmp_path / "away")
    world.pass_time(61)
    assert (world.keeper.state().problem, len(world.used)) == ("", 1)
