"""How people come to names of their own: who may register in a zone, and who had a name before."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Invitation:
    """A generated code that makes accounts members of a zone; only its SHA-256 is kept (32 octets).

    ``uses`` is how many accounts may still redeem it, ``expires`` and ``created`` are seconds since
    1970, ``by`` is who made it, as the journal names them.
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
    """An account that may have hosts in a zone that is open to members; *since* is seconds since
    1970."""

    zone: bytes
    account: str
    since: float


@dataclass(frozen=True, slots=True)
class Released:
    """A host's name that is nobody's any more, who had it and when it became free (seconds since
    1970). An account that has gone is None: one of the same name may be somebody else's."""

    name: bytes
    account: str | None
    at: float
