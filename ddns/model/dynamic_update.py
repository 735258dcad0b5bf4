"""What a DNS UPDATE asks for: prerequisites, and changes of one zone (RFC 2136)."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Condition(enum.Enum):
    """The prerequisites of RFC 2136 2.4."""

    RRSET_EXISTS = "there is an RRset of this type"
    RRSET_EQUALS = "there is an RRset of this type with exactly these records"
    NO_RRSET = "there is no RRset of this type"
    NAME_IN_USE = "the name has records"
    NAME_NOT_IN_USE = "the name has no records"


@dataclass(frozen=True, slots=True)
class Prerequisite:
    """A condition on an owner name; ``type`` and ``rdatas`` where the condition has them."""

    condition: Condition
    owner: bytes
    type: int = 0
    rdatas: frozenset[bytes] = frozenset()


class Action(enum.Enum):
    """The update operations of RFC 2136 2.5."""

    ADD = "add a record to an RRset"
    DELETE_RECORD = "delete a record from an RRset"
    DELETE_RRSET = "delete an RRset"
    DELETE_NAME = "delete all RRsets from a name"


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation; ``type``, ``rdata`` and ``ttl`` (seconds) where the action has them."""

    action: Action
    owner: bytes
    type: int = 0
    rdata: bytes = b""
    ttl: int = 0


@dataclass(frozen=True, slots=True)
class DynamicUpdate:
    """An UPDATE of the zone *origin*.

    ``error`` is the RCODE of what is wrong with the update section, which counts only if the
    prerequisites hold (RFC 2136 3.2 to 3.4).
    """

    origin: bytes
    prerequisites: tuple[Prerequisite, ...]
    operations: tuple[Operation, ...]
    error: int = 0
