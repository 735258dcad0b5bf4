"""Settings of how people come in and are written to."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, field

from ddns.model.account import BadEmail, email_address
from ddns.table import ConfigError


@dataclass(frozen=True, slots=True)
class ApiSettings:
    """``[api]``. Whether HTTP and HTTPS have the API below ``/api``; ``url`` is where people find
    this server, as mails name it. ``calls_per_minute`` are those of an account, or of a network
    from which nobody has logged in; 0 is no limit."""

    enabled: bool = True
    url: str = ""
    calls_per_minute: int = 120


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


def check_contact(api: ApiSettings, accounts: AccountsSettings, mail: MailSettings) -> None:
    """Whether these values make sense together.

    :raises ConfigError: naming the key and what was expected.
    """
    for key, value, known in (
        ("accounts.registration", accounts.registration, ("closed", "open")),
        ("mail.tls", mail.tls, ("off", "starttls", "implicit")),
    ):
        if value not in known:
            raise ConfigError(f"{key}: expected one of {', '.join(known)}, got {value!r}")
    url = api.url
    if url and not re.fullmatch(r"https?://[!-~]+", url):
        raise ConfigError(f"api.url: expected http://... or https://..., got {url!r}")
    if accounts.registration == "open" and not mail.relay:
        raise ConfigError("mail.relay: expected a relay, since accounts.registration is open")
    if accounts.registration == "open" and not url:
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
    if mail.user and mail.tls == "off" and not _is_loopback(host):
        raise ConfigError('mail.tls: expected "starttls" or "implicit", since mail.user is set')


def parse_host_and_port(text: str, key: str) -> tuple[str, int]:
    """``HOST:PORT`` with a name or an address, IPv6 in brackets.

    :raises ConfigError: for anything else.
    """
    found = re.fullmatch(r"(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9._-]+)):([0-9]{1,5})", text)
    if found is None or not 0 < int(found[3]) < 65536:
        raise ConfigError(f"{key}: expected HOST:PORT, got {text!r}")
    return found[1] or found[2], int(found[3])


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
