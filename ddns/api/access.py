"""The context of an operation, and lookups in it of what the caller may see.

What belongs to other accounts does not exist, as far as a caller can tell: it is NotFound.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

from ddns.api.caller import Caller
from ddns.api.errors import Conflict, Forbidden, Invalid, NotFound
from ddns.model import names
from ddns.model.account import Account, Host, Key, ZoneInfo
from ddns.policy.registration import Rules, may_register
from ddns.store.interfaces import IReading, ITransaction

T = TypeVar("T")
S_co = TypeVar("S_co", bound=IReading, covariant=True)


@dataclass(frozen=True, slots=True)
class Context(Generic[S_co]):
    """Everything that an operation's work inside a transaction depends on.

    :param transaction: the store's transaction, which can only read in :data:`ReadContext`.
    :param caller: on whose behalf the operation runs.
    :param rules: limits on what people may register.
    :param now: the time of the call, in seconds since 1970.
    """

    transaction: S_co
    caller: Caller
    rules: Rules
    now: float

    # Whatever its owner -------------------------------------------------------------------------

    def known_account(self, name: str) -> Account:
        """Return an account.

        :raises NotFound: when there is none of this name.
        """
        return _found(self.transaction.account(name), f"account {name}")

    def known_zone(self, origin: bytes) -> ZoneInfo:
        """Return a zone.

        :raises NotFound: when this server has none of this origin.
        """
        return _found(self.transaction.zone(origin), f"zone {names.to_text(origin)}")

    # Owned by the caller ------------------------------------------------------------------------

    def own_account(self, name: str) -> Account:
        """Return an account of the caller's; the operator owns all.

        :raises NotFound: also for an account that is somebody else's.
        """
        account = self.transaction.account(name) if self.caller.owns(name) else None
        return _found(account, f"account {name}")

    def own_key(self, number: int) -> Key:
        """Return a key of the caller's.

        :raises NotFound: also for a key that is somebody else's.
        """
        key = self.transaction.key(number) if 0 < number < 2**63 else None  # SQLite's integers
        if key is not None and not self.caller.owns(key.account):
            key = None
        return _found(key, f"key {number}")

    def own_zone(self, origin: bytes) -> ZoneInfo:
        """Return a zone of the caller's.

        :raises NotFound: also for a zone that is somebody else's.
        """
        zone = self.transaction.zone(origin)
        if zone is not None and not self.caller.owns(zone.account):
            zone = None
        return _found(zone, f"zone {names.to_text(origin)}")

    def own_host(self, name: bytes) -> Host:
        """Return a host of the caller's.

        :raises NotFound: also for a host that is somebody else's.
        """
        host = self.transaction.host(name)
        if host is not None and not self.caller.owns(host.account):
            host = None
        return _found(host, f"host {names.to_text(name)}")

    def visible_host(self, name: bytes) -> Host:
        """Return a host of the caller's, or one in a zone of the caller's.

        :raises NotFound: also for a host that is neither.
        """
        host = self.transaction.host(name)
        if host is not None and not self.caller.owns(host.account):
            zone = self.transaction.zone(host.zone)
            if zone is None or not self.caller.owns(zone.account):
                host = None
        return _found(host, f"host {names.to_text(name)}")

    def account_filter(self, account: str | None) -> str | None:
        """Return whose things to list: the given account's, else the caller's, None for all.

        :raises NotFound: when the account is not the caller's.
        """
        if account is None and self.caller.operator:
            return None
        return self.own_account(account or self.caller.account or "").name

    # Permitted to the caller --------------------------------------------------------------------

    def may_register_in(self, zone: ZoneInfo) -> bool:
        """Return whether the caller may have hosts in a zone."""
        account = self.caller.account
        if self.caller.operator or account is None:
            return self.caller.operator
        return may_register(
            zone, account, lambda: self.transaction.member(zone.origin, account) is not None
        )

    def host_limit(self, account: Account) -> int:
        """Return how many hosts an account may register."""
        limit = account.host_limit
        return self.rules.hosts_per_account if limit is None else limit

    def check_ttl(self, ttl: int) -> int:
        """Return a TTL in seconds that the caller may set.

        :raises Invalid: when it is outside of the limits, which the operator is above.
        """
        rules = self.rules
        if not self.caller.operator and not rules.min_ttl <= ttl <= rules.max_ttl:
            raise Invalid(f"a TTL is {rules.min_ttl} to {rules.max_ttl} seconds here")
        return ttl

    def check_not_blocked(self, account: Account | None) -> None:
        """Refuse what a blocked account must not do.

        :raises Forbidden: with the reason of the block.
        """
        if account is not None and account.block is not None and account.block.holds(self.now):
            raise Forbidden(f"account {account.name} is blocked: {account.block.reason}")

    def check_email_unused(self, name: str, email: str | None) -> None:
        """Refuse an address that another account than the one of this name has.

        :raises Conflict: naming that account.
        """
        other = None if email is None else self.transaction.account_by_email(email)
        if other is not None and other.name != name:
            raise Conflict(f"account {other.name} has the address {email}")


ReadContext = Context[IReading]
WriteContext = Context[ITransaction]


def _found(found: T | None, what: str) -> T:
    if found is None:
        raise NotFound(f"there is no {what}")
    return found
