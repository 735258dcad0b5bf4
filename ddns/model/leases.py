"""What lasts for a time only: records under a lease (RFC 9664), and hosts that are not heard of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

KEY = 25

DAY = 86_400.0


@dataclass(frozen=True, slots=True)
class Lease:
    """For how many seconds the records that an UPDATE adds are to stay (RFC 9664 4).

    KEY records stay for ``key`` seconds where that is given.
    """

    seconds: int
    key: int | None = None

    def of(self, number: int) -> int:
        """Return the seconds for records of a type."""
        return self.seconds if self.key is None or number != KEY else self.key

    def within(self, least: int, most: int) -> Lease:
        """Return the lease that is granted between these bounds, in seconds."""
        key = None if self.key is None else min(max(self.key, least), most)
        return Lease(min(max(self.seconds, least), most), key)


class Term(NamedTuple):
    """When a lease ends, in seconds since 1970, and for how many seconds it was granted."""

    until: float
    seconds: float


class LeasedRecord(NamedTuple):
    """A record under a lease; ``rdata`` is in canonical form
    (:func:`ddns.model.presentation.canonical`)."""

    zone: bytes
    owner: bytes
    type: int
    rdata: bytes
