"""Which requests of tools are let in, and by which key."""

from __future__ import annotations

from collections.abc import Callable, Collection

from ddns.model.account import Account, Key, KeyKind, Right
from ddns.model.records import network_of
from ddns.model.update import Credentials
from ddns.policy.addresses import NetworkSet
from ddns.policy.directory import Directory, takes_user
from ddns.policy.token_bucket import Buckets
from ddns.tools.base import ToolError

RECORDS = (Right.RECORDS, Right.OPERATOR)
"""The rights of which a key needs one to read and change records."""


class Admission:
    """Lets tools in.

    :param directory: knows keys and accounts.
    :param clock: monotonic.
    :param now: seconds since 1970.

    ``refused`` are networks from which nothing is taken, ``calls`` the buckets of calls, by account
    where there is a key and by network else, None for no limit; both may be set at any time.
    """

    def __init__(
        self, directory: Directory, clock: Callable[[], float], now: Callable[[], float]
    ) -> None:
        self._directory = directory
        self._clock = clock
        self._now = now
        self.refused: NetworkSet | None = None
        self.calls: Buckets | None = None

    def by_key(self, secret: str, peer: str) -> Key:
        """Return the key that a tool has sent, which may read and change records.

        :raises ToolError: when it is none, or may not.
        """
        if not secret:
            return self._let_in(None, peer, "the header X-API-Key is missing")
        wrong = f"the key in X-API-Key is wrong, or not of kind {KeyKind.UPDATE}"
        return self._let_in(self._directory.key(secret), peer, wrong)

    def takes(self, secret: str) -> bool:
        """Return whether a tool with this key would be let in, wherever it comes from and however
        often."""
        key = self._directory.key(secret) if secret else None
        account = self._account_of(key)
        return key is not None and account is not None and not self._why_not(key, account)

    def by_credentials(
        self, given: Credentials | None, peer: str, rights: Collection[Right] = RECORDS
    ) -> Key:
        """Return the key that a tool has sent with a user name, or without one where there is none,
        as :meth:`by_key` does.

        :param rights: those of which the key needs one.
        :raises ToolError: also when it is not this user's.
        """
        if given is None:
            return self._let_in(None, peer, "log in with the account's name and a key")
        key = self._directory.key(given.secret)
        if key is not None and not (given.nameless or takes_user(key, given.user_name)):
            key = None
        # The same words for both: strangers do not learn which accounts there are.
        wrong = f"wrong user name or key, or the key is not of kind {KeyKind.UPDATE}"
        return self._let_in(key, peer, wrong, rights)

    def without_key(self, peer: str) -> None:
        """Let a request in that needs no key.

        :raises ToolError: when there are too many from its network, or it takes nothing.
        """
        self._check_network(peer)
        self._count(network_of(peer))

    def _let_in(
        self, key: Key | None, peer: str, wrong: str, rights: Collection[Right] = RECORDS
    ) -> Key:
        """Return the key if it may come in; *wrong* is said where it is none for tools."""
        self._check_network(peer)
        account = self._account_of(key)
        if key is None or account is None:
            self._count(network_of(peer))
            raise ToolError(401, wrong)
        self._count(account.name)
        if why := self._why_not(key, account, rights):
            raise ToolError(403, why)
        return key

    def _check_network(self, peer: str) -> None:
        if self.refused is not None and peer in self.refused:
            raise ToolError(403, "nothing is taken from your network")

    def _account_of(self, key: Key | None) -> Account | None:
        """Return the account of a key of kind update."""
        if key is None or key.kind is not KeyKind.UPDATE:
            return None
        return self._directory.account(key.account)

    def _why_not(self, key: Key, account: Account, rights: Collection[Right] = RECORDS) -> str:
        """Return why a key may not do what takes one of these rights, if it may not."""
        if not key.enabled:
            return "the key is disabled"
        if key.rights.isdisjoint(rights):
            return f"the key has not the right: {next(iter(rights))}"
        if account.block is not None and account.block.holds(self._now()):
            return f"the account is blocked: {account.block.reason}"
        return ""

    def _count(self, who: str | bytes) -> None:
        if self.calls is None:
            return
        now = self._clock()
        if (wait := self.calls.wait(who, now)) > 0:
            raise ToolError(429, "you call too often; wait a moment", wait)
        self.calls.take(who, now)
