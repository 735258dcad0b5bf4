"""Clients that run on after a refusal that is over by itself, and reach the right address.

Programs wait for five or ten minutes then; a clock of their own makes seconds of it.
"""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.clients.daemons import (
    Callback,
    Daemon,
    EzIpupdate,
    HttpDaemon,
    Miniupdate,
    Opnsense,
)
from tests.clients.documented import LOOPBACK, Place
from tests.conftest import ACCOUNT, HOST
from tests.processes import eventually
from tests.programs import program

SPEED = 100
"""How much faster the clock of a program goes."""

OLD, NEW = "198.51.100.1", "198.51.100.7"

Hurried = Callable[[float], Place]


@pytest.fixture
def hurried(make_place: Callable[[str], Place]) -> Hurried:
    """Makes a place whose host has just changed, and may do so again after some seconds."""

    def make(seconds: float) -> Place:
        place = make_place(f"[abuse]\nchange_burst = 1\nchange_interval = {seconds}\n")
        assert place.server.update(f"{ACCOUNT}:{place.key}", HOST, OLD).body == f"good {OLD}\n"
        return place

    return make


def refused(place: Place) -> bool:
    """Whether somebody was told to come again."""
    shown = place.server.call("host_show", name=HOST)["requests"]
    return any(one["reason"].startswith("too many changes") for one in shown)


@contextmanager
def running(command: list[str], folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A program with a fast clock, until the block ends."""
    faketime = [program("faketime"), "-f", f"+0 x{SPEED}"]
    with open(folder / "client.log", "wb") as log:
        process = subprocess.Popen(
            [*faketime, *command],
            cwd=folder,
            env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": str(folder)},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        os.killpg(process.pid, signal.SIGKILL)  # faketime, and the program, which is its child
        process.wait()


def assert_goes_on(place: Place, process: subprocess.Popen[bytes], address: str) -> None:
    """The program was refused, and the host gets its address all the same."""

    def is_there() -> bool:
        assert process.poll() is None, f"the program has ended with {process.returncode}"
        return place.server.answers(HOST) == [address]

    eventually(is_there, f"{HOST} has {address}", within=90.0)
    assert refused(place)
    place.assert_holds(address)


@pytest.mark.parametrize("title", ["inadyn: dyndns2", "inadyn: areg.php"])
def test_inadyn_goes_on_after_a_temporary_refusal(
    hurried: Hurried, title: str, tmp_path: Path
) -> None:
    inadyn, place = program("inadyn"), hurried(8)
    with running([inadyn, *place.inadyn(title, tmp_path)], tmp_path) as process:
        assert_goes_on(place, process, LOOPBACK)


@pytest.mark.parametrize("title", ["ddclient: dyndns2", "ddclient: dondominio"])
def test_ddclient_goes_on_after_a_temporary_refusal(
    hurried: Hurried, title: str, tmp_path: Path
) -> None:
    ddclient, place = program("ddclient"), hurried(8)
    program("IO::Socket::SSL")
    command = [ddclient, *place.ddclient(title, tmp_path), "-foreground", "-daemon=60"]
    with running(command, tmp_path) as process:
        assert_goes_on(place, process, LOOPBACK)


@pytest.mark.parametrize("kind", [EzIpupdate, Miniupdate, Opnsense, Callback])
def test_others_go_on_after_a_temporary_refusal(
    hurried: Hurried, kind: Callable[[Place], Daemon]
) -> None:
    place = hurried(3)
    daemon = kind(place)
    for times in itertools.count():
        daemon.wake(NEW)
        if daemon.done or daemon.ended:
            break
        assert times < 100
        time.sleep(0.3)
    assert not daemon.ended
    assert refused(place)
    place.assert_holds(NEW)


@pytest.mark.parametrize("kind", [Opnsense, Callback])
def test_who_believes_any_2xx_asks_again_until_it_is_done(
    place: Place, kind: Callable[[Place], HttpDaemon]
) -> None:
    """Its host is the account's at last."""
    daemon = kind(place)
    place.server.call("host_remove", name=HOST)
    daemon.wake(NEW)
    assert not daemon.done
    place.server.call("host_add", name=HOST, account=ACCOUNT)
    daemon.wake(NEW)
    assert daemon.done
    place.assert_holds(NEW)
