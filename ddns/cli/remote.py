"""A server far away: the API over HTTP or HTTPS, with the token of somebody who has logged in."""

from __future__ import annotations

import contextlib
import http.client
import ipaddress
import json
import os
import ssl
import tempfile
from pathlib import Path
from urllib.parse import quote, urlsplit

from ddns.cli.client import CallFailed, HttpClient

PATIENCE = 60.0
"""Seconds that a server may say nothing."""


class RemoteClient(HttpClient):
    """*server* is an URL, below which the server is; *ca* a PEM file with certificates to trust
    instead of the system's. Nothing is sent before the first call.

    :raises CallFailed: when they are none.
    """

    def __init__(self, server: str, ca: str | None = None) -> None:
        try:
            parts = urlsplit(server)
            host, port = parts.hostname, parts.port
        except ValueError:
            host = None
        if not host or parts.scheme not in ("http", "https") or "@" in parts.netloc or parts.query:
            raise CallFailed("invalid", f"{server!r} is not the URL of a server: https://NAME")
        self.url = f"{parts.scheme}://{parts.netloc.lower()}{parts.path.rstrip('/')}"
        self.gone = f"{self.url} cannot be reached"
        self.in_the_clear = parts.scheme == "http" and not _is_loopback(host)
        connection = http.client.HTTPConnection(host, port, timeout=PATIENCE)
        if parts.scheme == "https":
            try:
                context = ssl.create_default_context(cafile=ca)
            except (OSError, ssl.SSLError) as error:
                raise CallFailed("invalid", f"{ca}: {error}") from error
            connection = http.client.HTTPSConnection(host, port, timeout=PATIENCE, context=context)
        super().__init__(connection, parts.path.rstrip("/") + "/api")
        self._use(self._saved())

    def _use(self, token: str | None) -> None:
        self._headers.pop("Authorization", None)
        if token is not None:
            self._headers["Authorization"] = f"Bearer {token}"

    def forget(self) -> None:
        """Use no token any more, here and in later calls of the command."""
        self._use(None)
        self._file.unlink(missing_ok=True)

    def without_token(self) -> RemoteClient:
        """The same client, which is nobody for now: an old token must not keep one from logging
        in."""
        self._use(None)
        return self

    def remember(self, token: str) -> None:
        """Use a token, here and in later calls of the command by the same person."""
        self._use(token)
        folder = self._file.parent
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=folder)  # mode 0600
        try:
            with open(descriptor, "w") as file:
                json.dump({"server": self.url, "token": token}, file)
                file.flush()
                os.fsync(file.fileno())
            os.replace(name, self._file)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(name)
            raise

    @property
    def _file(self) -> Path:
        base = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
        return Path(base) / "ddns" / f"{quote(self.url, safe='')}.json"

    def _saved(self) -> str | None:
        try:
            saved = json.loads(self._file.read_text())
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            raise CallFailed("failed", f"{self._file} cannot be read: {error}") from error
        match saved:
            case {"token": str(token)} if token.isascii() and token.isalnum():
                return token
        raise CallFailed("failed", f"{self._file} has no token; remove it and log in again")


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
