"""What is known of secondaries: which serial each has of a zone, and since when it is behind."""

from __future__ import annotations

from collections import deque

from twisted.internet.interfaces import IDelayedCall

from ddns.model.records import is_later
from ddns.model.secondaries import Secondary, SecondaryState
from ddns.zone.requests import Reply

AHEAD = "ahead of this server"
"""What is wrong with a secondary whose serial is later than ours: it never follows by itself."""

REMEMBERED = 64
"""Changes of a zone whose times are remembered; there is one a second at most."""


class FollowedZone:
    """A zone with secondaries.

    ``changes`` are its last serials and when it got them, by a monotonic clock. ``pause`` ends the
    second in which its secondaries are not told, ``again`` says that it has changed meanwhile.
    """

    __slots__ = ("again", "catalog", "changes", "followers", "origin", "pause")

    def __init__(self, origin: bytes, catalog: bool) -> None:
        self.origin = origin
        self.catalog = catalog
        self.followers: dict[Secondary, Follower] = {}
        self.changes: deque[tuple[int, float]] = deque(maxlen=REMEMBERED)
        self.pause: IDelayedCall | None = None
        self.again = False


class Follower:
    """A secondary of one zone.

    ``serial`` is what it answered last, None while unknown; ``level`` says that it has all,
    ``ahead`` that its serial is later than ours.
    ``behind_since`` is the time of the first change that it lacks, by a monotonic clock.
    ``unanswered`` says that it has not replied to the last NOTIFY, ``told`` is when it did, in
    seconds since 1970.
    """

    __slots__ = (
        *("ahead", "behind_since", "level", "not_told", "secondary", "serial", "told"),
        *("unanswered", "unknown", "zone"),
    )

    def __init__(self, zone: FollowedZone, secondary: Secondary) -> None:
        self.zone = zone
        self.secondary = secondary
        self.serial: int | None = None
        self.level = self.ahead = False
        self.behind_since: float | None = None
        self.unanswered = True
        self.told: float | None = None
        self.not_told = ""  # what was wrong with the last NOTIFY
        self.unknown = ""  # why the serial is not known

    def is_current(self) -> bool:
        """Return whether it is still a secondary of its zone."""
        return self.zone.followers.get(self.secondary) is self

    def zone_changed(self, now: float) -> None:
        """The zone has changed, at *now* by the monotonic clock."""
        if self.behind_since is None:
            self.behind_since = now
        self.level = False
        self.unanswered = True

    def has_told(self, reply: Reply, ours: int, now: float) -> None:
        """Take over what it replied to the query for its SOA; *ours* is the zone's serial."""
        before, self.serial, self.unknown = self.serial, reply.serial, reply.problem
        # Knot answers no queries for catalogs.
        may_refuse = self.zone.catalog and reply.problem == "REFUSED"
        self.level = may_refuse or self.serial == ours
        self.ahead = self.serial is not None and is_later(self.serial, ours)
        if self.level:
            self.behind_since, self.unanswered = None, False
            return
        if self.serial is not None and self.serial != before:
            lacks = (at for serial, at in self.zone.changes if is_later(serial, reply.serial or 0))
            self.behind_since = next(lacks, self.behind_since)
        if self.behind_since is None:
            self.behind_since = now

    def is_silent(self, why: str, now: float) -> None:
        """It has not replied to that query."""
        self.serial, self.unknown, self.ahead = None, why, False
        if not self.level and self.behind_since is None:
            self.behind_since = now

    def state(self, now: float) -> SecondaryState:
        """Return what is known."""
        seconds = None if self.behind_since is None else max(0.0, now - self.behind_since)
        if self.level and self.serial is not None:
            seconds = 0.0
        not_told = f"NOTIFY: {self.not_told}" if self.not_told else ""
        problem = "; ".join(filter(None, (not_told, self.unknown, AHEAD if self.ahead else "")))
        return SecondaryState(self.secondary, self.serial, seconds, self.told, problem)
