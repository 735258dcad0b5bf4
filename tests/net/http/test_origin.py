"""Whom a browser asks for: its user, a page of ours, or another site's."""

from __future__ import annotations

import http.client
import http.server
import json
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.net.http_clients import LOGIN, TARGET, Serving, serving, until
from tests.net.reactors import PATIENCE, RunningReactor
from tests.programs import program

FOREIGN = [
    ("Sec-Fetch-Site: cross-site",),
    ("Sec-Fetch-Site: same-site",),
    ("Sec-Fetch-Site: cross-site", "Origin: https://localhost"),
    ("Sec-Fetch-Site: none, cross-site",),
    ("Sec-Fetch-Site: none", "Origin: https://evil.example"),
    ("Origin: https://evil.example",),
    ("Origin: https://evil.example", "Origin: https://localhost"),
    ("Origin: https://localhost:8443",),
    ("Origin: https://localhost.evil.example",),
    ("Origin: ftp://localhost",),
    ("Origin: null",),
    ("Origin: ",),
    ("Origin: \xff",),
]
OWN = [
    (),
    ("Sec-Fetch-Site: none",),
    ("Sec-Fetch-Site: same-origin",),
    ("Sec-Fetch-Site: same-origin", "Origin: https://behind.a.proxy"),
    ("Origin: https://localhost",),
    ("Origin: http://LOCALHOST",),
]
UPDATES = [
    TARGET,
    TARGET.replace("nic", "v3"),
    "/dns/dynamic.html?hostname=home.example.net",
    "/areg.php?opcode=ADD&host=home.example.net&username=alice&password=right",
    *(f"/{form}/?user=alice&apikey=right&host=home.example.net" for form in ("json", "xml")),
    "/plain/?user=alice&password=right&host=home.example.net",
]


@pytest.fixture
def served(running: RunningReactor) -> Iterator[Serving]:
    with serving(running) as served:
        yield served


@pytest.mark.parametrize("headers", FOREIGN)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_no_dialect_updates_for_another_site(
    served: Serving, headers: tuple[str, ...], method: str
) -> None:
    """And none asks for credentials, or says what a client takes for success."""
    for target in UPDATES:
        for login in (LOGIN, "X-None: 1"):
            with served.connect() as client:
                answer = client.ask(target, login, *headers, method=method)
            assert answer.status == 403
            assert answer.header("www-authenticate") is None
            said = answer.body.decode().lower()
            for word in ("ok", "good", "true", "updated", "success", "nochg", "noauth", "abuse"):
                assert word not in said
    assert served.pipeline.updates == []


@pytest.mark.parametrize("headers", OWN)
def test_the_user_and_pages_of_ours(served: Serving, headers: tuple[str, ...]) -> None:
    for number, target in enumerate(UPDATES, 1):
        with served.connect() as client:
            assert client.ask(target, LOGIN, *headers).status in (200, 503)
        assert len(served.pipeline.updates) == number


@pytest.mark.parametrize("headers", FOREIGN)
def test_anybody_may_see_the_address(served: Serving, headers: tuple[str, ...]) -> None:
    for path in ("/ip", "/myip", "/checkip"):
        with served.connect() as client:
            assert client.ask(path, *headers).status == 200


# A browser -------------------------------------------------------------------------------------

ATTACK = """<!doctype html><title>evil</title><body><script>
const to = %s, login = to.replace('//', '//alice:right@');
new Image().src = to;
const frame = document.createElement('iframe');
frame.src = to;
document.body.append(frame);
fetch(to, {mode: 'no-cors', credentials: 'include'}).catch(() => 0);
fetch(to, {mode: 'no-cors', credentials: 'include', method: 'POST'}).catch(() => 0);
setTimeout(() => {
    const form = document.createElement('form');
    [form.action, form.method] = [to, 'POST'];
    document.body.append(form);
    form.submit();
}, 500);
window.open(login);
</script></body>"""


@contextmanager
def page(text: str) -> Iterator[int]:
    """A site of one page on loopback; its port."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *args: Any) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()


class Browser:
    """Chromium without a window."""

    def __init__(self, folder: Path) -> None:
        self._port_file = folder / "DevToolsActivePort"
        self.process = subprocess.Popen(
            [
                *(program("chromium"), "--headless", "--no-sandbox", "--disable-gpu"),
                *("--remote-debugging-port=0", f"--user-data-dir={folder}", "--no-first-run"),
                *("--disable-background-networking", "--disable-popup-blocking"),
                "about:blank",
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def open(self, url: str) -> None:
        """Open a tab with an address, as its user would by typing it."""
        until(lambda: self._port_file.exists() and bool(self._port_file.read_text()))
        port = int(self._port_file.read_text().split()[0])
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        connection.request("PUT", f"/json/new?{url}")
        json.loads(connection.getresponse().read())
        connection.close()


@pytest.fixture
def browser(tmp_path: Path) -> Iterator[Browser]:
    browser = Browser(tmp_path)
    yield browser
    browser.process.terminate()
    browser.process.wait()


@pytest.mark.parametrize("site", ["localhost", "127.0.0.1"])  # cross-site, same-site
def test_a_browser_updates_for_its_user_and_for_no_other_site(
    served: Serving, browser: Browser, site: str
) -> None:
    """Though it has remembered the user's credentials."""
    target = f"127.0.0.1:{served.port}{TARGET}"
    browser.open(f"http://alice:right@{target}".replace("&", "%26"))
    updates = served.pipeline.updates
    until(lambda: any(update.credentials is not None for update in updates))
    before = len(updates)
    with page(ATTACK % json.dumps(f"http://{target}")) as port:
        browser.open(f"http://{site}:{port}/")
        until(lambda: served.site.answers[4] >= 6)  # one was the user's first, without credentials
        time.sleep(1.0)
    assert len(updates) == before
    browser.open(f"http://{target}".replace("&", "%26"))
    until(lambda: len(updates) > before)
    assert updates[-1].credentials is not None, "it had remembered them"
