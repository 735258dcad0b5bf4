"""Clients of the API over HTTP, such as that of a running server's control socket."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlencode

from ddns.api.errors import error_json
from ddns.api.routes import BY_OPERATION
from ddns.system.files import short_path

if TYPE_CHECKING:
    from ddns.model.rows import Row

Json = dict[str, Any]


class CallFailed(Exception):
    """The call was refused or could not be made.

    ``answer`` is the API's error object; ``hint`` tells people what to do next, if there is
    anything to say that follows from neither.
    """

    def __init__(self, code: str, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.answer: Json = error_json(code, message)
        self.hint = hint


class NoServer(Exception):
    """No server listens on the control socket of this database."""


class Client(Protocol):
    """The interface through which subcommands call the API."""

    def call(self, operation: str, **arguments: Any) -> Json:
        """Call an operation and return its answer.

        :raises CallFailed: when the API refuses.
        """

    def rows(self, origin: str) -> Iterator[Row]:
        """Yield all records of a zone, its SOA first.

        :raises CallFailed: when the API refuses.
        """


class HttpClient:
    """A client of the API over an HTTP connection.

    :param connection: the connection, open or not.
    :param below: the path below which the API is.
    :param headers: headers of every request.
    """

    gone = "the server went away"
    gone_hint = ""

    def __init__(
        self,
        connection: http.client.HTTPConnection,
        below: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self._connection = connection
        self._below = below
        self._headers = dict(headers or {})

    def call(self, operation: str, **arguments: Any) -> Json:
        """See :class:`Client`."""
        route = BY_OPERATION[operation]
        path, rest = route.fill(arguments)
        body: bytes | None = None
        if route.octets:
            body = rest.pop("rows")  # type: ignore[assignment]
        rest = {key: value for key, value in rest.items() if value is not None}
        if route.octets or route.method in ("GET", "DELETE"):
            path += "?" + urlencode({key: _query(value) for key, value in rest.items()})
        else:
            body = json.dumps(rest).encode()
        status, octets = self._ask(route.method, path, body)
        parsed = _json(octets)
        if status != 200 or not isinstance(parsed, dict):
            raise _refusal(parsed)
        return parsed

    def rows(self, origin: str) -> Iterator[Row]:
        """See :class:`Client`."""
        path, _ = BY_OPERATION["zone_scan"].fill({"origin": origin})
        status, octets = self._ask("GET", path, None)
        if status != 200:
            raise _refusal(_json(octets))
        from ddns.model.rows import unpack_rows  # which brings a DNS library along

        yield from unpack_rows(octets)

    def _ask(self, method: str, path: str, body: bytes | None) -> tuple[int, bytes]:
        try:
            self._connection.request(method, self._below + path, body, self._headers)
            answer = self._connection.getresponse()
        except (OSError, http.client.HTTPException) as error:
            raise CallFailed("failed", f"{self.gone}: {error}", self.gone_hint) from error
        try:
            return answer.status, answer.read()
        except (OSError, http.client.HTTPException) as error:
            raise CallFailed("failed", f"the server's answer ends early: {error}") from error


def _query(value: object) -> object:
    return str(value).lower() if isinstance(value, bool) else value


def _json(octets: bytes) -> object:
    """Parse JSON; return None if it is not JSON."""
    try:
        return json.loads(octets)
    except ValueError:
        return None


def _refusal(answer: object) -> CallFailed:
    """Return the error in an answer, which may be one of any HTTP server."""
    match answer:
        case {"error": {"code": str(code), "message": str(message)} as error}:
            refusal = CallFailed(code, message)
            refusal.answer["error"] |= error  # some errors say more than that
            return refusal
    return CallFailed("failed", "what answers there is not the API of a server like this")


class SocketClient(HttpClient):
    """A client of the server that runs on a database on this machine."""

    def __init__(self, path: Path) -> None:
        """Connect to its control socket.

        :raises NoServer: when nobody listens.
        """
        connection = _UnixConnection(path)
        try:
            connection.connect()
        except OSError as error:
            raise NoServer from error
        super().__init__(connection)


class _UnixConnection(http.client.HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path: Path) -> None:
        super().__init__("localhost")
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            with short_path(self._path) as path:
                self.sock.connect(path)
        except OSError:
            self.sock.close()
            raise
