"""Registration of hosts: invitations to a zone, its members, and released names."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Invitation:
    """A generated code that makes accounts members of a zone.

    ``digest`` is its SHA-256 (32 octets); the code itself is not kept. ``uses`` is how many more
    accounts may redeem it; ``expires`` and ``created`` are seconds since 1970; ``by`` is its
    creator as named in the journal.
    """

    id: int
    zone: bytes
    digest: bytes
    uses: int
    expires: float
    created: float
    by: str


@dataclass(frozen=True, slots=True)
class Member:
    """An account that may register hosts in an invitation-only zone, since seconds since 1970."""

    zone: bytes
    account: str
    since: float


@dataclass(frozen=True, slots=True)
class Released:
    """A host name that was given up.

    ``account`` is its former owner, None if that account has been deleted: a later account of the
    same name may be another person's. ``at`` is when it was released, in seconds since 1970.
    """

    name: bytes
    account: str | None
    at: float
