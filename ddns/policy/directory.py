"""Accounts, keys and who may do what with zones, in memory, so that whoever asks can be checked
without the database."""

from __future__ import annotations

import base64
import ipaddress
import itertools
from collections.abc import Callable

from ddns.model import names
from ddns.model.account import Account, Grant, Key, Right
from ddns.model.update import ChallengeResponse, Credentials, Status
from ddns.policy import secrets
from ddns.policy.addresses import NetworkSet
from ddns.policy.password_cache import PasswordCache
from ddns.policy.secondaries import Secondaries


class CannotUnseal(Exception):
    """The key file cannot be used, so no sealed secret can be opened."""


class Directory:
    """Accounts and keys, kept up to date by the publisher, as zones are.

    - *process_key*: the key of the hashes in the password cache.
    - *unseal*: opens the sealed secret of an account's key; returns None if it is damaged and
      raises :class:`CannotUnseal` if nothing can be opened.
    - *remember*: for how many seconds a checked password is cached.
    - *capacity*: how many right and how many wrong passwords are cached.

    ``passwords`` is that cache; ``secondaries`` are those of all zones.
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
        self._blocked: set[str] = set()  # accounts with a block, expired or not
        self._by_digest: dict[bytes, Key] = {}
        self._by_number: dict[int, Key] = {}
        self._by_tsig_name: dict[bytes, Key] = {}
        self._responding: dict[str, dict[int, Key]] = {}  # miniupdate keys by user and number
        self._most_responding = 0  # the most keys that a user of these has had
        self._unseal = unseal
        self.secondaries = Secondaries()
        self.passwords = PasswordCache(process_key, remember=remember, capacity=capacity)

    def put_account(self, account: Account) -> None:
        """Add or replace an account, and drop its cached passwords."""
        self._accounts[account.name] = account
        if account.block is not None:
            self._blocked.add(account.name)
        else:
            self._blocked.discard(account.name)
        self.passwords.forget(account.name)

    def remove_account(self, name: str) -> None:
        """Remove an account; its keys are removed separately."""
        self._accounts.pop(name, None)
        self._blocked.discard(name)
        self.passwords.forget(name)

    def put_key(self, key: Key) -> None:
        """Add or replace a key."""
        self.remove_key(key.id)
        self._by_number[key.id] = self._by_digest[key.digest] = key
        if key.tsig is not None:
            self._by_tsig_name[key.tsig.name] = key
        elif key.sealed is not None:
            for user in _users(key):
                keys = self._responding.setdefault(user, {})
                keys[key.id] = key
                self._most_responding = max(self._most_responding, len(keys))

    def remove_key(self, number: int) -> None:
        """Remove a key, if it exists."""
        key = self._by_number.pop(number, None)
        if key is None:
            return
        del self._by_digest[key.digest]
        if key.tsig is not None:
            del self._by_tsig_name[key.tsig.name]
        elif key.sealed is not None:
            for user in _users(key):
                del self._responding[user][number]
                if not self._responding[user]:
                    del self._responding[user]

    def account(self, user: str) -> Account | None:
        """Return the account with the user name that a client sent."""
        return self._accounts.get(user.strip().lower())

    def takes_unsigned(self, origin: bytes, peer: str) -> bool:
        """Return whether a zone takes unsigned UPDATEs from an address in text."""
        zone = self.secondaries.zone(origin)
        if zone is None or not zone.update_from:
            return False
        return peer in NetworkSet(map(ipaddress.ip_network, zone.update_from))

    def census(self, now: float) -> tuple[int, int, int]:
        """Return the number of accounts, of those blocked at *now* (seconds since 1970), and of
        keys."""
        blocks = (self._accounts[name].block for name in self._blocked)
        blocked = sum(block is not None and block.holds(now) for block in blocks)
        return len(self._accounts), blocked, len(self._by_number)

    def by_key(self, credentials: Credentials) -> Grant | Status | None:
        """Return the grant if the secret is a key of that user, DISABLED if the key is disabled.

        The user is the name of the account or, for a key limited to hosts, of one of these hosts,
        as at deSEC and nsupdate.info. Credentials without any user that are no key are BADAUTH, or
        they would be tried as a password.
        """
        key = self.key(credentials.secret)
        if (
            key is None
            or key.kind is not credentials.kind
            or not belongs(key, credentials)
            or Right.UPDATE not in key.rights
        ):
            return Status.BADAUTH if credentials.nameless and not credentials.user else None
        return key.grant if key.enabled else Status.DISABLED

    def key(self, secret: str) -> Key | None:
        """Return the key with this secret, whosever and of whatever kind it is."""
        return self._by_digest.get(secrets.digest_key(secret))

    def by_response(self, given: ChallengeResponse) -> Grant | Status:
        """Return the grant for a right response, DISABLED if its key is disabled, BADAUTH for a
        wrong response or an unknown user, FAILED for all users while nothing can be unsealed."""
        found: Grant | Status = Status.BADAUTH
        keys = self._responding_keys(given)
        # Every user takes as long: as many keys are tried for each, again or somebody else's, which
        # for an unknown user fail in the same way.
        tried = itertools.cycle((keys or next(iter(self._responding.values()), {})).values())
        for key in itertools.islice(tried, self._most_responding):
            assert key.sealed is not None
            try:
                responder = self._unseal(key.sealed, key.account) or ""
            except CannotUnseal:
                return Status.FAILED
            if secrets.answers(given.response, given.challenge, responder) and responder and keys:
                found = key.grant if key.enabled else Status.DISABLED
        return found

    def _responding_keys(self, given: ChallengeResponse) -> dict[int, Key] | None:
        return self._responding.get(given.user_name.rstrip("."))

    def can_respond(self, given: ChallengeResponse) -> bool:
        """Return whether any response could have been right: the user has a key for it."""
        return self._responding_keys(given) is not None

    def tsig_key(self, name: bytes) -> Key | None:
        """Return the enabled TSIG key of that name."""
        key = self._by_tsig_name.get(name)
        return key if key is not None and key.enabled else None

    def tsig_secret(self, name: bytes) -> bytes | None:
        """Return the secret of the enabled TSIG key of that name.

        :raises CannotUnseal: if no sealed secret can be opened.
        """
        key = self.tsig_key(name)
        if key is None or key.sealed is None:
            return None
        secret = self._unseal(key.sealed, key.account)
        return None if secret is None else base64.b64decode(secret)


def belongs(key: Key, given: Credentials) -> bool:
    """Return whether a key can be used by whoever sends these credentials."""
    return given.nameless or takes_user(key, given.user_name)


def takes_user(key: Key, user: str) -> bool:
    """Return whether a key can be used with a user name, in the form in which accounts are looked
    up."""
    if user == key.account:
        return True
    try:
        host = names.host_from_text(user)
    except names.BadName:
        return False
    return key.hosts is not None and host in key.hosts


def _users(key: Key) -> set[str]:
    """Return the user names that a key can be used with."""
    return {key.account, *map(names.to_text, key.hosts or ())}
