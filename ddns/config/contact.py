"""Whether the settings of how people come in and are written to make sense together."""

from __future__ import annotations

import re

from ddns.config.settings import AccountsSettings, ApiSettings, MailSettings
from ddns.config.toml import ConfigError
from ddns.model.account import BadEmail, email_address
from ddns.model.text import is_loopback


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
    if mail.user and mail.tls == "off" and not is_loopback(host):
        raise ConfigError('mail.tls: expected "starttls" or "implicit", since mail.user is set')


def parse_host_and_port(text: str, key: str) -> tuple[str, int]:
    """``HOST:PORT`` with a name or an address, IPv6 in brackets.

    :raises ConfigError: for anything else.
    """
    found = re.fullmatch(r"(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9._-]+)):([0-9]{1,5})", text)
    if found is None or not 0 < int(found[3]) < 65536:
        raise ConfigError(f"{key}: expected HOST:PORT, got {text!r}")
    return found[1] or found[2], int(found[3])
