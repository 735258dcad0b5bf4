"""Accounts and keys in memory, so that credentials are checked without the database."""

from __future__ import annotations

from collections.abc import Callable

from ddns.model import names
from ddns.model.account import Account, Grant, Key
from ddns.model.update import ChallengeResponse, Credentials, Status
from ddns.policy import secrets
from ddns.policy.password_cache import PasswordCache, user_of


class CannotUnseal(Exception):
    """Nothing can be unsealed at the moment."""


class Directory:
    """Kept up to date by the publisher, as the zones are.

    *unseal* opens what a key of an account has sealed, gives None for what is damaged, and raises
    :class:`CannotUnseal` when it can open nothing.
    *remember* is for how many seconds a checked password is believed without another argon2 run,
    *capacity* for how many of them at once. ``passwords`` are those.
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
        self._blocked: set[str] = set()  # those with a block, be it over or not
        self._by_digest: dict[bytes, Key] = {}
        self._by_number: dict[int, Key] = {}
        self._responding: dict[str, dict[int, Key]] = {}  # miniupdate keys, by who may log in
        self._unseal = unseal
        self.passwords = PasswordCache(process_key, remember=remember, capacity=capacity)

    def put_account(self, account: Account) -> None:
        """Add or replace an account; passwords checked for its former state are forgotten."""
        self._accounts[account.name] = account
        if account.block is not None:
            self._blocked.add(account.name)
        else:
            self._blocked.discard(account.name)
        self.passwords.forget(account.name)

    def remove_account(self, name: str) -> None:
        """Forget an account; its keys are removed one by one."""
        self._accounts.pop(name, None)
        self._blocked.discard(name)
        self.passwords.forget(name)

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

    def census(self, now: float) -> tuple[int, int, int]:
        """How many accounts there are, how many of them are blocked at a time in seconds since
        1970, and how many keys there are."""
        blocks = (self._accounts[name].block for name in self._blocked)
        blocked = sum(block is not None and block.holds(now) for block in blocks)
        return len(self._accounts), blocked, len(self._by_number)

    def by_key(self, credentials: Credentials) -> Grant | Status | None:
        """What the secret allows if it is a key of that user; DISABLED if it has been disabled.

        The user is the account's name or, for a key limited to hosts, the name of one of them, as
        deSEC and nsupdate.info have it.
        """
        key = self._by_digest.get(secrets.digest_key(credentials.secret))
        if key is None or key.kind is not credentials.kind:
            return None
        user = user_of(credentials)
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


def _users(key: Key) -> set[str]:
    """What a client may call itself to use a key."""
    return {key.account, *map(names.to_text, key.hosts or ())}
