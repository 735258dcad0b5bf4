"""From signing in to "your router just updated", with a running server and no script."""

from __future__ import annotations

import http.client
import re
import time
from html import unescape
from urllib.parse import urlencode, urljoin

from tests.conftest import ACCOUNT, HOST
from tests.processes import Server
from tests.programs import PATIENCE

PASSWORD = "correct horse battery"


class Visitor:
    """A browser that knows cookies and forms; ``body`` is what it shows."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._cookies: dict[str, str] = {}
        self.body = ""

    def get(self, place: str) -> None:
        self._show(self.ask("GET", place))

    def post(self, place: str, **fields: str) -> None:
        """Send a form, with the token of the present page."""
        (token, *_) = re.findall('name="form_token" value="(.*?)"', self.body)
        self._show(self.ask("POST", place, urlencode({"form_token": token, **fields})))

    def ask(self, method: str, place: str, body: str = "") -> http.client.HTTPResponse:
        headers = {"Cookie": "; ".join("=".join(one) for one in self._cookies.items())}
        if body:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=PATIENCE)
        connection.request(method, place, body or None, headers)
        answer = connection.getresponse()
        for cookie in answer.headers.get_all("Set-Cookie") or ():
            name, _, value = cookie.partition(";")[0].partition("=")
            self._cookies[name] = value
        if (location := answer.getheader("Location")) is not None:
            answer.close()
            return self.ask("GET", urljoin(place, location))
        return answer

    def _show(self, answer: http.client.HTTPResponse) -> None:
        assert answer.status == 200
        self.body = answer.read().decode()
        answer.close()


def test_a_request_is_shown_as_it_comes(server: Server) -> None:
    server.call("password_set", name=ACCOUNT, password=PASSWORD)
    visitor = Visitor(server.http_port)
    visitor.get("/login")
    visitor.post("/login", name=ACCOUNT, password=PASSWORD)
    visitor.get(f"/hosts/{HOST}/setup/curl")
    visitor.post(f"/hosts/{HOST}/setup/curl")
    (key,) = re.findall('<code id="key">(.*?)</code>', visitor.body)
    visitor.get(f"/hosts/{HOST}/wait")
    assert "Nothing has asked to update this host yet." in visitor.body
    (place,) = re.findall('data-live="(.*?)"', visitor.body)
    events = visitor.ask("GET", urljoin(f"/hosts/{HOST}/wait", unescape(place)))
    assert events.getheader("Content-Type") == "text/event-stream"

    until = time.monotonic() + PATIENCE

    def event() -> str:
        lines: list[str] = []
        while not (lines and lines[-1] == "\n" and any(one.startswith("data:") for one in lines)):
            assert time.monotonic() < until, (
                lines
            )  # a live page has a heartbeat, so reading may go on
            lines.append(events.readline().decode())
            assert lines[-1], "the events ended"
        return "".join(lines)

    def wait_for(text: str) -> None:
        """Read events until one says this: what is seen between a commit and its log comes too."""
        while text not in event():
            pass

    assert server.update(f"{ACCOUNT}:{key}", HOST, "198.51.100.7").body == "good 198.51.100.7\n"
    wait_for("Your router just updated.")
    server.update(f"{ACCOUNT}:{key}x", HOST, "198.51.100.8")
    wait_for("What to change:")
    events.close()
    visitor.get(f"/hosts/{HOST}")
    assert "198.51.100.7" in visitor.body
    assert "What to change:" in visitor.body
