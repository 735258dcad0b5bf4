"""Changes of RRsets as tools ask for them, in the words of PowerDNS's HTTP API."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class ChangeType(enum.Enum):
    """What is to become of an RRset."""

    REPLACE = "have exactly these records"
    DELETE = "have none"
    EXTEND = "have these records as well"
    PRUNE = "have all but these records"


@dataclass(frozen=True, slots=True)
class RRsetChange:
    """A change of one RRset; ``rdatas`` in wire form for every type but DELETE.

    ``ttl``, in seconds, is the RRset's afterwards; None leaves it, and a new RRset gets that of its
    host. EXTEND leaves ``keep`` records at most, the newest.
    """

    owner: bytes
    type: int
    action: ChangeType
    rdatas: tuple[bytes, ...] = ()
    ttl: int | None = None
    keep: int | None = None
