"""How the command reaches the API: a running server's control socket, or the database itself."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlencode

from ddns.api.errors import ApiError, error_json
from ddns.api.routes import BY_OPERATION
from ddns.model.rows import Row, unpack_rows
from ddns.system.files import short_path

Json = dict[str, Any]


class CallFailed(Exception):
    """The call was refused or could not be made; ``answer`` is the API's error object."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.answer = error_json(code, message)


class NoServer(Exception):
    """No server listens on the control socket of this database."""


class Client(Protocol):
    """What commands call; both ways behave alike."""

    def call(self, operation: str, **arguments: Any) -> Json:
        """Call an operation.

        :raises CallFailed: when the API refuses.
        """

    def rows(self, origin: str) -> Iterator[Row]:
        """All records of a zone, its SOA first."""


class HttpClient:
    """A client of the API over a connection, below a path, with these headers."""

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
        answer = self._ask(route.method, path, body)
        try:
            octets = answer.read()
        except (OSError, http.client.HTTPException) as error:
            raise CallFailed("failed", f"the server's answer ends early: {error}") from error
        parsed = _json(octets)
        if answer.status != 200 or not isinstance(parsed, dict):
            raise _refusal(parsed)
        return parsed

    def rows(self, origin: str) -> Iterator[Row]:
        """See :class:`Client`."""
        path, _ = BY_OPERATION["zone_scan"].fill({"origin": origin})
        answer = self._ask("GET", path, None)
        try:
            if answer.status != 200:
                raise _refusal(_json(answer.read()))
            yield from unpack_rows(answer.read())
        except (OSError, http.client.HTTPException) as error:
            raise CallFailed("failed", f"the server's answer ends early: {error}") from error

    def _ask(self, method: str, path: str, body: bytes | None) -> http.client.HTTPResponse:
        try:
            self._connection.request(method, self._below + path, body, self._headers)
            return self._connection.getresponse()
        except (OSError, http.client.HTTPException) as error:
            raise CallFailed("failed", f"{self.gone}: {error}") from error

    gone = "the server went away"


def _json(octets: bytes) -> object:
    """What JSON says; None where it is none."""
    try:
        return json.loads(octets)
    except ValueError:
        return None


def _refusal(answer: object) -> CallFailed:
    """What the API says is wrong; whatever answers, it need not be the API."""
    match answer:
        case {"error": {"code": str(code), "message": str(message)}}:
            return CallFailed(code, message)
    return CallFailed("failed", "what answers there is not the API of a server like this")


class SocketClient(HttpClient):
    """A client of a running server on this machine."""

    def __init__(self, path: Path) -> None:
        """Connect.

        :raises NoServer: when nobody listens.
        """
        connection = _UnixConnection(path)
        try:
            connection.connect()
        except OSError as error:
            raise NoServer from error
        super().__init__(connection)


def _query(value: object) -> object:
    return str(value).lower() if isinstance(value, bool) else value


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


class LocalClient:
    """Runs operations in this process, while its reactor runs in another thread."""

    def __init__(self, reactor: Any, operations: Any) -> None:
        self._reactor = reactor
        self._operations = operations

    def call(self, operation: str, **arguments: Any) -> Json:
        """See :class:`Client`."""
        with _refusals():
            return self._blocking(lambda: getattr(self._operations, operation)(**arguments))  # type: ignore[no-any-return]

    def rows(self, origin: str) -> Iterator[Row]:
        """See :class:`Client`."""
        with _refusals():
            soa, scan = self._blocking(lambda: self._operations.zone_scan(origin))
            try:
                yield soa
                while rows := self._blocking(scan.next):
                    yield from (row for row in rows if row[:2] != soa[:2])
            finally:
                self._blocking(scan.close)

    def _blocking(self, function: Any) -> Any:
        from twisted.internet.defer import ensureDeferred, maybeDeferred
        from twisted.internet.threads import blockingCallFromThread

        def begin() -> Any:
            result = function()
            return (
                ensureDeferred(result) if hasattr(result, "send") else maybeDeferred(lambda: result)
            )

        return blockingCallFromThread(self._reactor, begin)


@contextlib.contextmanager
def _refusals() -> Iterator[None]:
    try:
        yield
    except ApiError as error:
        raise CallFailed(error.code, str(error)) from error
