"""Challenges for the server's own certificate in DNS: what is ours, and when it is there."""

from __future__ import annotations

import dns.rdatatype
import pytest
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from ddns.model import names
from ddns.model.record_changes import ChangeType
from ddns.model.records import RRset
from ddns.model.secondaries import Secondary, SecondaryState
from ddns.model.update import Outcome, Status
from ddns.server.challenge_records import FOLLOWING, ChallengeRecords
from ddns.updates.keyed_update import KeyedUpdate
from ddns.zone.zone import Zone, Zones

ORIGIN = names.from_text("example.net")
OWNER = "_acme-challenge.ddns.example.net"
SECONDARY = Secondary("192.0.2.53")


class Dns:
    """One zone with a delegation, whose secondary follows as a test says."""

    def __init__(self) -> None:
        self.zone = Zone(ORIGIN)
        cut = names.from_text("sub.example.net")
        self.zone.put(RRset(cut, dns.rdatatype.NS, 300, (names.from_text("ns.example.org"),)))
        self.clock = Clock()
        self.outcome = Outcome()
        self.updates: list[KeyedUpdate] = []
        self.states: list[SecondaryState] = []
        self.asked = 0
        self.records = ChallengeRecords(Zones([self.zone]), self, self._secondaries, self.clock)  # type: ignore[arg-type]

    def now(self) -> float:
        return 1_800_000_000.0

    async def perform_records(self, update: KeyedUpdate) -> Outcome:
        self.updates.append(update)
        return self.outcome

    async def _secondaries(self, origin: bytes) -> list[SecondaryState]:
        assert origin == ORIGIN
        self.asked += 1
        return self.states

    def present(self) -> Deferred[None]:
        return Deferred.fromCoroutine(self.records.present(OWNER, "x" * 43))


@pytest.fixture
def here() -> Dns:
    return Dns()


@pytest.mark.parametrize(
    ("name", "is_ours"),
    [
        ("example.net", True),
        ("ddns.example.net", True),
        ("sub.example.net", False),
        ("ddns.sub.example.net", False),
        ("example.org", False),
    ],
)
def test_what_is_ours(here: Dns, name: str, is_ours: bool) -> None:
    assert here.records.is_ours(name) == is_ours


def test_a_record_is_added_and_taken_away_by_the_server_itself(here: Dns) -> None:
    assert here.present().called
    assert Deferred.fromCoroutine(here.records.clean_up(OWNER, "x" * 43)).called
    rdata = (b"+" + b"x" * 43,)
    for update, action in zip(here.updates, (ChangeType.EXTEND, ChangeType.PRUNE), strict=True):
        assert (update.origin, update.key, update.author) == (ORIGIN, None, "server")
        (change,) = update.changes
        assert (change.owner, change.type) == (names.from_text(OWNER), dns.rdatatype.TXT)
        assert (change.action, change.rdatas) == (action, rdata)


def test_a_change_that_is_refused(here: Dns) -> None:
    here.outcome = Outcome(Status.BADREQUEST, reason="a CNAME is there")
    failed: list[str] = []
    here.present().addErrback(lambda failure: failed.append(str(failure.value)))
    assert failed == [f"{OWNER}: a CNAME is there"]


def test_an_alias_in_the_place_of_a_challenge(here: Dns) -> None:
    owner = names.from_text(OWNER)
    here.zone.put(RRset(owner, dns.rdatatype.CNAME, 300, (names.from_text("example.org"),)))
    here.outcome = Outcome(
        Status.BADREQUEST, reason=f"{OWNER} cannot be an alias and have other records"
    )
    failed: list[str] = []
    here.present().addErrback(lambda failure: failed.append(str(failure.value)))
    assert failed == [f"{OWNER} is an alias, beside which no challenge can be: delete the CNAME"]


def test_a_zone_that_is_removed_meanwhile(here: Dns) -> None:
    failed: list[str] = []
    gone = Deferred.fromCoroutine(here.records.clean_up("_acme-challenge.example.org", "x"))
    gone.addErrback(lambda failure: failed.append(str(failure.value)))
    assert failed == ["_acme-challenge.example.org: its zone is not ours any more"]
    assert here.updates == []


def test_secondaries_have_time_to_follow(here: Dns) -> None:
    here.states = [SecondaryState(SECONDARY, 1, 2.0)]
    present = here.present()
    here.clock.advance(1)
    here.clock.advance(1)
    assert not present.called
    here.states = [SecondaryState(SECONDARY, 2, 0.0)]
    here.clock.advance(1)
    assert present.called
    assert here.asked == 4


def test_but_one_that_does_not_answer_is_not_waited_for_without_end(here: Dns) -> None:
    here.states = [SecondaryState(SECONDARY)]
    present = here.present()
    for _ in range(int(FOLLOWING) + 1):
        here.clock.advance(1)
    assert present.called
