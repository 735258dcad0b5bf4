"""A receiver of webhooks on loopback that keeps what it is sent, and answers as a test says."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.net.reactors import PATIENCE
from tests.processes import eventually


@dataclass
class Posted:
    """A request as it came."""

    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Receiver:
    """``answers`` are statuses for the next requests, 200 for all others; 302 leads to /elsewhere.
    ``flood`` octets follow each answer, which waits for ``may_answer``."""

    port: int = 0
    posted: list[Posted] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    flood: int = 0
    may_answer: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook?token=canary-of-a-url"

    def wait(self, count: int) -> list[Posted]:
        """What was posted, once there is so much."""
        eventually(lambda: len(self.posted) >= count, f"{count} posts arrive")
        return self.posted


@contextmanager
def receiver(port: int = 0) -> Iterator[Receiver]:
    """One that listens, at any port if none is said."""
    kept = Receiver()
    kept.may_answer.set()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            kept.posted.append(Posted(self.path, dict(self.headers), body))
            kept.may_answer.wait(PATIENCE)
            self.send_response(kept.answers.pop(0) if kept.answers else 200)
            self.send_header("Location", "/elsewhere")
            self.send_header("Content-Length", str(kept.flood))
            self.end_headers()
            with contextlib.suppress(ConnectionError):
                self.wfile.write(b"x" * kept.flood)

        do_GET = do_POST

        def log_message(self, format: str, *args: object) -> None:
            """Nothing is said."""

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    kept.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield kept
    finally:
        kept.may_answer.set()
        server.shutdown()
        server.server_close()
        thread.join()
