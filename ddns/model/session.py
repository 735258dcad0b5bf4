"""Sessions of people who have logged in."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

MAX_AGENT = 200
"""Characters that are kept of what a program calls itself."""


@dataclass(frozen=True, slots=True)
class Session:
    """A session; times are seconds since 1970.

    ``digest`` is the SHA-256 of its token, which is not kept. ``password`` is the fingerprint of
    the account's password when the session began: with another one it is invalid. ``peer`` and
    ``agent`` are where it began, and with which program. ``strong`` says that a second factor was
    given.
    """

    digest: bytes
    account: str
    password: bytes
    created: float
    used: float
    peer: str = ""
    agent: str = ""
    strong: bool = False

    @property
    def id(self) -> str:
        """What the session is called; its token does not follow from it."""
        return hashlib.sha256(b"session " + self.digest).hexdigest()[:16]


def fingerprint(hashed: str) -> bytes:
    """Return the SHA-256 of a password's hash: which one it is, and nothing to guess from."""
    return hashlib.sha256(hashed.encode()).digest()
