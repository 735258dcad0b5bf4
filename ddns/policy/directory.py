"""Accounts and keys in memory, so that credentials are checked without the database."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable

from ddns.model import names
from ddns.model.account import Account, Grant, Key
from ddns.model.update import ChallengeResponse, Credentials, Status
from ddns.policy import secrets


class CannotUnseal(Exception):
    """Nothing can be unsealed at the moment."""


class Directory:
    """Kept up to date by the publisher, as the zones are.

    *unseal* opens what a key of an account has sealed, gives None for what is damaged, and raises
    :class:`CannotUnseal` when it can open nothing.
    *remember* is for how many seconds a verified password is believed without another argon2 run,
    *capacity* for how many of them at once.
    """

    def __init__(
        self,
        process_key: bytes,
        unseal: Callable[[bytes, str], str | None] = lambda sealed, account: None,
        *,
        remember: float = 300.0,
        capacity: int = 10_000,
    ) -> None:
        self._accounts: dict[str, Account] = {}
        self._by_digest: dict[bytes, Key] = {}
        self._by_number: dict[int, Key] = {}
        self._responding: dict[str, dict[int, Key]] = {}  # miniupdate keys, by who may log in
        self._process_key = process_key
        self._unseal = unseal
        self._remember = remember
        self._capacity = capacity
        self._verified: OrderedDict[bytes, tuple[str, float]] = OrderedDict()

    def put_account(self, account: Account) -> None:
        """Add or replace an account; passwords verified for its former state are forgotten."""
        self._accounts[account.name] = account
        self._forget(account.name)

    def remove_account(self, name: str) -> None:
        """Forget an account; its keys are removed one by one."""
        self._accounts.pop(name, None)
        self._forget(name)

    def put_key(self, key: Key) -> None:
        """Add or replace a key."""
        self.remove_key(key.id)
        self._by_number[key.id] = self._by_digest[key.digest] = key
        if key.sealed is not None:
            for user in _users(key):
                self._responding.setdefault(user, {})[key.id] = key

    def remove_key(self, number: int) -> None:
        """Forget a key."""
        key = self._by_number.pop(number, None)
        if key is None:
            return
        del self._by_digest[key.digest]
        if key.sealed is not None:
            for user in _users(key):
                del self._responding[user][number]
                if not self._responding[user]:
                    del self._responding[user]

    def account(self, user: str) -> Account | None:
        """The account that a client calls itself."""
        return self._accounts.get(user.strip().lower())

    def by_key(self, credentials: Credentials) -> Grant | Status | None:
        """What the secret allows if it is a key of that user; DISABLED if it has been disabled.

        The user is the account's name or, for a key limited to hosts, the name of one of them, as
        deSEC and nsupdate.info have it.
        """
        key = self._by_digest.get(secrets.digest_key(credentials.secret))
        if key is None or key.kind is not credentials.kind:
            return None
        user = credentials.user.strip().lower()
        if user != key.account:
            try:
                host = names.host_from_text(user)
            except names.BadName:
                return None
            if key.hosts is None or host not in key.hosts:
                return None
        return Grant(key.account, key.hosts) if key.enabled else Status.DISABLED

    def by_response(self, given: ChallengeResponse) -> Grant | Status:
        """What a right response allows; BADAUTH for a wrong one and an unknown user alike, FAILED
        for everybody while nothing can be unsealed."""
        found: Grant | Status = Status.BADAUTH
        keys = self._responding.get(given.user.strip().lower().rstrip("."))
        # For an unknown user anybody's, so that it takes the same time and fails in the same way.
        for key in (keys or next(iter(self._responding.values()), {})).values():
            assert key.sealed is not None
            try:
                responder = self._unseal(key.sealed, key.account) or ""
            except CannotUnseal:
                return Status.FAILED
            if secrets.answers(given.response, given.challenge, responder) and responder and keys:
                found = Grant(key.account, key.hosts) if key.enabled else Status.DISABLED
        return found

    def something_sealed(self) -> bytes | None:
        """What any one key has sealed, if there is such a key."""
        keys = next(iter(self._responding.values()), {})
        return next((key.sealed for key in keys.values()), None)

    def by_memory(self, credentials: Credentials, now: float) -> Grant | None:
        """What a password allows that :meth:`password_verified` was told of not long ago."""
        found = self._verified.get(self._fingerprint(credentials))
        if found is None or not 0 < found[1] - now <= self._remember:  # the clock may be set back
            return None
        return Grant(found[0])

    def password_verified(self, credentials: Credentials, account: Account, now: float) -> None:
        """Remember that a password is right, unless the account has changed since it was read."""
        if self._accounts.get(account.name) != account:
            return
        fingerprint = self._fingerprint(credentials)
        self._verified[fingerprint] = (account.name, now + self._remember)
        self._verified.move_to_end(fingerprint)
        if len(self._verified) > self._capacity:
            self._verified.popitem(last=False)

    def _fingerprint(self, credentials: Credentials) -> bytes:
        """A keyed hash, so that what is remembered is of no use outside this process."""
        hasher = hashlib.blake2b(key=self._process_key, digest_size=32)
        for part in (credentials.user.strip().lower(), credentials.secret):
            data = part.encode("utf-8", "surrogateescape")
            hasher.update(len(data).to_bytes(4, "big") + data)
        return hasher.digest()

    def _forget(self, account: str) -> None:
        for fingerprint in [f for f, (name, _) in self._verified.items() if name == account]:
            del self._verified[fingerprint]


def _users(key: Key) -> set[str]:
    """What a client may call itself to use a key."""
    return {key.account, *map(names.to_text, key.hosts or ())}
