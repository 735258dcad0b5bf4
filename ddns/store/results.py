"""What some operations of a store tell of their work."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StagedResult:
    """RRsets added or changed, removed, and left out because their names belong to hosts."""

    written: int
    removed: int
    skipped: int


@dataclass(frozen=True, slots=True)
class Copied:
    """A copy: octets, the last position of its journal, and how many zones it has."""

    size: int
    position: int
    zones: int


@dataclass(frozen=True, slots=True)
class Checked:
    """What was looked at, and what is wrong with it: a line each, 1000 at most."""

    faults: list[str]
    zones: int
    rrsets: int
    events: int
