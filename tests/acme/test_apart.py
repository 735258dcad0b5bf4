"""Work in threads that nobody has to wait for."""

from __future__ import annotations

import threading

import pytest
from twisted.internet.defer import CancelledError, Deferred

from ddns.acme.apart import Apart
from ddns.acme.problem import Problem
from tests.net.reactors import RunningReactor


def test_a_result_comes_to_the_reactor(running: RunningReactor) -> None:
    apart = Apart(running.reactor)
    threads: list[threading.Thread] = []

    def work() -> int:
        threads.append(threading.current_thread())
        return 7

    assert running.call(lambda: apart.run(work, 20.0)) == 7
    assert threads[0].daemon, "the process may end without it"


def test_so_does_an_error(running: RunningReactor) -> None:
    apart = Apart(running.reactor)

    def work() -> int:
        raise Problem("no luck")

    with pytest.raises(Problem, match="no luck"):
        running.call(lambda: apart.run(work, 20.0))


def test_what_takes_too_long_is_not_waited_for(running: RunningReactor) -> None:
    apart, go_on = Apart(running.reactor), threading.Event()
    with pytest.raises(Problem, match="has not answered within 0 s"):
        running.call(lambda: apart.run(go_on.wait, 0.05))
    go_on.set()
    assert running.call(lambda: apart.run(lambda: "next", 20.0)) == "next"


def test_what_is_given_up_is_not_heard_of(running: RunningReactor) -> None:
    apart, go_on = Apart(running.reactor), threading.Event()

    def give_up() -> Deferred[bool]:
        waiting = apart.run(go_on.wait, 20.0)
        waiting.cancel()
        return waiting

    with pytest.raises(CancelledError):
        running.call(give_up)
    go_on.set()
    assert running.call(lambda: apart.run(lambda: "next", 20.0)) == "next"
