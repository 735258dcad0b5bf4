"""The context of an operation, and lookups in it of what the caller may see."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

from ddns.api.caller import Caller
from ddns.api.errors import Conflict, Forbidden, Invalid, NotFound
from ddns.model import names
from ddns.model.account import Account, Host, Key, Registration, ZoneInfo
from ddns.model.second_factor import SecondFactors
from ddns.policy.authorize import has_operator_rights, is_still_good
from ddns.policy.registration import Rules, may_register
from ddns.store.interfaces import IReading, ITransaction

S_co = TypeVar("S_co", bound=IReading, covariant=True)


@dataclass(frozen=True, slots=True)
class Context(Generic[S_co]):
    """Everything that an operation's work inside a transaction depends on.

    Its lookups raise NotFound both for what does not exist and for what is somebody else's, so that
    callers cannot tell one from the other.

    :param transaction: the store's transaction, which can only read in :data:`ReadContext`.
    :param caller: on whose behalf the operation runs.
    :param rules: limits on what people may register.
    :param now: the time of the call, in seconds since 1970.
    """

    transaction: S_co
    caller: Caller
    rules: Rules
    now: float

    def known_account(self, name: str) -> Account:
        """Return an account, whoever calls."""
        account = self.transaction.account(name)
        if account is None:
            raise NotFound("there is no account {name}", name=name)
        return account

    def known_zone(self, origin: bytes) -> ZoneInfo:
        """Return a zone, whoever calls."""
        zone = self.transaction.zone(origin)
        if zone is None:
            raise NotFound("there is no zone {origin}", origin=names.to_text(origin))
        return zone

    def own_account(self, name: str) -> Account:
        """Return an account of the caller's; the operator owns all."""
        if not self.caller.owns(name):
            raise NotFound("there is no account {name}", name=name)
        return self.known_account(name)

    def own_key(self, number: int) -> Key:
        """Return a key of the caller's."""
        key = self.transaction.key(number) if 0 < number < 2**63 else None  # SQLite's integers
        if key is None or not self.caller.owns(key.account):
            raise NotFound("there is no key {number}", number=number)
        return key

    def own_zone(self, origin: bytes) -> ZoneInfo:
        """Return a zone of the caller's."""
        zone = self.known_zone(origin)
        if not self.caller.owns(zone.account):
            raise NotFound("there is no zone {origin}", origin=names.to_text(origin))
        return zone

    def own_host(self, name: bytes) -> Host:
        """Return a host of the caller's."""
        return self._own_host(self.transaction.host(name), name)

    def visible_host(self, name: bytes) -> Host:
        """Return a host of the caller's, or one in a zone of the caller's."""
        host = self.transaction.host(name)
        if host is not None and not self.caller.owns(host.account):
            zone = self.transaction.zone(host.zone)
            if zone is not None and self.caller.owns(zone.account):
                return host
        return self._own_host(host, name)

    def _own_host(self, host: Host | None, name: bytes) -> Host:
        if host is None or not self.caller.owns(host.account):
            raise NotFound("there is no host {name}", name=names.to_text(name))
        return host

    def account_filter(self, account: str | None) -> str | None:
        """Return whose things to list: the given account's, else the caller's; None for all."""
        if account is None and self.caller.operator:
            return None
        return self.own_account(account or self.caller.account or "").name

    def may_register_in(self, zone: ZoneInfo) -> bool:
        """Return whether the caller may have hosts in a zone."""
        account = self.caller.account
        if self.caller.operator or account is None:
            return self.caller.operator
        return may_register(
            zone, account, lambda: self.transaction.member(zone.origin, account) is not None
        )

    def may_see(self, zone: ZoneInfo) -> bool:
        """Return whether a list of zones has this one for the caller."""
        if self.caller.operator or self.caller.account is not None:
            return self.may_register_in(zone)
        return zone.registration is Registration.OPEN

    def second_factors(self, account: str) -> SecondFactors:
        """Return the second factors of an account."""
        totp, transaction = self.transaction.totp(account), self.transaction
        return SecondFactors(
            totp if totp is not None and totp.confirmed else None,
            transaction.passkeys(account),
            len(transaction.recovery_codes(account)),
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
            raise Invalid(
                "a TTL is {least} to {most} seconds here", least=rules.min_ttl, most=rules.max_ttl
            )
        return ttl

    def check_not_blocked(self, account: Account | None) -> None:
        """Refuse what a blocked account must not do.

        :raises Forbidden: with the reason of the block.
        """
        if account is not None and account.block is not None and account.block.holds(self.now):
            raise Forbidden(
                "account {name} is blocked: {reason}",
                name=account.name,
                reason=account.block.reason,
            )

    def check_key(self) -> None:
        """Refuse what a tool asks with an operator's key that is none any more as committed.

        :raises Forbidden: if so.
        """
        key = self.caller.key
        if key is None:
            return
        account = self.transaction.account(key.account)
        found = self.transaction.key(key.id)
        if (
            account is None
            or not is_still_good(key, found, account, self.now)
            or not has_operator_rights(key, account)
        ):
            raise Forbidden("the key is not good for this any more")

    def check_email_unused(self, name: str, email: str | None) -> None:
        """Refuse an address that another account than the one of this name has.

        :raises Conflict: naming that account.
        """
        other = None if email is None else self.transaction.account_by_email(email)
        if other is not None and other.name != name:
            raise Conflict("account {name} has the address {email}", name=other.name, email=email)


ReadContext = Context[IReading]
WriteContext = Context[ITransaction]
