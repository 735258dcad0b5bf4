"""Fixtures that give tests a real server, and the word about programs that were missing."""

from __future__ import annotations

import unittest.mock
from collections.abc import Callable, Iterator
from pathlib import Path

import hypothesis
import pytest

from tests import programs
from tests.net.reactors import RunningReactor, running_reactor
from tests.processes import Server
from tests.schema import copy_or_migrate

# A machine that is busy with something else is no reason to fail.
hypothesis.settings.register_profile("ddns", deadline=None)
hypothesis.settings.load_profile("ddns")

Launch = Callable[..., Server]

ZONE = "example.net"
HOST = "home.example.net"
ACCOUNT = "alice"


@pytest.fixture(scope="session", autouse=True)
def quick_schema() -> Iterator[None]:
    with unittest.mock.patch("ddns.store.sqlite.database.migrate", copy_or_migrate):
        yield


@pytest.fixture(scope="module")
def running() -> Iterator[RunningReactor]:
    """A reactor in a thread."""
    with running_reactor() as running:
        yield running


@pytest.fixture
def make_server(tmp_path: Path) -> Iterator[Launch]:
    """Makes servers, none started, and ends those that run when the test is over. One without a
    database of its own gets the folder's ``ddns.sqlite``; a sample is only made where asked for."""
    made: list[Server] = []

    def make(*options: str, sample: bool = False, database: Path | None = None) -> Server:
        if not sample:
            options = ("--no-sample", *options)
        made.append(Server(tmp_path, *options, database=database))
        return made[-1]

    yield make
    for server in made:
        server.clean_up()


@pytest.fixture
def server(make_server: Launch) -> Server:
    """A server that runs, with zone example.net in which account alice has host home."""
    server = make_server().start()
    server.call("zone_add", origin=ZONE)
    server.call("account_add", name=ACCOUNT)
    server.call("host_add", name=HOST, account=ACCOUNT)
    return server


@pytest.fixture
def login(server: Server) -> str:
    """``user:key`` of the account of :func:`server`."""
    return f"{ACCOUNT}:{server.call('key_add', account=ACCOUNT)['key']}"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what was not tested for want of a program."""
    skipped = terminalreporter.stats.get("skipped", [])
    if missing := dict(programs.MISSING.findall("\n".join(str(one.longrepr) for one in skipped))):
        terminalreporter.section("programs that this machine lacks", red=True)
        terminalreporter.line(f"{', '.join(sorted(missing))}: their tests did not run.")
        terminalreporter.line(f"On Debian: apt-get install {' '.join(sorted(missing.values()))}")
