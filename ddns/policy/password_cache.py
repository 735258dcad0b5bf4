"""Cache of recently checked passwords, so that not every request costs an argon2 run.

Wrong passwords are cached as well as right ones: a router with an old password retries forever. The
keys are keyed hashes of user and password, useless outside this process.
"""

from __future__ import annotations

import hashlib

from cachetools import FIFOCache

from ddns.model.update import Credentials

MAX_NAME = 64
"""Characters of an account name; longer user names belong to nobody."""

_Table = FIFOCache[bytes, tuple[str, float]]
"""From a fingerprint to the account and when the entry expires; the oldest entry goes first."""


class PasswordCache:
    """Remembers passwords for *remember* seconds: up to *capacity* right and as many wrong ones."""

    def __init__(self, process_key: bytes, *, remember: float, capacity: int) -> None:
        self._key = process_key
        self._remember = remember
        self._right: _Table = FIFOCache(capacity)
        self._wrong: _Table = FIFOCache(capacity)
        self._generations: dict[str, int] = {}  # how often each account has changed

    def recall(self, credentials: Credentials, now: float) -> tuple[str | None, bool]:
        """Return the account whose password it recently was, and whether it was recently wrong."""
        if not (self._right or self._wrong):
            return None, False
        fingerprint = self.fingerprint(credentials)
        account = self._recent(self._right, fingerprint, now)
        return account, account is None and self._recent(self._wrong, fingerprint, now) is not None

    def was_right(self, credentials: Credentials) -> bool:
        """Return whether it was the password at any time since the account last changed."""
        return self.fingerprint(credentials) in self._right

    def found_right(self, credentials: Credentials, account: str, now: float) -> None:
        """Remember a right password."""
        self._right[self.fingerprint(credentials)] = account, now + self._remember

    def found_wrong(self, credentials: Credentials, now: float) -> None:
        """Remember a wrong password, or one for an account that does not exist."""
        user = credentials.user_name[:MAX_NAME]
        self._wrong[self.fingerprint(credentials)] = user, now + self._remember

    def forget(self, account: str) -> None:
        """Drop all entries of an account that was created, changed or deleted.

        They are not looked for, which would take milliseconds of the reactor's: another generation
        of the account has other fingerprints, and the old ones go when their turn comes.
        """
        self._generations[account] = self._generations.get(account, 0) + 1

    def fingerprint(self, credentials: Credentials) -> bytes:
        """Return a keyed hash of user, password and the account's generation."""
        user = credentials.user_name
        hasher = hashlib.blake2b(key=self._key, digest_size=32)
        for part in (str(self._generations.get(user, 0)), user, credentials.secret):
            data = part.encode("utf-8", "surrogateescape")
            hasher.update(len(data).to_bytes(4, "big") + data)
        return hasher.digest()

    def _recent(self, table: _Table, fingerprint: bytes, now: float) -> str | None:
        found = table.get(fingerprint)
        if found is None or not 0 < found[1] - now <= self._remember:  # the clock may be set back
            return None
        return found[0]
