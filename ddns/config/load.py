"""Load settings from a TOML file, and check values that depend on each other."""

from __future__ import annotations

import ipaddress
import re
import tomllib
from collections.abc import Iterable
from pathlib import Path

from ddns.config.acme import check_acme
from ddns.config.notices import check_notices
from ddns.config.settings import AcmeDnsSettings, MailSettings, Settings
from ddns.config.toml import ConfigError, read_table
from ddns.model import names
from ddns.model.acme_dns import OpenTo
from ddns.model.mail import BadEmail, email_address
from ddns.model.records import MAX_TTL
from ddns.model.relays import OpenTo as RelaysOpenTo
from ddns.model.text import is_loopback

_ZERO_ALLOWED = (
    "inetd.linger_time",
    "dns.rate_limit.responses_per_second",
    "dns.rate_limit.octets_per_response",
    "dns.rate_limit.slip",
    "abuse.change_interval",
    "abuse.refusals",
    "abuse.block_time",
    "abuse.failures_noticed",
    "requests.per_host",
    "requests.failed_per_host",
    "registration.quarantine_days",
    "api.calls_per_minute",
    "tools.calls_per_minute",
    "challenges.keep",
    "acme_dns.expire_after",
    "pages.requests_per_minute",
    "notices.refusals",
)
_RETIRED = (("abuse", "nochg_interval"),)
"""Settings that files may still have, without an effect."""

PROXIED = "haproxy:"
"""Prefix of an endpoint description whose connections start with a PROXY header. Twisted's own
endpoint of this name would trust any client."""

UNIX = "unix:"
_HEADERS = ("off", "x-forwarded-for", "forwarded")
_PLAIN = ("tcp:", "tcp6:", "unix:", "systemd:")
LOG_FORMATS = ("text", "json")
LOG_LEVELS = ("debug", "info", "warn", "error", "critical")
_RESERVED = re.compile(r"[a-z0-9_-]{1,63}\*?|\*", re.ASCII)
_MAX_TABLE_SIZE = 1 << 20  # the table is recreated every second, which takes a millisecond


def load_settings(path: str | Path, shown: str | Path | None = None) -> Settings:
    """Read a TOML file; error messages refer to it as *shown*, by default its path.

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
    for section, key in _RETIRED:
        if isinstance(table := data.get(section), dict):
            table.pop(key, None)
    try:
        return check_settings(read_table(Settings, data, zero_allowed=_ZERO_ALLOWED))
    except ConfigError as error:
        raise ConfigError(f"{shown}: {error}") from None


def check_settings(settings: Settings) -> Settings:
    """Return the settings if their values are valid and consistent.

    :raises ConfigError: naming the key and what was expected.
    """
    for address in settings.dns.listen:
        parse_address(address, "dns.listen")
    for address in settings.miniupdate.udp:
        parse_address(address, "miniupdate.udp")
    for network in settings.abuse.refused_networks:
        parse_network(network, "abuse.refused_networks")
    for network in settings.outward.allow:
        parse_network(network, "outward.allow")
    if not all(0 < port < 65536 for port in settings.outward.ports):
        raise ConfigError(f"outward.ports: expected ports, got {list(settings.outward.ports)!r}")
    for name, listen in (("https", settings.https.listen), ("dot", settings.dot.listen)):
        for description in listen:
            if description.startswith(("ssl:", "tls:")):
                raise ConfigError(f"{name}.listen: expected a plain socket, got {description!r}")
        if listen and not (settings.https.certificates or settings.https.acme.directory):
            raise ConfigError(
                "https.certificate or https.acme.directory: expected one of them, since"
                f" {name}.listen is set"
            )
    if len(settings.https.private_keys) != len(settings.https.certificates):
        raise ConfigError("https.private_key: expected as many as https.certificate, or none")
    if not settings.dns.lease_min <= settings.dns.lease_max < 2**32:
        raise ConfigError("dns.lease_max: expected dns.lease_min or more, up to 4294967295")
    for key in ("cookie_secret", "cookie_secret_accepted"):
        if not re.fullmatch("(?:[0-9A-Fa-f]{32})?", getattr(settings.dns, key)):
            raise ConfigError(
                f"dns.{key}: expected 32 hexadecimal digits"
            )  # does not show the secret
    if settings.dns.cookie_secret_accepted and not settings.dns.cookie_secret:
        raise ConfigError("dns.cookie_secret_accepted: expected dns.cookie_secret beside it")
    for key, bits in (("ipv4_prefix", 32), ("ipv6_prefix", 128)):
        prefix = getattr(settings.dns.rate_limit, key)
        if prefix % 8 or not 8 <= prefix <= bits:
            raise ConfigError(
                f"dns.rate_limit.{key}: expected a multiple of 8 up to {bits}, got {prefix!r}"
            )
    if settings.dns.rate_limit.table_size > _MAX_TABLE_SIZE:
        raise ConfigError(f"dns.rate_limit.table_size: expected {_MAX_TABLE_SIZE} at most")
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
    for key, given, known in (
        ("log.format", settings.log.format, LOG_FORMATS),
        ("log.level", settings.log.level, LOG_LEVELS),
        ("accounts.registration", settings.accounts.registration, ("closed", "open")),
        ("acme_dns.registration", settings.acme_dns.registration, tuple(OpenTo)),
        ("relays.enabled", settings.relays.enabled, tuple(RelaysOpenTo)),
        ("mail.tls", settings.mail.tls, ("off", "starttls", "implicit")),
    ):
        if given not in known:
            raise ConfigError(f"{key}: expected one of {', '.join(known)}, got {given!r}")
    _check_acme_dns(settings.acme_dns)
    _check_contact(settings.api.url, settings.accounts.registration == "open", settings.mail)
    check_notices(settings.notices)
    check_acme(settings)
    _check_proxies(settings)
    return settings


def _check_acme_dns(settings: AcmeDnsSettings) -> None:
    if settings.zone:
        try:
            names.host_from_text(settings.zone)
        except names.BadName as error:
            raise ConfigError(f"acme_dns.zone: {error}") from None
    elif settings.registration != OpenTo.CLOSED:
        raise ConfigError("acme_dns.zone: expected a zone, since acme_dns.registration is set")


def _check_contact(url: str, is_open: bool, mail: MailSettings) -> None:
    if url and not re.fullmatch(r"https?://[!-~]+", url):
        raise ConfigError(f"api.url: expected http://... or https://..., got {url!r}")
    if is_open and not mail.relay:
        raise ConfigError("mail.relay: expected a relay, since accounts.registration is open")
    if is_open and not url:
        raise ConfigError(
            "api.url: expected where people find this server, since accounts.registration is open"
        )
    if not mail.relay:
        return
    host, _ = parse_host_and_port(mail.relay, "mail.relay")
    try:
        email_address(mail.sender)
    except BadEmail:
        raise ConfigError(
            f"mail.sender: expected an e-mail address, since mail.relay is set, got {mail.sender!r}"
        ) from None
    if bool(mail.user) != bool(mail.password):
        raise ConfigError("mail.user and mail.password: expected both or neither")
    if mail.user and mail.tls == "off" and not is_loopback(host):
        raise ConfigError('mail.tls: expected "starttls" or "implicit", since mail.user is set')


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
    for service in ("http", "https", "dot", "miniupdate", "gnudip"):
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
    """Split endpoint descriptions into those for clients and those for proxies that send a PROXY
    header, the latter without :data:`PROXIED`."""
    given = list(descriptions)
    proxied = [text.removeprefix(PROXIED) for text in given if text.startswith(PROXIED)]
    return [text for text in given if not text.startswith(PROXIED)], proxied


def parse_address(text: str, key: str) -> tuple[str, int]:
    """Parse ``ADDRESS:PORT``, IPv6 in brackets: ``127.0.0.1:53``, ``[::]:53``.

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


def parse_host_and_port(text: str, key: str) -> tuple[str, int]:
    """Parse ``HOST:PORT`` with a name or an address, IPv6 in brackets.

    :raises ConfigError: for anything else.
    """
    found = re.fullmatch(r"(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9._-]+)):([0-9]{1,5})", text)
    if found is None or not 0 < int(found[3]) < 65536:
        raise ConfigError(f"{key}: expected HOST:PORT, got {text!r}")
    return found[1] or found[2], int(found[3])


def parse_network(text: str, key: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    """Parse ``ADDRESS/PREFIX``, or one address.

    :raises ConfigError: for anything else, including bits set beyond the prefix.
    """
    try:
        return ipaddress.ip_network(text)
    except ValueError:
        raise ConfigError(f"{key}: expected a network ADDRESS/PREFIX, got {text!r}") from None
