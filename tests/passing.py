"""A pass-through in front of Pebble, which adds what Pebble lacks, or says what a test wants."""

from __future__ import annotations

import http.client
import http.server
import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from tests import certificates
from tests.pebble import Authority
from tests.processes import PATIENCE

RENEWAL = "/renewal-info"
_KEPT = ("content-type", "content-length", "replay-nonce", "location", "link", "retry-after")


class Said(NamedTuple):
    """An answer that does not come from Pebble."""

    body: bytes
    status: int = 200
    headers: tuple[tuple[str, str], ...] = (("Content-Type", "application/json"),)


@dataclass
class PassThrough:
    """What goes through, and what does not. Pebble makes its URLs from the Host header, so that all
    requests come here.

    :param url: where it is; clients know it by the certificate in ``ca``.
    :param asked: the paths of all requests, in order.
    :param instead: answers by how the path begins.
    :param window: when to renew certificates, as in RFC 9773.
    :param broken: whether connections are closed without an answer.
    :param stuck: what answers wait for, if anything.
    """

    url: str
    ca: Path
    behind: Authority
    asked: list[str] = field(default_factory=list)
    instead: dict[str, Said] = field(default_factory=dict)
    window: tuple[str, str] = ("2028-01-01T00:00:00Z", "2028-01-02T00:00:00Z")
    broken: bool = False
    stuck: threading.Event | None = None

    @property
    def directory(self) -> str:
        """The URL of its directory."""
        return f"{self.url}/dir"

    def answer(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Said:
        """The answer to one request."""
        self.asked.append(path)
        for beginning, said in self.instead.items():
            if path.startswith(beginning):
                return said
        if path.startswith(f"{RENEWAL}/"):
            start, end = self.window
            window = {"suggestedWindow": {"start": start, "end": end}}
            return Said(json.dumps(window).encode())
        said = self._ask(method, path, headers, body)
        if path == "/dir":
            directory = json.loads(said.body) | {"renewalInfo": self.url + RENEWAL}
            return Said(json.dumps(directory).encode())
        return said

    def _ask(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Said:
        context = ssl.create_default_context(cafile=str(self.behind.ca))
        port = urlsplit(self.behind.directory).port
        connection = http.client.HTTPSConnection(
            "127.0.0.1", port, timeout=PATIENCE, context=context
        )
        try:
            connection.request(method, path, body or None, headers)
            answer = connection.getresponse()
            kept = tuple(
                (name, value) for name, value in answer.getheaders() if name.lower() in _KEPT
            )
            return Said(answer.read(), answer.status, kept)
        finally:
            connection.close()


@contextmanager
def passing(behind: Authority, folder: Path) -> Iterator[PassThrough]:
    """Run a pass-through with its files in *folder*."""
    pair = certificates.make(folder, "passing")

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._pass()

        def do_HEAD(self) -> None:
            self._pass()

        def do_POST(self) -> None:
            self._pass()

        def _pass(self) -> None:
            if through.broken:
                self.close_connection = True
                return
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            if through.stuck is not None:
                through.stuck.wait(PATIENCE)
            said = through.answer(self.command, self.path, dict(self.headers.items()), body)
            self.send_response(said.status)
            for name, value in said.headers:
                if name.lower() != "content-length":
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(said.body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(said.body)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair.certificate, pair.private_key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    through = PassThrough(f"https://127.0.0.1:{server.server_port}", pair.certificate, behind)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield through
    finally:
        server.shutdown()
        server.server_close()
        thread.join(PATIENCE)
