"""GnuDIP over TCP: the server sends a salt, the client a line, and the server the code of what came
of it.

A line is ``USER:HASH:DOMAIN:CODE``, or with ``:ADDRESS`` behind it. What each of them means is as
over HTTP (:mod:`ddns.dialects.gnudip`). The answer to code 2 is ``0:ADDRESS``.
"""

from __future__ import annotations

from collections.abc import Callable

from ddns.dialects.base import Request
from ddns.dialects.gnudip import FAILED, new_salt, told, update_with
from ddns.dialects.lines import NO_WORD, Line
from ddns.model.update import Outcome, Update

_FIELDS = ("user", "pass", "domn", "reqc", "addr")
"""What the words of a line are called over HTTP; an IPv6 address has colons itself."""

_REFUSED = Line(f"{FAILED}\n".encode(), close=True)
"""All that a client is told of anything that is wrong."""


class GnudipSession:
    """The state of one connection, which is over after a line.

    :param peer: the client's address.
    :param random: makes salts.
    :param longest: octets of a line without its end.
    """

    crowded = idle = overtime = _REFUSED

    def __init__(self, peer: str, random: Callable[[int], bytes], *, longest: int = 512) -> None:
        self._peer = peer
        self._salt = new_salt(random)
        self._longest = longest
        self._request: Request | None = None

    def banner(self) -> Line:
        """Return the salt."""
        return Line(f"{self._salt}\n".encode())

    def receive(self, line: bytes, now: float, at: float) -> Line | Update:
        """Process a line without its end, which came *at* so many seconds since 1970."""
        words = line.decode("utf-8", "surrogateescape").split(":", len(_FIELDS) - 1)
        if len(line) > self._longest or len(words) < len(_FIELDS) - 1:
            return _REFUSED
        args = dict(zip(_FIELDS, words, strict=False))
        self._request = Request("", args, None, self._peer, "", at)
        return update_with(self._request, self._salt)

    def conclude(self, outcome: Outcome) -> Line:
        """Return the code of an outcome."""
        assert self._request is not None, "no line waits for an outcome"
        if outcome.retry_after is not None:
            return NO_WORD
        return Line(":".join(filter(None, told(self._request, outcome))).encode() + b"\n", True)
