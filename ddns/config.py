"""Settings: one frozen object, read from a TOML file, the command line, or built by an embedder."""

from __future__ import annotations

import ipaddress
import re
import tomllib
from dataclasses import dataclass, field
from pathlib import Path

from ddns import table
from ddns.contact import AccountsSettings, ApiSettings, MailSettings, check_contact
from ddns.model.records import MAX_TTL
from ddns.table import ConfigError

__all__ = ["AccountsSettings", "ApiSettings", "ConfigError", "MailSettings"]

_MAY_BE_0 = (
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
_RESERVED = re.compile(r"[a-z0-9_-]{1,63}\*?|\*", re.ASCII)
_LARGEST_TABLE = 1 << 20  # it is made anew every second, in a millisecond


@dataclass(frozen=True, slots=True)
class RateLimitSettings:
    """``[dns.rate_limit]``. No ``responses_per_second`` means no limit. ``slip``: one in so many
    suppressed replies is sent cut short, 0 for none. Prefixes are bits, whole octets of them."""

    responses_per_second: int = 200
    slip: int = 2
    table_size: int = 65_536
    ipv4_prefix: int = 24
    ipv6_prefix: int = 56


@dataclass(frozen=True, slots=True)
class DnsSettings:
    """``[dns]``. ``listen`` are ``ADDRESS:PORT``, each for UDP and TCP; durations are seconds.
    Secrets of cookies are 32 hexadecimal digits, or nothing."""

    listen: tuple[str, ...] = ("127.0.0.1:5300",)
    tcp_connections: int = 150
    tcp_connections_per_address: int = 60
    tcp_idle_time: float = 10.0
    tcp_message_time: float = 10.0
    cookies: bool = True
    cookie_secret: str = field(default="", repr=False)
    cookie_secret_accepted: str = field(default="", repr=False)
    rate_limit: RateLimitSettings = field(default_factory=RateLimitSettings)


@dataclass(frozen=True, slots=True)
class HttpSettings:
    """``[http]``. ``listen`` are Twisted endpoint descriptions; sizes are octets."""

    listen: tuple[str, ...] = ("tcp:8245:interface=127.0.0.1",)
    request_line: int = 8192
    headers: int = 16384
    body: int = 8192
    request_time: float = 10.0
    idle_time: float = 60.0
    connections: int = 500
    connections_per_address: int = 100


@dataclass(frozen=True, slots=True)
class HttpsSettings:
    """``[https]``. ``listen`` are Twisted endpoint descriptions. ``certificate`` and
    ``private_key`` are PEM files; without the latter the key is in the certificate's file. The
    limits are those of ``[http]``."""

    listen: tuple[str, ...] = ()
    certificate: str = ""
    private_key: str = ""


@dataclass(frozen=True, slots=True)
class MiniupdateSettings:
    """``[miniupdate]``. ``listen`` are Twisted endpoint descriptions, ``udp`` the ``ADDRESS:PORT``
    where clients are told their address; durations are seconds."""

    listen: tuple[str, ...] = ("tcp:9120:interface=127.0.0.1",)
    udp: tuple[str, ...] = ()
    connections: int = 200
    connections_per_address: int = 20
    idle_time: float = 30.0
    session_time: float = 60.0
    challenge_time: float = 30.0


@dataclass(frozen=True, slots=True)
class AbuseSettings:
    """``[abuse]``. Intervals and times in seconds; 0 switches off what stands on it.

    A host may change ``change_burst`` times at once and then once every ``change_interval``; one
    ``nochg`` every ``nochg_interval`` is free, others count as changes. ``refusals`` refused
    updates within ``window`` block an account, for ``block_time`` or, with 0, until the operator
    lifts it. ``failures_noticed`` wrong credentials within ``window`` are told the account's owner.
    ``refused_networks`` are those from which nothing is taken, ``192.0.2.0/24``.
    """

    change_burst: int = 10
    change_interval: float = 60.0
    nochg_interval: float = 60.0
    refusals: int = 50
    window: float = 86_400.0
    block_time: float = 0.0
    failures_noticed: int = 100
    refused_networks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RequestsSettings:
    """``[requests]``. ``per_host`` requests are kept of each host, ``failed_per_host`` of those
    whose credentials were wrong, ``rows`` in all; ``waiting`` at most are kept for ``write_time``
    seconds and then written. ``per_host`` 0 keeps none."""

    per_host: int = 20
    failed_per_host: int = 5
    rows: int = 200_000
    waiting: int = 1000
    write_time: float = 1.0


@dataclass(frozen=True, slots=True)
class StoreSettings:
    """``[store]``. ``patience`` is how long an update waits for a locked database, in seconds;
    ``journal_rows`` how many changes the journal keeps; ``reader_patience`` how many seconds a
    reader of a whole zone may do nothing."""

    patience: float = 4.0
    journal_rows: int = 200_000
    reader_patience: float = 30.0


@dataclass(frozen=True, slots=True)
class RegistrationSettings:
    """``[registration]``: what holds for people, not for the operator. ``reserved`` are labels of
    hosts, with ``*`` at the end for whatever follows; TTLs are seconds."""

    reserved: tuple[str, ...] = ()
    min_ttl: int = 10
    max_ttl: int = 86_400
    hosts_per_account: int = 10
    keys_per_account: int = 20
    records_per_host: int = 20
    quarantine_days: float = 90.0


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that can be set. ``sample`` lets a new, loopback-only server make a first host."""

    database: str = "ddns.sqlite"
    sample: bool = True
    stop_time: float = 5.0
    dns: DnsSettings = field(default_factory=DnsSettings)
    http: HttpSettings = field(default_factory=HttpSettings)
    https: HttpsSettings = field(default_factory=HttpsSettings)
    miniupdate: MiniupdateSettings = field(default_factory=MiniupdateSettings)
    api: ApiSettings = field(default_factory=ApiSettings)
    accounts: AccountsSettings = field(default_factory=AccountsSettings)
    mail: MailSettings = field(default_factory=MailSettings)
    abuse: AbuseSettings = field(default_factory=AbuseSettings)
    requests: RequestsSettings = field(default_factory=RequestsSettings)
    store: StoreSettings = field(default_factory=StoreSettings)
    registration: RegistrationSettings = field(default_factory=RegistrationSettings)


def load(path: str | Path) -> Settings:
    """Read a TOML file.

    :raises ConfigError: naming the file, the key and what was expected there.
    """
    try:
        with open(path, "rb") as file:
            data = tomllib.load(file)
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not TOML: {error}") from error
    try:
        return check(table.read(Settings, data, may_be_0=_MAY_BE_0))
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from None


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
    check_contact(settings.api, settings.accounts, settings.mail)
    return settings


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
