"""Settings: one frozen object, read from a TOML file, the command line, or built by an embedder."""

from __future__ import annotations

import ipaddress
import re
import tomllib
from dataclasses import dataclass, field
from pathlib import Path

from ddns import table
from ddns.model.account import BadEmail, email_address
from ddns.table import ConfigError

__all__ = ["ConfigError"]

_MAY_BE_0 = ("dns.rate_limit.responses_per_second", "dns.rate_limit.slip")
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
class ApiSettings:
    """``[api]``. Whether HTTP and HTTPS have the API below ``/api``; ``url`` is where people find
    this server, as mails name it."""

    enabled: bool = True
    url: str = ""


@dataclass(frozen=True, slots=True)
class AccountsSettings:
    """``[accounts]``. ``registration`` is ``closed`` or ``open``; durations are seconds."""

    registration: str = "closed"
    confirmation_time: float = 86_400.0
    session_time: float = 2_592_000.0
    session_idle_time: float = 604_800.0
    mails_per_hour: int = 5
    mails_per_hour_in_all: int = 1000
    registrations_per_hour: int = 20
    notice_time: float = 86_400.0


@dataclass(frozen=True, slots=True)
class MailSettings:
    """``[mail]``. ``relay`` is ``HOST:PORT``, or nothing: no mail. ``tls`` is ``off``,
    ``starttls`` or ``implicit``; ``ca`` a PEM file with what to trust instead of the system's.
    Durations are seconds; the pause before a retry doubles with each."""

    relay: str = ""
    sender: str = ""
    user: str = ""
    password: str = field(default="", repr=False)
    tls: str = "starttls"
    ca: str = ""
    timeout: float = 30.0
    retries: int = 8
    retry_pause: float = 10.0


@dataclass(frozen=True, slots=True)
class StoreSettings:
    """``[store]``. ``patience`` is how long an update waits for a locked database, in seconds;
    ``journal_rows`` how many changes the journal keeps."""

    patience: float = 4.0
    journal_rows: int = 200_000


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
    store: StoreSettings = field(default_factory=StoreSettings)


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
    _check_people(settings)
    return settings


def _check_people(settings: Settings) -> None:
    """What registers people and writes to them."""
    mail = settings.mail
    for key, value, known in (
        ("accounts.registration", settings.accounts.registration, ("closed", "open")),
        ("mail.tls", mail.tls, ("off", "starttls", "implicit")),
    ):
        if value not in known:
            raise ConfigError(f"{key}: expected one of {', '.join(known)}, got {value!r}")
    url = settings.api.url
    if url and not re.fullmatch(r"https?://[!-~]+", url):
        raise ConfigError(f"api.url: expected http://... or https://..., got {url!r}")
    if settings.accounts.registration == "open" and not mail.relay:
        raise ConfigError("mail.relay: expected a relay, since accounts.registration is open")
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
    if mail.user and mail.tls == "off" and not _is_loopback(host):
        raise ConfigError('mail.tls: expected "starttls" or "implicit", since mail.user is set')


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def parse_host_and_port(text: str, key: str) -> tuple[str, int]:
    """``HOST:PORT`` with a name or an address, IPv6 in brackets.

    :raises ConfigError: for anything else.
    """
    found = re.fullmatch(r"(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9._-]+)):([0-9]{1,5})", text)
    if found is None or not 0 < int(found[3]) < 65536:
        raise ConfigError(f"{key}: expected HOST:PORT, got {text!r}")
    return found[1] or found[2], int(found[3])


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
