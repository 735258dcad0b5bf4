"""Checking settings, and the files that they name, without starting a server."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ddns.config.load import load_settings, split_listeners
from ddns.config.settings import Settings
from ddns.config.toml import ConfigError
from ddns.net import endpoints
from ddns.net.tls import Certificate, TlsError, read_pair
from ddns.system.exposure import exposed, secret_files, writable
from ddns.system.socket_activation import STREAMS


def check_file(reactor: Any, path: str) -> Settings:
    """Return the settings in a file if a server could start with them. Files that they name are
    read, relative to the working directory; no socket is opened.

    :raises ConfigError: naming the file, the key and what was expected.
    """
    settings = load_settings(path)
    try:
        _listeners(reactor, settings)
        _files(settings)
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from None
    return settings


def exposed_files(settings: Settings, file: str | None = None) -> list[str]:
    """Return a line for each file that all can write, or read although it holds secrets: those
    of the database, those that the settings name, and the *file* that these were read from."""
    https, mail = settings.https, settings.mail
    secret = secret_files(settings.database)
    secret += map(Path, https.private_keys)
    if file and (mail.password or settings.dns.cookie_secret or https.acme.eab_hmac_key):
        secret.append(Path(file))
    trusted = map(Path, filter(None, (*https.certificates, mail.ca, https.acme.ca, file)))
    return exposed(secret) + writable(one for one in trusted if one not in secret)


def _listeners(reactor: Any, settings: Settings) -> None:
    for key in STREAMS:
        direct, proxied = split_listeners(getattr(settings, key).listen)
        for description in (*direct, *proxied):
            try:
                endpoints.check(reactor, description, f"{key}.listen")
            except ValueError as error:
                raise ConfigError(str(error)) from None


def _files(settings: Settings) -> None:
    https = settings.https
    if https.certificates:
        try:
            Certificate(*map(read_pair, https.certificates, https.private_keys))
        except TlsError as error:
            raise ConfigError(f"https.certificate: {error}") from None
    for key, file in (("mail.ca", settings.mail.ca), ("https.acme.ca", https.acme.ca)):
        try:
            if file:
                Path(file).read_bytes()
        except OSError as error:
            raise ConfigError(f"{key}: {file}: {error.strerror}") from None
    folder = Path(settings.database).parent
    if not folder.is_dir():
        raise ConfigError(f"database: there is no directory {folder}")
