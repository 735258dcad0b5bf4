"""Results of a store's operations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, NamedTuple, TypeVar

from ddns.model.request_log import RequestEntry

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Committed(Generic[T]):
    """The outcome of a transaction: what the work returned, and the origins whose data changed."""

    value: T
    zones: frozenset[bytes]


@dataclass(frozen=True, slots=True)
class StagedResult:
    """RRsets that were added or changed, removed, and skipped because their names are hosts'."""

    written: int
    removed: int
    skipped: int


@dataclass(frozen=True, slots=True)
class Copied:
    """A backup: its size in octets, the last position of its journal, its number of zones."""

    size: int
    position: int
    zones: int


@dataclass(frozen=True, slots=True)
class Checked:
    """A check: the faults, a line each, 1000 at most, and how much was looked at."""

    faults: list[str]
    zones: int
    rrsets: int
    events: int


class SeenRequest(NamedTuple):
    """A request that is kept: its number, the host that it is kept with, if any, the account whose
    that host is or that it is kept with, whether its credentials were wrong, and the entry."""

    number: int
    host: bytes | None
    account: str | None
    failed: bool
    entry: RequestEntry
