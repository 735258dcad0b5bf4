"""kill -9 at random moments under load, and what has to be true after each.

A server is killed while clients update, while it starts (on what the last kill left), and while it
stops because it was told to.
"""

from __future__ import annotations

import random
import signal
import threading
import time
from collections import Counter as ConnectionCounter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial

from tests.conftest import ZONE
from tests.faults.counting import IMPORTED, SETTINGS, Counter, SerialWatcher, counters
from tests.faults.ledger import Ledger
from tests.processes import Server, eventually
from tests.programs import PATIENCE

MOMENTS = ("under load", "while it starts", "while it stops")
WEIGHTS = (5, 3, 2)


class Lost(AssertionError):
    """Something that was promised is not so."""


@dataclass
class Run:
    """One server, killed again and again; see :meth:`kill`."""

    server: Server
    chance: random.Random
    kills: ConnectionCounter[str] = field(default_factory=ConnectionCounter)
    stops: int = 0  # how often it had ended by itself before it was killed

    def __post_init__(self) -> None:
        self.server.with_settings(SETTINGS).with_miniupdate().start()
        self.counters: Sequence[Counter] = counters(self.server)
        self.watcher = SerialWatcher(ZONE, IMPORTED)
        self.ledger = Ledger()
        self._checked = [0] * len(self.counters)
        self._start_time = 1.0
        assert self.server.terminate() == 0, self.server.log

    def kill(self, moment: str | None = None) -> None:
        """Start the server, kill it at a random or the given moment, and look at what is left.

        :raises Lost: in words.
        """
        moment = moment or self.chance.choices(MOMENTS, WEIGHTS)[0]
        if moment == "while it starts":
            self._kill_while_it_starts()
        else:
            self._start()
            self._kill_while_it_runs(stop=moment == "while it stops")
        self._look_at_what_is_left()

    def finish(self) -> None:
        """A last start, and an orderly end.

        :raises Lost: in words.
        """
        self._start()
        faults = self.server.ddns("check")["faults"]
        self._hold([f"ddns check: {fault}" for fault in faults])
        self._hold([] if self.server.terminate() == 0 else [self.server.log])
        self._look_at_what_is_left()
        self._hold(["a mistake left a traceback"] if "Traceback" in self.server.log else [])

    # Moments ---------------------------------------------------------------------------------

    def _kill_while_it_starts(self) -> None:
        with self._load():
            self.server.spawn()
            # not to wait for something, but to hit the server at whatever it is doing
            time.sleep(self.chance.random() * self._start_time)
            self.server.kill()
        self.kills["while it starts"] += 1

    def _kill_while_it_runs(self, stop: bool) -> None:
        before = [len(counter.acknowledged) for counter in self.counters]
        with self._load():
            eventually(partial(self._all_have_more, before), "updates go on")
            time.sleep(self.chance.random() * 0.4)
            process = self.server.process
            assert process is not None
            if stop:
                process.send_signal(signal.SIGTERM)
                time.sleep(self.chance.random() * 0.15)
            self.server.kill()
        if process.returncode == -signal.SIGKILL:
            self.kills["while it stops" if stop else "under load"] += 1
        else:
            self._hold([] if process.returncode == 0 else [self.server.log])
            self.stops += 1

    @contextmanager
    def _load(self) -> Iterator[None]:
        """Clients at work."""
        over = threading.Event()
        threads = [
            threading.Thread(target=counter.work, args=(self.server, over))
            for counter in self.counters
        ]
        threads.append(threading.Thread(target=self.watcher.work, args=(self.server, over)))
        for thread in threads:
            thread.daemon = True
            thread.start()
        try:
            yield
        finally:
            over.set()
            for thread in threads:
                thread.join(PATIENCE)
        self._hold([f"{thread} hangs" for thread in threads if thread.is_alive()])

    def _all_have_more(self, before: Sequence[int]) -> bool:
        """Whether each has had an update acknowledged since."""
        self._hold([failure for counter in self.counters for failure in counter.failures])
        return all(
            len(counter.acknowledged) > count
            for counter, count in zip(self.counters, before, strict=True)
        )

    # What has to be true ---------------------------------------------------------------------

    def _start(self) -> None:
        """It starts, and DNS answers what was found in the database while nobody had it open."""
        began = time.monotonic()
        self.server.start()
        self._start_time = time.monotonic() - began
        self.watcher.look(self.server)
        wrong = []
        for host, number in self.ledger.numbers.items():
            answers = [int(part) for part in ".".join(self.server.answers(host)).split(".")]
            if answers != [10, *number.to_bytes(3, "big")]:
                wrong.append(f"{host}: DNS answers {answers}, the database has {number}")
        for origin, serial in self.ledger.serials.items():
            if self.watcher.highest[origin] != serial:
                told = self.watcher.highest[origin]
                wrong.append(f"{origin}: DNS tells serial {told}, the database has {serial}")
        self._hold(wrong)

    def _look_at_what_is_left(self) -> None:
        committed = self.ledger.read(self.server.database)
        wrong = [*self.ledger.failures, *self.watcher.failures]
        for index, counter in enumerate(self.counters):
            wrong += counter.failures
            new = set(counter.acknowledged[self._checked[index] :])
            self._checked[index] = len(counter.acknowledged)
            for host in counter.hosts:
                if lost := new - committed[host]:
                    wrong.append(f"{counter.way}: {host} has lost {sorted(lost)}")
                if self.ledger.numbers[host] > counter.attempted:
                    wrong.append(f"{counter.way}: {host} has what nobody asked for")
            if len({self.ledger.numbers[host] for host in counter.hosts}) > 1:
                wrong.append(f"{counter.way}: a part of a request was committed")
        for origin, told in self.watcher.highest.items():
            if told > self.ledger.serials[origin]:
                wrong.append(f"{origin}: DNS told serial {told}, which was not kept")
        self._hold(wrong)

    def _hold(self, wrong: Sequence[str]) -> None:
        if wrong:
            raise Lost("\n".join(wrong))
