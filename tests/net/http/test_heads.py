"""Requests that come in one piece are read as those that come in several."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from twisted.internet.address import IPv4Address
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.web import server
from twisted.web.resource import Resource

from ddns.net.http.channel import Channel
from ddns.net.http.heads import WHOLE
from ddns.net.http.limits import HttpLimits
from ddns.net.http.site import LimitedSite, send_answer

UPDATE = b"GET /nic/update?hostname=home.example.net&myip=198.51.100.7 HTTP/1.1\r\n"


class Told(Resource):
    """Answers with all that it knows of a request."""

    isLeaf = True
    sends_all_headers = True

    def render(self, request: server.Request) -> int:
        body = repr(
            (
                *(request.method, request.uri, request.path, request.clientproto),
                *(request.args, request.postpath, request.received_cookies),
                sorted((name, list(at)) for name, at in request.requestHeaders.getAllRawHeaders()),
                request.content.read() if request.content else None,
            )
        )
        send_answer(request, 200, body.encode(), "text/plain")
        return server.NOT_DONE_YET


def answer(*pieces: bytes) -> tuple[bytes, bool, bool]:
    """Return the answer without its date, whether the connection closes, and whether it went on."""
    clock = Clock()
    site = LimitedSite(Told(), clock, HttpLimits())
    channel: Any = site.buildProtocol(IPv4Address("TCP", "192.0.2.1", 1))
    transport = StringTransport()
    channel.makeConnection(transport)
    for piece in pieces:
        channel.dataReceived(piece)
    lines = transport.value().split(b"\r\n")
    told = b"\n".join(line for line in lines if not line.startswith(b"Date: "))
    closes = transport.disconnecting
    transport.clear()
    if not closes:
        channel.dataReceived(b"GET /next HTTP/1.1\r\n\r\n")
    return told, closes, b"/next" in transport.value()


LINES = st.lists(
    st.sampled_from(
        [
            *(b"Host: dyn.example.net", b"Host:", b"host: a b", b"Host: x\r\nHost: y"),
            *(b"User-Agent: a/1", b"Authorization: Basic YTpi", b"X-Key:\t a  b \t", b"X-Key: 2"),
            *(b"Connection: close", b"connection: Keep-Alive", b"Cookie: a=b; c=d", b"Cookie: e"),
            *(b"Content-Length: 0", b"content-length: 3", b"Transfer-Encoding: chunked"),
            *(b"Expect: 100-continue", b"X\xc3\xa9: 1", b"X-E: \xc3\xa9", b"X : 1", b"X: \x01"),
            *(b"no colon", b": none", b" folded", b"\tfolded", b"X: a\rb", b"X: a\nb", b""),
        ]
    ),
    max_size=5,
)
TARGETS = st.sampled_from(
    [
        b"/",
        b"/a%2Fb/../c?d=e&d=f;g",
        b"//x//",
        b"*",
        b"http://h/x?y",
        b"/a b",
        b"/\xe9",
        b"",
        b"/?=",
    ]
)


@given(
    st.sampled_from([b"GET", b"HEAD", b"POST", b"get", b"OPTIONS", b"PUT"]),
    TARGETS,
    st.sampled_from([b"HTTP/1.1", b"HTTP/1.0", b"HTTP/2.0", b"HTTP/1.1 ", b""]),
    LINES,
    st.integers(1, 300),
)
@example(b"GET", b"/a?b=c", b"HTTP/1.1", [b"Host: x", b"Authorization: Basic YTpi"], 9)
@example(b"GET", b"/", b"HTTP/1.1", [b"Host: x", b"Host: y"], 9)
@example(b"GET", b"/", b"HTTP/1.1", [b"Cookie: a=b", b"Connection: close"], 9)
@example(b"GET", b"/", b"HTTP/1.1", [b"X-Key:\t a  b \t", b"X-E: \xc3\xa9", b"x-key: 2"], 9)
@example(b"HEAD", b"/%2F?", b"HTTP/1.0", [], 9)
@example(b"GET", b"/", b"HTTP/1.1", [b"X: " + b"y" * 8300], 1)
@example(b"GET", b"/", b"HTTP/1.1", [b"X: y"] * 501, 1)
def test_in_one_piece_or_two(
    method: bytes, target: bytes, version: bytes, lines: list[bytes], at: int
) -> None:
    octets = b"\r\n".join([b" ".join((method, target, version)), *lines, b"", b""])
    at = min(at, len(octets) - 1)
    assert answer(octets) == answer(octets[:at], octets[at:])


def test_one_that_comes_whole_is_not_read_line_by_line(monkeypatch: pytest.MonkeyPatch) -> None:
    lines: list[bytes] = []
    monkeypatch.setattr(Channel, "lineReceived", lambda self, line: lines.append(line))
    told, _, _ = answer(UPDATE + b"Host: dyn.example.net\r\n\r\n")
    assert b"dyn.example.net" in told
    assert lines == []
    answer(UPDATE, b"\r\n")
    assert lines


@pytest.mark.parametrize(
    "fields",
    [
        *(b"", b"Host: x\r\n", b"Host: x\r\nUser-Agent: y\r\nAuthorization: Basic YTpi\r\n"),
        *(b"X-Content-Length: 3\r\n", b"Content-Lengths: 3\r\n", b"Expectation: x\r\n"),
    ],
)
def test_what_is_read_at_once(fields: bytes) -> None:
    assert WHOLE.fullmatch(UPDATE + fields + b"\r\n")


@pytest.mark.parametrize(
    "fields",
    [
        *(b"Content-Length: 3\r\n", b"CONTENT-LENGTH:0\r\n", b"Transfer-Encoding: chunked\r\n"),
        *(
            b"Expect: 100-continue\r\n",
            b"A: b\r\n folded\r\n",
            b"A: b\n",
            b"A : b\r\n",
            b"A: \0\r\n",
        ),
    ],
)
def test_what_is_not(fields: bytes) -> None:
    assert not WHOLE.fullmatch(UPDATE + fields + b"\r\n")
    assert not WHOLE.fullmatch(UPDATE + b"\r\n" + UPDATE + b"\r\n")
