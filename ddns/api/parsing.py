"""Parse argument values into the model's types; what cannot be parsed is :class:`Invalid`."""

from __future__ import annotations

import enum
import ipaddress
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from ddns.api.errors import Conflict, Invalid
from ddns.model import account as accounts
from ddns.model import acme_dns, mail, names, records
from ddns.model.account import RIGHTS, KeyKind, Language, Right, TsigName, usual_rights
from ddns.model.secondaries import BadSecondary
from ddns.policy import secrets
from ddns.store.paging import Became

E = TypeVar("E", bound=enum.StrEnum)
P = ParamSpec("P")
S = TypeVar("S")
T = TypeVar("T")

MAX_HOSTS = 1_000_000
"""The highest limit of hosts that the operator can set for one account."""

MAX_DAYS = 3650
"""After how many days a silent host goes offline at the latest, if at all."""

MIN_PASSWORD = 10
MAX_PASSWORD = 1024


def optional(parse: Callable[[S], T], value: S | None) -> T | None:
    """Parse a value that may be None."""
    return None if value is None else parse(value)


def parsed(parse: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Call one of the model's parsers."""
    try:
        return parse(*args, **kwargs)
    except (
        names.BadName,
        records.BadRecord,
        accounts.BadAccountName,
        mail.BadEmail,
        BadSecondary,
        acme_dns.BadNetwork,
    ) as error:
        raise Invalid(str(error)) from error


def member(kind: type[E], text: str, problem: str) -> E:
    """Parse a member of an enumeration. The *problem* tells of the ``{text}`` and of all that is
    ``{known}``."""
    try:
        return kind(text)
    except ValueError:
        raise Invalid(problem, text=text, known=", ".join(kind)) from None


def name(text: str) -> bytes:
    """Parse an owner name of any kind."""
    return parsed(names.from_text, text)


def host_name(text: str) -> bytes:
    """Parse a host's name."""
    return parsed(names.host_from_text, text)


def below(prefix: bytes, name: bytes) -> bytes:
    """Return a name below another one, unless it is too long."""
    return parsed(names.below, prefix, name)


def account_name(text: str) -> str:
    """Parse an account's name."""
    return parsed(accounts.account_name, text)


def chosen_name(text: str) -> str:
    """Parse the name that somebody registers an account with.

    :raises Conflict: when the name is reserved.
    """
    known = account_name(text)
    if "@" in known:
        raise Invalid(
            "{text!r} looks like an e-mail address; choose a name without an @", text=text
        )
    if accounts.is_reserved(known):
        raise Conflict("the name {name} is reserved; choose another", name=known)
    return known


def language(text: str) -> Language:
    """Parse the language that somebody reads."""
    return member(Language, text, "{text!r} is no language here: it is one of {known}")


def email(text: str) -> str:
    """Parse an e-mail address."""
    return parsed(mail.email_address, text)


def name_or_email(text: str) -> str:
    """Parse an account's name or an e-mail address, into lower case."""
    try:
        return account_name(text)
    except Invalid:
        return email(text).lower()


def operators_password(text: str) -> str:
    """Check a password that the operator sets: of any length but 0."""
    if not text:
        raise Invalid("an empty password is not possible")
    return text


def chosen_password(text: str) -> str:
    """Check a password that people choose for themselves."""
    if not MIN_PASSWORD <= len(text) <= MAX_PASSWORD:
        raise Invalid(
            "a password has {least} to {most} characters",
            least=MIN_PASSWORD,
            most=MAX_PASSWORD,
        )
    try:
        text.encode()
    except UnicodeEncodeError:
        raise Invalid("a password has to be UTF-8") from None
    return text


def key_kind(text: str) -> KeyKind:
    """Parse a kind of key."""
    return member(KeyKind, text, "{text!r} is no kind of key: it is one of {known}")


def tsig_name(name_: str | None, algorithm: str | None) -> TsigName:
    """Parse what a TSIG key is called; without a name it is given one."""
    known = {"hmac-md5": secrets.WEAK_ALGORITHMS[1]}
    known |= {one: one for one in (*secrets.ALGORITHMS, *secrets.WEAK_ALGORITHMS)}
    wanted = known.get((algorithm or secrets.ALGORITHMS[0]).lower().rstrip("."))
    if wanted is None:
        raise Invalid(
            "{algorithm!r} is no algorithm: it is one of {known}",
            algorithm=algorithm,
            known=", ".join(known),
        )
    return TsigName(name(name_ or f"key-{secrets.generate_key(8).lower()}"), wanted)


def key_rights(kind: KeyKind, texts: list[str] | None) -> frozenset[Right]:
    """Parse the rights of a key; without any it has the usual ones of its kind."""
    given = [
        member(Right, one, "{text!r} is no right: it is one of {known}") for one in texts or ()
    ]
    for one in given:
        if one not in RIGHTS[kind]:
            raise Invalid(
                "keys of kind {kind} have rights of these: {known}",
                kind=str(kind),
                known=", ".join(RIGHTS[kind]),
            )
    return frozenset(given) or usual_rights(kind)


def key_zones(texts: list[str] | None) -> frozenset[bytes] | None:
    """Parse the zones to which a key is limited; None for no limit."""
    if texts is not None and not texts:
        raise Invalid("zones: expected at least one")
    return None if texts is None else frozenset(map(name, texts))


def became(text: str) -> Became:
    """Parse what became of a request."""
    return member(Became, text, "{text!r} is none of {known}")


def networks(texts: list[str]) -> tuple[str, ...]:
    """Parse networks, or single addresses; empty texts stand for none."""
    try:
        found = [str(ipaddress.ip_network(text.strip())) for text in texts if text.strip()]
    except ValueError as error:
        raise Invalid(str(error)) from None
    return tuple(dict.fromkeys(found))


def networks_of_clients(texts: list[str]) -> tuple[str, ...]:
    """Parse networks as clients of acme-dns write them."""
    return parsed(acme_dns.networks, texts)


def host_limit(value: int | str) -> int | None:
    """Parse how many hosts an account may have; None is the default."""
    if value == "default":
        return None
    if isinstance(value, str) or not 0 <= value <= MAX_HOSTS:
        raise Invalid('hosts: expected 0 to {most} or "default"', most=MAX_HOSTS)
    return value


def interface_id(text: str) -> ipaddress.IPv6Address | None:
    """Parse what a host's IPv6 addresses have beyond the prefix; an empty text is none. A whole
    address will do: nothing of it counts that a site's prefix has, which is of 48 bits at least
    (RFC 6177)."""
    if not text.strip():
        return None
    packed = records.address_from_text(text.strip())
    if packed is None or len(packed) != 16 or not any(packed[8:]):
        raise Invalid(
            "{text!r} is no interface ID: that is an IPv6 address without its prefix, such as"
            " ::1234:56ff:fe78:9abc",
            text=text,
        )
    return ipaddress.IPv6Address(bytes(6) + packed[6:])


def days(value: int) -> int:
    """Check a number of days, 0 for none."""
    if not 0 <= value <= MAX_DAYS:
        raise Invalid("expected 0 to {most} days", most=MAX_DAYS)
    return value
