"""Passwords that were checked not long ago, so that argon2 is not paid for each request.

What is kept is a keyed hash of user and password, of no use outside this process. Right and wrong
ones alike: a router with an old password asks again and again.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict

from ddns.model.update import ChallengeResponse, Credentials


class PasswordCache:
    """*remember* is for how many seconds a check is believed, *capacity* how many right and how
    many wrong passwords are kept."""

    def __init__(self, process_key: bytes, *, remember: float, capacity: int) -> None:
        self._key = process_key
        self._remember = remember
        self._capacity = capacity
        self._right: OrderedDict[bytes, tuple[str, float]] = OrderedDict()
        self._wrong: OrderedDict[bytes, tuple[str, float]] = OrderedDict()

    def right(self, credentials: Credentials, now: float) -> str | None:
        """The account whose password this was, if that is not long ago."""
        return self._recent(self._right, self.fingerprint(credentials), now)

    def was_right(self, credentials: Credentials) -> bool:
        """Whether this was the password some time ago, and the account has not changed since."""
        return self.fingerprint(credentials) in self._right

    def wrong(self, credentials: Credentials, now: float) -> bool:
        """Whether this password was found wrong not long ago."""
        return self._recent(self._wrong, self.fingerprint(credentials), now) is not None

    def recall(self, credentials: Credentials, now: float) -> tuple[str | None, bool]:
        """Both: the account whose password it was, and whether it was wrong."""
        if not (self._right or self._wrong):
            return None, False
        fingerprint = self.fingerprint(credentials)
        account = self._recent(self._right, fingerprint, now)
        return account, account is None and self._recent(self._wrong, fingerprint, now) is not None

    def found_right(self, credentials: Credentials, account: str, now: float) -> None:
        """Remember a right password."""
        self._put(self._right, credentials, account, now)

    def found_wrong(self, credentials: Credentials, now: float) -> None:
        """Remember a wrong password, or that of nobody."""
        self._put(self._wrong, credentials, user_of(credentials)[:MAX_NAME], now)

    def forget(self, account: str) -> None:
        """The account has come, changed or gone."""
        for table in (self._right, self._wrong):
            for fingerprint in [f for f, (name, _) in table.items() if name == account]:
                del table[fingerprint]

    def fingerprint(self, credentials: Credentials) -> bytes:
        """A keyed hash of who it is and what they say."""
        hasher = hashlib.blake2b(key=self._key, digest_size=32)
        for part in (user_of(credentials), credentials.secret):
            data = part.encode("utf-8", "surrogateescape")
            hasher.update(len(data).to_bytes(4, "big") + data)
        return hasher.digest()

    def _recent(
        self, table: OrderedDict[bytes, tuple[str, float]], fingerprint: bytes, now: float
    ) -> str | None:
        found = table.get(fingerprint)
        if found is None or not 0 < found[1] - now <= self._remember:  # the clock may be set back
            return None
        return found[0]

    def _put(
        self,
        table: OrderedDict[bytes, tuple[str, float]],
        credentials: Credentials,
        account: str,
        now: float,
    ) -> None:
        fingerprint = self.fingerprint(credentials)
        table[fingerprint] = (account, now + self._remember)
        table.move_to_end(fingerprint)
        if len(table) > self._capacity:
            table.popitem(last=False)


MAX_NAME = 64
"""Characters of an account's name; what is longer is nobody."""


def user_of(credentials: Credentials | ChallengeResponse) -> str:
    """How an account is looked for by what a client calls itself."""
    return credentials.user.strip().lower()
