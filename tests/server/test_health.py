"""Who is told that the server is well, and when."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from ddns.model.journal import Author
from ddns.server import health as module
from ddns.server.health import PAUSE, Health, Stage
from ddns.store.interfaces import ITransaction
from tests.house import House, house_at
from tests.net.reactors import PATIENCE, RunningReactor

STANDSTILL = 60.0
AUTHOR = Author("operator", "test", 0.0)


@pytest.fixture
def house(running: RunningReactor, tmp_path: Path) -> Iterator[House]:
    with house_at(running, tmp_path / "ddns.sqlite") as house:
        yield house


@pytest.fixture
def health(house: House) -> Health:
    health = Health(house.store, lambda: house.time, STANDSTILL)
    health.reached(Stage.RUNNING)
    return health


def alive(house: House, health: Health) -> str:
    """What is said once the writer has had a chance to answer."""
    house.running.call(health.alive)
    settle(house)
    house.time += PAUSE
    found: str = house.running.call(health.alive)
    settle(house)
    return found


def ready(house: House, health: Health) -> str:
    house.running.call(health.ready)
    settle(house)
    found: str = house.running.call(health.ready)
    return found


def settle(house: House) -> None:
    """All that was brought to the writer has been done or refused."""
    house.running.call(
        lambda: house.store.transact(AUTHOR, lambda transaction: None).addErrback(lambda _: None)
    )


def test_a_server_that_is_well(house: House, health: Health) -> None:
    assert alive(house, health) == ""
    assert ready(house, health) == ""


@pytest.mark.parametrize(
    ("stages", "said"),
    [
        ([], "loading"),
        ([Stage.RUNNING], ""),
        ([Stage.STOPPING], "stopping"),
        ([Stage.RUNNING, Stage.STOPPING], "stopping"),
        ([Stage.STOPPING, Stage.RUNNING], "stopping"),  # told to stop while it was loading
        ([Stage.FAILED], "failed to start"),
    ],
)
def test_who_is_ready(house: House, stages: list[Stage], said: str) -> None:
    health = Health(house.store, lambda: house.time, STANDSTILL)
    for stage in stages:
        health.reached(stage)
    assert house.running.call(health.ready) == said
    assert alive(house, health) == "", "nobody is to restart it for this"


def test_a_locked_database_is_no_reason_to_restart(
    house: House, health: Health, tmp_path: Path
) -> None:
    other = sqlite3.connect(tmp_path / "ddns.sqlite", isolation_level=None)
    other.execute("begin immediate")
    for _ in range(3):
        assert alive(house, health) == ""
        house.time += STANDSTILL
    assert ready(house, health) == "the store fails"
    other.close()
    house.api("zone_add", origin="example.net")  # which writes something
    assert ready(house, health) == ""


def test_a_failure_is_forgotten_in_time(
    house: House, health: Health, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or a server to which nobody is sent any more would never be ready again."""
    other = sqlite3.connect(tmp_path / "ddns.sqlite", isolation_level=None)
    other.execute("begin immediate")
    assert ready(house, health) == "the store fails"
    other.close()
    house.time += PAUSE
    assert ready(house, health) == "the store fails", "that it is not locked says little"
    monkeypatch.setattr(module, "MEMORY", 0.0)
    assert ready(house, health) == ""


def test_a_database_that_was_removed(house: House, health: Health, tmp_path: Path) -> None:
    path = tmp_path / "ddns.sqlite"
    path.rename(tmp_path / "away")
    lost = f"{path} was removed or replaced while it was open"
    assert house.running.call(health.ready) == lost, "at once, though nothing was written since"
    assert alive(house, health) == "", "a restart would begin with nothing"
    house.time += 10 * module.MEMORY
    assert house.running.call(health.ready) == lost
    (tmp_path / "away").rename(path)
    house.api("zone_add", origin="example.net")
    assert ready(house, health) == ""


def test_a_writer_that_stands_still(house: House, health: Health) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def hang(transaction: ITransaction) -> None:
        begun.set()
        assert go_on.wait(PATIENCE)

    house.running.reactor.callFromThread(house.store.transact, AUTHOR, hang)
    assert begun.wait(PATIENCE)
    assert house.running.call(health.alive) == ""
    house.time += STANDSTILL - 0.1
    assert house.running.call(health.alive) == "", "it may be at something large"
    house.time += 0.1
    assert house.running.call(health.alive) == "the writer of the store stands still"
    assert house.running.call(health.ready) == "the writer of the store stands still"
    go_on.set()
    settle(house)
    assert house.running.call(health.alive) == ""


def test_asking_over_and_over_costs_the_writer_nothing(house: House, health: Health) -> None:
    def batches() -> int:
        return sum(house.store.stats().commits.works.counts)

    settle(house)
    before = batches()
    for _ in range(1000):
        house.running.call(health.alive)
    settle(house)
    assert batches() - before <= 2  # one, and that of settling
    assert house.running.call(lambda: house.store.stats().position) == 0, "nothing is journalled"


def test_a_store_that_is_closed(house: House, health: Health) -> None:
    house.running.call(house.store.close)
    health.reached(Stage.STOPPING)
    assert alive(house, health) == ""
    assert house.running.call(health.ready) == "stopping"
