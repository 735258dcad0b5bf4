"""Second factors: what people show, besides their passwords, to be who they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Totp:
    """The secret of an account's one-time codes (RFC 6238), which its owner has in an app.

    ``sealed`` is the secret in Base32, encrypted. Until it is ``confirmed`` by a code nobody is
    asked for one. ``step`` is the last time step of which a code was taken: each is good once.
    ``created`` is seconds since 1970.
    """

    account: str
    sealed: bytes
    created: float
    confirmed: bool = False
    step: int = 0


@dataclass(frozen=True, slots=True)
class Passkey:
    """The public half of a key pair in an authenticator (W3C WebAuthn).

    ``credential`` is what the authenticator calls it, ``public_key`` is in COSE, ``counter`` the
    number of signatures by the last one that was seen, 0 where the authenticator counts none.
    ``created`` and ``used`` are seconds since 1970.
    """

    id: int
    account: str
    credential: bytes
    public_key: bytes
    counter: int
    name: str
    created: float
    used: float | None = None


@dataclass(frozen=True, slots=True)
class SecondFactors:
    """All that an account has. ``totp`` is there once it is confirmed; ``recovery_codes`` is how
    many are left."""

    totp: Totp | None
    passkeys: Sequence[Passkey]
    recovery_codes: int

    @property
    def exist(self) -> bool:
        """Whether a log-in takes one. Recovery codes only stand for one that was lost."""
        return self.totp is not None or bool(self.passkeys)

    @property
    def ways(self) -> list[str]:
        """What a log-in takes besides the password."""
        ways = {"totp": self.totp, "passkey": self.passkeys, "recovery": self.recovery_codes}
        return [way for way, there in ways.items() if there] if self.exist else []
