"""Two ways to run the command: through a server, and alone with a database."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ddns.cli import main as command
from ddns.net.http.control import ControlListener
from ddns.system.files import socket_path
from tests.cli.commands import Ran, Run
from tests.forked import run_forked
from tests.house import House, house_at
from tests.net.reactors import PATIENCE, RunningReactor


@pytest.fixture(autouse=True)
def same_priority(monkeypatch: pytest.MonkeyPatch) -> None:
    """The command may lower its own priority, but not that of the tests that run it."""
    monkeypatch.setattr("ddns.cli.zones.give_way", lambda: lambda: None)


@pytest.fixture(autouse=True)
def time_zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """People are shown times of their own zone."""
    monkeypatch.setenv("TZ", "CET-1")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.fixture
def house(running: RunningReactor, tmp_path: Path) -> Iterator[House]:
    path = tmp_path / "ddns.sqlite"
    with house_at(running, path) as house:
        house.load()
        listener = ControlListener(running.reactor, house.operations, socket_path(path))
        running.call(listener.start)
        yield house
        running.call(listener.stop)


@pytest.fixture
def run(house: House, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the command here, on the server that listens."""

    def run(*arguments: str) -> Ran:
        status = command.main([*arguments, "--database", str(tmp_path / "ddns.sqlite")])
        return Ran(status, *capsys.readouterr())

    return run


@pytest.fixture
def alone(tmp_path: Path) -> Run:
    """Run the command in a process of its own, on a database that no server has."""

    def run(*arguments: str, text: str = "", env: dict[str, str] | None = None) -> Ran:
        done = run_forked(
            "ddns",
            list(arguments),
            text_in=text,
            folder=tmp_path,
            environment=env,
            timeout=PATIENCE * 3,  # it gives way to all else
        )
        return Ran(done.returncode, done.stdout, done.stderr)

    return run
