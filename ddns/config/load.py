"""Settings from a TOML file, and whether they make sense together."""

from __future__ import annotations

import ipaddress
import re
import tomllib
from collections.abc import Iterable
from pathlib import Path

from ddns.config import toml
from ddns.config.contact import check_contact
from ddns.config.settings import Settings
from ddns.config.toml import ConfigError
from ddns.model.records import MAX_TTL

_MAY_BE_0 = (
    "inetd.linger_time",
    "dns.rate_limit.responses_per_second",
    "dns.rate_limit.slip",
    "abuse.change_interval",
    "abuse.nochg_interval",
    "abuse.refusals",
    "abuse.block_time",
    "abuse.failures_noticed",
    "requests.per_host",
    "requests.failed_per_host",
    "registration.quarantine_days",
    "api.calls_per_minute",
)
PROXIED = "haproxy:"
"""How the description of a listener begins whose connections begin with a PROXY header. The name
is that of Twisted's own endpoint for this, which would believe anybody."""

UNIX = "unix:"
_HEADERS = ("off", "x-forwarded-for", "forwarded")
_PLAIN = ("tcp:", "tcp6:", "unix:", "systemd:")
LOG_FORMATS = ("text", "json")
LOG_LEVELS = ("debug", "info", "warn", "error", "critical")
_RESERVED = re.compile(r"[a-z0-9_-]{1,63}\*?|\*", re.ASCII)
_LARGEST_TABLE = 1 << 20  # it is made anew every second, in a millisecond


def load(path: str | Path, shown: str | Path | None = None) -> Settings:
    """Read a TOML file, which errors call *shown* if that is given.

    :raises ConfigError: naming the file, the key and what was expected there.
    """
    shown = shown or path
    try:
        with open(path, "rb") as file:
            data = tomllib.load(file)
    except OSError as error:
        raise ConfigError(f"{shown}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{shown}: not TOML: {error}") from error
    try:
        return check(toml.read(Settings, data, may_be_0=_MAY_BE_0))
    except ConfigError as error:
        raise ConfigError(f"{shown}: {error}") from None


def check(settings: Settings) -> Settings:
    """The settings, if their values make sense together.

    :raises ConfigError: naming the key and what was expected.
    """
    for address in settings.dns.listen:
        parse_address(address, "dns.listen")
    for address in settings.miniupdate.udp:
        parse_address(address, "miniupdate.udp")
    for network in settings.abuse.refused_networks:
        parse_network(network, "abuse.refused_networks")
    for description in settings.https.listen:
        if description.startswith("ssl:"):
            raise ConfigError(f"https.listen: expected a plain socket, got {description!r}")
    if settings.https.listen and not settings.https.certificate:
        raise ConfigError("https.certificate: expected a file, since https.listen is set")
    for key in ("cookie_secret", "cookie_secret_accepted"):
        if not re.fullmatch("(?:[0-9A-Fa-f]{32})?", getattr(settings.dns, key)):
            raise ConfigError(f"dns.{key}: expected 32 hexadecimal digits")  # and does not show it
    if settings.dns.cookie_secret_accepted and not settings.dns.cookie_secret:
        raise ConfigError("dns.cookie_secret_accepted: expected dns.cookie_secret beside it")
    for key, bits in (("ipv4_prefix", 32), ("ipv6_prefix", 128)):
        prefix = getattr(settings.dns.rate_limit, key)
        if prefix % 8 or not 8 <= prefix <= bits:
            raise ConfigError(
                f"dns.rate_limit.{key}: expected a multiple of 8 up to {bits}, got {prefix!r}"
            )
    if settings.dns.rate_limit.table_size > _LARGEST_TABLE:
        raise ConfigError(f"dns.rate_limit.table_size: expected {_LARGEST_TABLE} at most")
    for pattern in settings.registration.reserved:
        if not _RESERVED.fullmatch(pattern):
            raise ConfigError(
                f"registration.reserved: expected a label in lower case, perhaps with * at its end,"
                f" got {pattern!r}"
            )
    if not settings.registration.min_ttl <= settings.registration.max_ttl <= MAX_TTL:
        raise ConfigError(
            f"registration.max_ttl: expected registration.min_ttl or more, up to {MAX_TTL}"
        )
    for key, known in (("format", LOG_FORMATS), ("level", LOG_LEVELS)):
        given = getattr(settings.log, key)
        if given not in known:
            raise ConfigError(f"log.{key}: expected one of {', '.join(known)}, got {given!r}")
    check_contact(settings.api, settings.accounts, settings.mail)
    _check_proxies(settings)
    return settings


def _check_proxies(settings: Settings) -> None:
    proxies = settings.proxies
    for text in proxies.trusted:
        if text != UNIX and not parse_network(text, "proxies.trusted").prefixlen:
            raise ConfigError(f"proxies.trusted: expected proxies, got everybody: {text!r}")
    if proxies.header.lower() not in _HEADERS:
        raise ConfigError(
            f'proxies.header: expected "X-Forwarded-For", "Forwarded" or "off",'
            f" got {proxies.header!r}"
        )
    if proxies.header.lower() != "off" and not proxies.trusted:
        raise ConfigError("proxies.trusted: expected networks, since proxies.header is set")
    for service in ("http", "https", "miniupdate"):
        _, proxied = split_listeners(getattr(settings, service).listen)
        if proxied and not proxies.trusted:
            raise ConfigError(
                f"proxies.trusted: expected networks, since {service}.listen has {PROXIED}"
            )
        for description in proxied:
            if not description.startswith(_PLAIN):
                raise ConfigError(
                    f"{service}.listen: expected a plain socket after {PROXIED}, got"
                    f" {description!r}"
                )


def split_listeners(descriptions: Iterable[str]) -> tuple[list[str], list[str]]:
    """Those where clients connect themselves, and those where proxies do that send a PROXY header,
    the latter without :data:`PROXIED`."""
    given = list(descriptions)
    proxied = [text.removeprefix(PROXIED) for text in given if text.startswith(PROXIED)]
    return [text for text in given if not text.startswith(PROXIED)], proxied


def parse_address(text: str, key: str) -> tuple[str, int]:
    """``ADDRESS:PORT``, IPv6 in brackets: ``127.0.0.1:53``, ``[::]:53``.

    :raises ConfigError: for anything else.
    """
    address, colon, port = text.rpartition(":")
    bracketed = address.startswith("[") and address.endswith("]")
    try:
        parsed = ipaddress.ip_address(address.strip("[]") if bracketed else address)
        number = int(port)
    except ValueError:
        parsed, number = None, -1
    if not colon or parsed is None or bracketed != (parsed.version == 6) or not 0 <= number < 65536:
        raise ConfigError(f"{key}: expected ADDRESS:PORT or [IPV6]:PORT, got {text!r}")
    return str(parsed), number


def parse_network(text: str, key: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    """``ADDRESS/PREFIX``, or one address.

    :raises ConfigError: for anything else, an address with bits beyond the prefix among it.
    """
    try:
        return ipaddress.ip_network(text)
    except ValueError:
        raise ConfigError(f"{key}: expected a network ADDRESS/PREFIX, got {text!r}") from None
