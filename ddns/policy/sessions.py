"""Login sessions in memory: how long they last, how many there are, and what of them has to be
written down so that a restart ends none."""

from __future__ import annotations

import dataclasses
import itertools
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from ddns.model.session import Session

HOUR = 3600.0
"""Seconds by which what is written down of a session's last use may be behind."""

SWEEP = 10
"""Sessions that are looked at for whether they have expired whenever one is opened."""


@dataclass(slots=True)
class _Running:
    """A session, and by a monotonic clock when it ends and when it does unless it is used before.
    ``written`` is when it was last used by what is written down, None if nothing is."""

    session: Session
    ends: float
    idle: float
    written: float | None = None


@dataclass(frozen=True, slots=True)
class Changes:
    """Sessions to write down, and the digests of those to forget."""

    put: list[Session]
    remove: list[bytes]


class Sessions:
    """Sessions by the SHA-256 of their tokens. Of a method's two times *now* is monotonic and *at*
    in seconds since 1970.

    - *time*: seconds that a session lasts.
    - *idle_time*: seconds after which an unused session ends.
    - *capacity*, *of_one*: maximum number of sessions, in all and of one account; the least
      recently used is closed to make room.

    ``changed`` is called when there is something to write down; whoever does calls :meth:`take`
    first, and :meth:`settle` with what came of it.
    """

    def __init__(
        self,
        *,
        time: float = 2_592_000.0,
        idle_time: float = 604_800.0,
        capacity: int = 100_000,
        of_one: int = 20,
    ) -> None:
        self.time = time
        self.idle_time = idle_time
        self.changed: Callable[[], None] = lambda: None
        self._capacity = capacity
        self._of_one = of_one
        self._sessions: OrderedDict[bytes, _Running] = (
            OrderedDict()
        )  # the least recently used first
        self._of: dict[str, OrderedDict[bytes, None]] = {}
        self._put: set[bytes] = set()
        self._remove: set[bytes] = set()
        self._being_put: set[bytes] = set()

    def load(self, sessions: Iterable[Session], now: float, at: float) -> None:
        """Take over what was written down, the least recently used first. None lasts longer for a
        clock that was set back meanwhile."""
        for one in sessions:
            ends = now + min(self.time, one.created + self.time - at)
            idle = now + min(self.idle_time, one.used + self.idle_time - at)
            self._add(_Running(one, ends, min(ends, idle), one.used))
            if min(ends, idle) <= now:
                self.close(one.digest)

    def open(self, session: Session, now: float) -> None:
        """Start a session."""
        for digest in list(itertools.islice(self._sessions, SWEEP)):
            if self._sessions[digest].idle <= now:
                self.close(digest)
        ends = now + self.time
        self._add(_Running(session, ends, min(ends, now + self.idle_time)))
        if session.digest in self._sessions:
            self._put.add(session.digest)
            self.changed()

    def _add(self, running: _Running) -> None:
        digest, account = running.session.digest, running.session.account
        self._sessions[digest] = running
        mine = self._of.setdefault(account, OrderedDict())
        mine[digest] = None
        if len(mine) > self._of_one:
            self.close(next(iter(mine)))
        if len(self._sessions) > self._capacity:
            self.close(next(iter(self._sessions)))

    def find(self, digest: bytes, now: float, at: float) -> Session | None:
        """Return the session with this token digest and mark it as used."""
        running = self._sessions.get(digest)
        if running is None:
            return None
        if now >= running.idle:
            self.close(digest)
            return None
        running.idle = min(running.ends, now + self.idle_time)
        running.session = dataclasses.replace(running.session, used=at)
        self._sessions.move_to_end(digest)
        self._of[running.session.account].move_to_end(digest)
        if running.written is not None and abs(at - running.written) >= HOUR:
            self._put.add(digest)
            self.changed()
        return running.session

    def of(self, account: str, now: float) -> list[Session]:
        """Return the sessions of an account that have not expired, the last used first."""
        mine = (self._sessions[digest] for digest in self._of.get(account, ()))
        return [running.session for running in mine if now < running.idle][::-1]

    def close(self, digest: bytes) -> None:
        """End a session, if it exists."""
        running = self._sessions.pop(digest, None)
        if running is None:
            return
        mine = self._of[running.session.account]
        del mine[digest]
        if not mine:
            del self._of[running.session.account]
        self._put.discard(digest)
        if running.written is not None or digest in self._being_put:
            self._remove.add(digest)
            self.changed()

    def __len__(self) -> int:
        return len(self._sessions)

    # What is to be written down ----------------------------------------------------------------

    def write_all_uses(self) -> None:
        """Have all that is known of last uses written down, lest a restart end what is in use."""
        for digest, running in self._sessions.items():
            if running.session.used != running.written:
                self._put.add(digest)

    def take(self) -> Changes:
        """Return all that is not written down yet, for a writer of which there is one at a time."""
        changes = Changes([self._sessions[one].session for one in self._put], list(self._remove))
        self._being_put, self._put = self._put, set()
        self._remove.clear()
        return changes

    def settle(self, changes: Changes, *, written: bool) -> None:
        """Take note of whether the changes were written down; if not, they are still to be."""
        self._being_put.clear()
        if not written:
            self._put.update(one.digest for one in changes.put if one.digest in self._sessions)
            self._remove.update(changes.remove)
            return
        for one in changes.put:
            if (running := self._sessions.get(one.digest)) is not None:
                running.written = one.used
