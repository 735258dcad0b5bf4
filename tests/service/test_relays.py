"""Relays of a running server, to real servers: others like it, and little ones that misbehave."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from ddns.model.webhooks import new_secret
from tests.conftest import ACCOUNT, HOST, ZONE
from tests.processes import PATIENCE, Server, eventually

OPEN = """
[outward]
allow = ["127.0.0.0/8"]
ports = []
plain_http = true
timeout = 1.0
"""


def made(folder: Path) -> Server:
    """A server that runs and may connect to this machine, with a host of an account."""
    folder.mkdir()
    server = Server(folder, "--no-sample")
    server.with_settings(server.config.read_text() + OPEN).start()
    server.call("zone_add", origin=ZONE)
    server.call("account_add", name=ACCOUNT)
    server.call("host_add", name=HOST, account=ACCOUNT)
    return server


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[tuple[Server, Server]]:
    servers: list[Server] = []
    try:
        for name in ("one", "two"):
            servers.append(made(tmp_path / name))
        yield servers[0], servers[1]
    finally:
        for server in servers:
            server.clean_up()


@pytest.fixture
def one(tmp_path: Path) -> Iterator[Server]:
    server = made(tmp_path / "one")
    yield server
    server.clean_up()


def key_of(server: Server) -> str:
    key: str = server.call("key_add", account=ACCOUNT)["key"]
    return key


def relay_to(server: Server, other: Server) -> None:
    settings = {
        "url": f"http://127.0.0.1:{other.http_port}",
        "user": ACCOUNT,
        "password": key_of(other),
        "hostname": HOST,
        "offline": "yes",
    }
    server.call("relay_add", name=HOST, kind="dyndns2", settings=settings)


def relay_of(server: Server) -> Any:
    (found,) = server.call("relay_list", name=HOST)["relays"]
    return found


def is_level(server: Server, *addresses: str) -> bool:
    relay = relay_of(server)
    return relay["state"] == "delivered" and relay["delivered"] == list(addresses)


def changes(server: Server) -> int:
    events = server.call("host_history", name=HOST, limit=100)["events"]
    return sum(event["kind"] == "rrset" for event in events)


def test_two_that_relay_to_each_other_come_to_rest(pair: tuple[Server, Server]) -> None:
    one, two = pair
    for server, other in (pair, pair[::-1]):
        relay_to(server, other)
    answer = one.update(f"{ACCOUNT}:{key_of(one)}", HOST, "198.51.100.7")
    assert answer.body.strip() == "good 198.51.100.7"
    eventually(lambda: two.answers(HOST) == ["198.51.100.7"], "it is passed on")
    for server in pair:
        eventually(lambda s=server: is_level(s, "198.51.100.7"), "both are at rest")
    assert [changes(server) for server in pair] == [1, 1]
    assert relay_of(two)["result"] == "nochg"
    assert relay_of(one)["next"] is relay_of(two)["next"] is None


def test_what_changed_while_the_other_was_killed(pair: tuple[Server, Server]) -> None:
    """By DNS UPDATE, and over a kill of both."""
    one, two = pair
    key = two.call("key_add", account=ACCOUNT, kind="tsig", rights=["update"], hosts=[HOST])
    settings = {
        "server": f"127.0.0.1:{two.dns_port}",
        "zone": ZONE,
        "hostname": HOST,
        "key": key["name"],
        "algorithm": key["algorithm"],
        "secret": key["key"],
    }
    two.kill()
    one.call("record_set", owner=HOST, type="A", rdatas=["198.51.100.6"])
    one.call("relay_add", name=HOST, kind="rfc2136", settings=settings)
    eventually(lambda: relay_of(one)["attempts"], "it failed")
    assert relay_of(one)["result"] == "127.0.0.1 refuses connections"
    for last in (7, 8):
        one.call("record_set", owner=HOST, type="A", rdatas=[f"198.51.100.{last}"])
    one.kill()
    two.start()
    one.start()
    assert relay_of(one)["state"] == "failing"
    one.call("relay_retry", number=relay_of(one)["id"])
    eventually(lambda: is_level(one, "198.51.100.8"), "it is delivered")
    assert two.answers(HOST) == ["198.51.100.8"]
    assert key["key"] not in one.log


@contextmanager
def little(answer: bytes, status: int, asked: list[Any], slow: bool) -> Iterator[str]:
    """A server that answers so; yields its URL."""
    go_on = threading.Event()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            asked.append((self.path, self.headers, body))
            if slow:
                go_on.wait(PATIENCE)
            self.send_response(status)
            self.send_header("Location", "http://127.0.0.1:1/elsewhere")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        do_GET = do_POST

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.handle_error = lambda *_: None  # type: ignore[method-assign]
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        go_on.set()
        server.shutdown()
        server.server_close()
        thread.join(PATIENCE)


MISBEHAVING = {
    "lying": (b"good 9.9.9.9", 200, False, "it says that it has set another address, 9.9.9.9"),
    "redirecting": (b"", 302, False, "127.0.0.1 answered with a redirect, which is not followed"),
    "huge": (b"x" * 300_000, 200, False, "127.0.0.1 answered with too much"),
    "slow": (b"good", 200, True, "127.0.0.1 took longer than 1 s"),
    "refusing": (b"badauth", 200, False, "it refuses the user name or the password (badauth)"),
}


def test_servers_that_misbehave(one: Server) -> None:
    """Each shows what is wrong, and is not asked again at once."""
    one.call("record_set", owner=HOST, type="A", rdatas=["198.51.100.7"])
    for name, (answer, status, slow, words) in MISBEHAVING.items():
        asked: list[Any] = []
        with little(answer, status, asked, slow) as url:
            settings = {"url": url, "user": "u", "password": "canary", "hostname": "h.example"}
            number = one.call("relay_add", name=HOST, kind="dyndns2", settings=settings)["id"]
            one.call("relay_retry", number=number)
            eventually(lambda: relay_of(one)["attempts"], f"{name}: it failed")
            relay = relay_of(one)
            assert (name, relay["result"]) == (name, words)
            assert relay["state"] == ("refused" if name == "refusing" else "failing")
            assert relay["next"] > relay["tried"]
            assert len(asked) == 1
            one.call("relay_remove", number=number)
    assert "canary" not in one.log


def test_a_webhook(one: Server) -> None:
    asked: list[Any] = []
    with little(b"", 204, asked, False) as url:
        hook = {"url": f"{url}/hook"}
        one.call("record_set", owner=HOST, type="AAAA", rdatas=["2001:db8::1"])
        added = one.call("relay_add", name=HOST, kind="webhook", settings=hook)
        eventually(lambda: is_level(one, "2001:db8::1"), "it is told")
        path, headers, body = asked[-1]
        assert path == "/hook"
        assert Webhook(added["secret"]).verify(body, dict(headers))["host"] == HOST
        with pytest.raises(WebhookVerificationError):
            Webhook(new_secret()).verify(body, dict(headers))
    assert added["secret"] not in one.log
