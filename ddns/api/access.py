"""What is a caller's. What is not does not exist, as far as the caller is told."""

from __future__ import annotations

from ddns.api import parsing
from ddns.api.caller import Caller
from ddns.api.errors import Invalid, NotFound
from ddns.model import names
from ddns.model.account import Account, Host, Key, ZoneInfo
from ddns.policy.registration import may_register
from ddns.store.interfaces import IReading


def account_meant(caller: Caller, given: str | None) -> str:
    """The account that a call is about: the named one, or else the caller's own.

    :raises Invalid: where there is neither.
    """
    if given is not None:
        return parsing.account_name(given)
    if caller.account is None:
        raise Invalid("account: missing")
    return caller.account


def scope(reading: IReading, caller: Caller, account: str | None) -> str | None:
    """Whose things a list holds: the named account's, or else the caller's own; None is
    everybody's, for the operator."""
    if account is None and caller.operator:
        return None
    return own_account(reading, caller, account or caller.account or "").name


def own_account(reading: IReading, caller: Caller, name: str) -> Account:
    """An account that exists and is the caller's."""
    if not caller.owns(name):
        raise NotFound(f"there is no account {name}")
    return parsing.known_account(reading, name)


def own_key(reading: IReading, caller: Caller, number: int) -> Key:
    """A key of the caller's."""
    key = parsing.known_key(reading, number)
    if not caller.owns(key.account):
        raise NotFound(f"there is no key {number}")
    return key


def own_zone(reading: IReading, caller: Caller, origin: bytes) -> ZoneInfo:
    """A zone of the caller's; the operator's own are nobody else's."""
    zone = parsing.known_zone(reading, origin)
    if not caller.owns(zone.account):
        raise NotFound(f"there is no zone {names.to_text(origin)}")
    return zone


def own_host(reading: IReading, caller: Caller, name: bytes) -> Host:
    """A host of the caller's."""
    host = parsing.known_host(reading, name)
    if not caller.owns(host.account):
        raise NotFound(f"there is no host {names.to_text(name)}")
    return host


def visible_host(reading: IReading, caller: Caller, name: bytes) -> Host:
    """A host of the caller's, or one in a zone of the caller's."""
    host = parsing.known_host(reading, name)
    zone = reading.zone(host.zone)
    if not caller.owns(host.account) and not (zone is not None and caller.owns(zone.account)):
        raise NotFound(f"there is no host {names.to_text(name)}")
    return host


def zone_for_hosts(reading: IReading, caller: Caller, name: bytes) -> ZoneInfo:
    """The zone that a name lies in, if the caller may have hosts there."""
    zone = reading.zone_of(name)
    if zone is None or not registers(reading, caller, zone):
        raise NotFound(f"{names.to_text(name)} is in no zone that you may have hosts in")
    return zone


def registers(reading: IReading, caller: Caller, zone: ZoneInfo) -> bool:
    """Whether the caller may have hosts in a zone."""
    account = caller.account
    if caller.operator or account is None:
        return caller.operator
    return may_register(zone, account, lambda: reading.member(zone.origin, account) is not None)
