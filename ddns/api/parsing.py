"""Values that people wrote become the model's; what must exist is looked for."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import Protocol, TypeVar

from ddns.api.errors import Conflict, Invalid, NotFound
from ddns.api.serializers import Json
from ddns.model import account as accounts
from ddns.model import mail, names, records
from ddns.model.account import Account, Addresses, Host, Key, KeyKind, Registration, ZoneInfo
from ddns.store.interfaces import IReading

T = TypeVar("T")


MAX_HOSTS = 1_000_000
"""What the operator can give to one account."""

MIN_PASSWORD = 10
MAX_PASSWORD = 1024


class RunSlow(Protocol):
    """Runs a function outside the reactor's thread."""

    def __call__(self, function: Callable[[], T], /) -> Awaitable[T]: ...


# Values that people wrote --------------------------------------------------------------------


def name(text: str) -> bytes:
    """An owner name of any kind."""
    try:
        return names.from_text(text)
    except names.BadName as error:
        raise Invalid(str(error)) from error


def host_name(text: str) -> bytes:
    """A host's name."""
    try:
        return names.host_from_text(text)
    except names.BadName as error:
        raise Invalid(str(error)) from error


def account_name(text: str) -> str:
    """An account's name."""
    try:
        return accounts.account_name(text)
    except accounts.BadAccountName as error:
        raise Invalid(str(error)) from error


def chosen_name(text: str) -> str:
    """An account's name that somebody chooses who is not the operator."""
    known = account_name(text)
    if "@" in known:
        raise Invalid(f"{text!r} looks like an e-mail address; choose a name without an @")
    if known in accounts.RESERVED:
        raise Conflict(f"the name {known} is reserved; choose another")
    return known


def email(text: str) -> str:
    """An e-mail address."""
    try:
        return mail.email_address(text)
    except mail.BadEmail as error:
        raise Invalid(str(error)) from error


def name_or_email(text: str) -> str:
    """An account's name or an e-mail address, in lower case."""
    try:
        return account_name(text)
    except Invalid:
        return email(text).lower()


def chosen_password(text: str) -> str:
    """A password that somebody chooses who is not the operator."""
    if not MIN_PASSWORD <= len(text) <= MAX_PASSWORD:
        raise Invalid(f"a password has {MIN_PASSWORD} to {MAX_PASSWORD} characters")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise Invalid("a password has to be UTF-8") from None
    return text


def key_kind(text: str) -> KeyKind:
    """What a key is for."""
    try:
        return KeyKind(text)
    except ValueError:
        raise Invalid(f"{text!r} is no kind of key: it is one of {', '.join(KeyKind)}") from None


def addresses(text: str) -> Addresses:
    """Which addresses a zone lets its hosts have."""
    try:
        return Addresses(text)
    except ValueError:
        raise Invalid(f"{text!r}: addresses are one of {', '.join(Addresses)}") from None


def registration(text: str) -> Registration:
    """Who may register hosts in a zone."""
    try:
        return Registration(text)
    except ValueError:
        raise Invalid(f"{text!r}: registration is one of {', '.join(Registration)}") from None


def host_limit(value: int | str) -> int | None:
    """How many hosts an account may have; None is the default."""
    if value == "default":
        return None
    if isinstance(value, str) or not 0 <= value <= MAX_HOSTS:
        raise Invalid(f'hosts: expected 0 to {MAX_HOSTS} or "default"')
    return value


def ttl(value: int | None) -> int | None:
    """A TTL in seconds (RFC 2181 8)."""
    if value is not None and not 0 <= value <= records.MAX_TTL:
        raise Invalid(f"a TTL is 0 to {records.MAX_TTL} seconds")
    return value


def record_type(text: str) -> int:
    """A type that a zone can hold."""
    try:
        return records.type_from_text(text)
    except records.BadRecord as error:
        raise Invalid(str(error)) from error


def rdatas(number: int, texts: Iterable[str]) -> tuple[bytes, ...]:
    """Rdata in presentation form, without duplicates."""
    try:
        return tuple(dict.fromkeys(records.rdata_from_text(number, text) for text in texts))
    except records.BadRecord as error:
        raise Invalid(str(error)) from error


def records_by_type(given: Iterable[Json]) -> dict[int, tuple[bytes, ...]]:
    """Records in presentation form: rdata by type."""
    texts: dict[int, list[str]] = {}
    for record in given:
        if record.keys() != {"type", "rdata"} or None in record.values():
            raise Invalid('a record is {"type": "...", "rdata": "..."}')
        texts.setdefault(record_type(record["type"]), []).append(record["rdata"])
    return {number: rdatas(number, of) for number, of in texts.items()}


def servers(given: Iterable[Json]) -> list[tuple[bytes, str | None]]:
    """Name servers: owner name, and the address to add for it."""
    found = []
    for server in given:
        address = server.get("address")
        if server.keys() - {"name", "address"} or not isinstance(server.get("name"), str):
            raise Invalid('a name server is {"name": "...", "address": "..." or null}')
        if address is not None and records.address_from_text(address) is None:
            raise Invalid(f"{address!r} is not an address")
        found.append((host_name(server["name"]), address))
    return found


def below(prefix: bytes, name: bytes) -> bytes:
    """A name below another one, where it is not too long."""
    try:
        return names.below(prefix, name)
    except names.BadName as error:
        raise Invalid(str(error)) from error


# What must exist ----------------------------------------------------------------------------


def known_zone(reading: IReading, origin: bytes) -> ZoneInfo:
    """The zone, which must exist."""
    zone = reading.zone(origin)
    if zone is None:
        raise NotFound(f"there is no zone {names.to_text(origin)}")
    return zone


def known_account(reading: IReading, account: str) -> Account:
    """The account, which must exist."""
    found = reading.account(account)
    if found is None:
        raise NotFound(f"there is no account {account}")
    return found


def known_key(reading: IReading, number: int) -> Key:
    """The key, which must exist."""
    key = reading.key(number) if 0 < number < 2**63 else None
    if key is None:
        raise NotFound(f"there is no key {number}")
    return key


def known_host(reading: IReading, name: bytes) -> Host:
    """The host, which must exist."""
    host = reading.host(name)
    if host is None:
        raise NotFound(f"there is no host {names.to_text(name)}")
    return host
