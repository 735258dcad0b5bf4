"""A server far away: the API over HTTP or HTTPS, with the token of somebody who has logged in."""

from __future__ import annotations

import http.client
import json
import os
import ssl
from pathlib import Path
from urllib.parse import quote, urlsplit

from ddns.cli.client import CallFailed, HttpClient
from ddns.model.text import is_loopback
from ddns.system.files import write_private

TIMEOUT = 60.0
"""Seconds that a server may say nothing."""


class RemoteClient(HttpClient):
    """A client of a server far away, with the token of the last login there if there is one.

    Nothing is sent before the first call.

    :param server: the URL below which the server is.
    :param ca: a PEM file with certificates to trust instead of the system's.
    :raises CallFailed: when one of them cannot be used.
    """

    gone_hint = "check the URL; --ca FILE names certificates to trust instead of the system's"

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
        self.in_the_clear = parts.scheme == "http" and not is_loopback(host)
        connection = http.client.HTTPConnection(host, port, timeout=TIMEOUT)
        if parts.scheme == "https":
            try:
                context = ssl.create_default_context(cafile=ca)
            except (OSError, ssl.SSLError) as error:
                raise CallFailed("invalid", f"{ca}: {error}") from error
            connection = http.client.HTTPSConnection(host, port, timeout=TIMEOUT, context=context)
        super().__init__(connection, parts.path.rstrip("/") + "/api")
        if token := self._saved():
            self._use(token)

    def _use(self, token: str) -> None:
        self._headers["Authorization"] = f"Bearer {token}"

    def drop_token(self) -> None:
        """Call without a token from now on: a stale one would be refused even where none is
        needed, as for logging in."""
        self._headers.pop("Authorization", None)

    def forget(self) -> None:
        """Drop the token, and remove it from its file."""
        self.drop_token()
        self._file.unlink(missing_ok=True)

    def remember(self, token: str) -> None:
        """Use a token from now on, in later runs of the command too."""
        self._use(token)
        self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_private(self._file, json.dumps({"server": self.url, "token": token}).encode())

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
