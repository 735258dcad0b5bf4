"""The settings of the server's own certificate, which depend on those of its listeners."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import urlsplit

from ddns.config.settings import Settings
from ddns.config.tls_settings import AcmeSettings
from ddns.config.toml import ConfigError
from ddns.model import names
from ddns.model.mail import BadEmail, email_address

KEY_TYPES = ("ecdsa", "rsa")
WILDCARD = "*."


def check_acme(settings: Settings) -> None:
    """Check the settings of the server's own certificate.

    :raises ConfigError: naming the key and what was expected.
    """
    acme = settings.https.acme
    if not acme.directory:
        if acme != AcmeSettings():
            raise ConfigError("https.acme.directory: expected the URL of an authority's directory")
        return
    if not re.fullmatch(r"https://[!-~]+", acme.directory):
        raise ConfigError(f"https.acme.directory: expected https://..., got {acme.directory!r}")
    if settings.https.certificates:
        raise ConfigError(
            "https.certificate: expected none, since https.acme.directory says where to get one"
        )
    if (
        not acme.keys
        or not set(acme.keys) <= set(KEY_TYPES)
        or len(set(acme.keys)) < len(acme.keys)
    ):
        raise ConfigError(
            f"https.acme.keys: expected some of {', '.join(KEY_TYPES)}, got {list(acme.keys)!r}"
        )
    if bool(acme.eab_kid) != bool(acme.eab_hmac_key):
        raise ConfigError("https.acme.eab_kid and eab_hmac_key: expected both or neither")
    if not re.fullmatch("[A-Za-z0-9_-]*={0,2}", acme.eab_hmac_key):  # does not show the secret
        raise ConfigError("https.acme.eab_hmac_key: expected base64url")
    if acme.email:
        try:
            email_address(acme.email)
        except BadEmail:
            raise ConfigError(
                f"https.acme.email: expected an e-mail address, got {acme.email!r}"
            ) from None
    certificate_names(settings)


def certificate_names(settings: Settings) -> tuple[str, ...]:
    """Return the names for the server's own certificate, in lower case and with A-labels, each
    once: those that are set, else the host of its public URL.

    :raises ConfigError: when there is none, or something else than a name.
    """
    found: dict[str, None] = {}
    for text in settings.https.acme.names:
        found[_name(text)] = None
    if not found:
        host = urlsplit(settings.api.url).hostname or ""
        if not host or _is_address(host):
            raise ConfigError(
                "https.acme.names: expected names for the certificate, since api.url has none"
            )
        found[_name(host)] = None
    return tuple(found)


def _name(text: str) -> str:
    host = text.removeprefix(WILDCARD)
    try:
        if _is_address(host):
            raise names.BadName("an address")
        return text[: len(text) - len(host)] + names.to_text(names.host_from_text(host))
    except names.BadName:
        raise ConfigError(
            f"https.acme.names: expected host names, perhaps with {WILDCARD} before them,"
            f" got {text!r}"
        ) from None


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
