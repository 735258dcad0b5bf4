"""Login sessions, kept in memory only: a restart ends them, and no copy of the database contains
any."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass


@dataclass(slots=True)
class Session:
    """A session; times are monotonic.

    ``password`` is the account's password hash at login: once it changes, the session is invalid.
    """

    account: str
    password: str
    ends: float
    idle: float  # when it ends unless it is used before


class Sessions:
    """Sessions by the SHA-256 of their tokens.

    - *time*: seconds that a session lasts.
    - *idle_time*: seconds after which an unused session ends.
    - *capacity*, *of_one*: maximum number of sessions, in all and of one account; the least
      recently used is closed to make room.
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
        self._capacity = capacity
        self._of_one = of_one
        self._sessions: OrderedDict[bytes, Session] = OrderedDict()  # the least recently used first
        self._of: dict[str, OrderedDict[bytes, None]] = {}

    def open(self, digest: bytes, account: str, password: str, now: float) -> None:
        """Start a session."""
        ends = now + self.time
        self._sessions[digest] = Session(account, password, ends, min(ends, now + self.idle_time))
        mine = self._of.setdefault(account, OrderedDict())
        mine[digest] = None
        if len(mine) > self._of_one:
            self.close(next(iter(mine)))
        if len(self._sessions) > self._capacity:
            self.close(next(iter(self._sessions)))

    def find(self, digest: bytes, now: float) -> Session | None:
        """Return the session with this token digest and mark it as used."""
        session = self._sessions.get(digest)
        if session is None:
            return None
        if now >= session.idle:
            self.close(digest)
            return None
        session.idle = min(session.ends, now + self.idle_time)
        self._sessions.move_to_end(digest)
        self._of[session.account].move_to_end(digest)
        return session

    def close(self, digest: bytes) -> None:
        """End a session, if it exists."""
        session = self._sessions.pop(digest, None)
        if session is not None:
            mine = self._of[session.account]
            del mine[digest]
            if not mine:
                del self._of[session.account]

    def __len__(self) -> int:
        return len(self._sessions)
