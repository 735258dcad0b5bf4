"""Calls that may block, in threads that nobody waits for."""

from __future__ import annotations

import threading

import pytest
from twisted.internet.defer import CancelledError, ensureDeferred

from ddns.system.aside import Aside
from tests.net.reactors import PATIENCE, RunningReactor


def test_results_and_errors(running: RunningReactor) -> None:
    aside = Aside(running.reactor, "aside", 1)
    assert running.call(lambda: ensureDeferred(aside.run(threading.get_ident))) != running.call(
        threading.get_ident
    )
    with pytest.raises(ZeroDivisionError):
        running.call(lambda: ensureDeferred(aside.run(lambda: 1 // 0)))
    assert running.call(lambda: ensureDeferred(aside.run(lambda: 7))) == 7


def test_what_is_given_up_keeps_its_thread(running: RunningReactor) -> None:
    """Else whoever gives up often would have any number of them."""
    aside, go_on, began = Aside(running.reactor, "aside", 1), threading.Event(), []

    def give_up() -> None:
        for _ in range(3):
            call = ensureDeferred(aside.run(lambda: began.append(1) or go_on.wait(PATIENCE)))
            call.addErrback(lambda failure: failure.trap(CancelledError) and None)
            call.cancel()

    running.call(give_up)
    assert began == [1]
    go_on.set()
    assert running.call(lambda: ensureDeferred(aside.run(lambda: 7))) == 7
    assert began == [1]
