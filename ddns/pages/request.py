"""What pages know of a request, and what they answer."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from dataclasses import dataclass, field

HTML = "text/html; charset=utf-8"
EVENTS = "text/event-stream"
"""Server-sent events."""

Pieces = AsyncGenerator[str, None] | AsyncGenerator[bytes, None]


@dataclass(frozen=True, slots=True)
class PageRequest:
    """A request for a page.

    :param method: ``GET`` or ``POST``; HEAD is ``GET``.
    :param path: the decoded segments below the place of the pages, one empty one for the first.
    :param query: the last value of each parameter of the query.
    :param form: all values of each field of a form.
    :param cookies: by name.
    :param languages: the Accept-Language header.
    :param peer: the client's address in text.
    :param agent: the User-Agent header.
    :param origin: scheme and authority that the browser has for this server.
    :param foreign: whether another site made the browser send this.
    """

    method: str
    path: tuple[str, ...]
    query: Mapping[str, str] = field(default_factory=dict)
    form: Mapping[str, Sequence[str]] = field(default_factory=dict, repr=False)
    cookies: Mapping[str, str] = field(default_factory=dict, repr=False)
    languages: str = ""
    peer: str = ""
    agent: str = ""
    origin: str = ""
    foreign: bool = False

    @property
    def secure(self) -> bool:
        """Whether the browser came by HTTPS."""
        return self.origin.startswith("https:")

    @property
    def root(self) -> str:
        """The relative URL of the place of the pages, so that a proxy may have them anywhere."""
        return "../" * (len(self.path) - 1) or "./"

    def field(self, name: str) -> str:
        """Return the first value of a field of the form, without white space around it."""
        return next(iter(self.form.get(name, ())), "").strip()

    def secret(self, name: str) -> str:
        """Return a field as it was typed, for passwords."""
        return next(iter(self.form.get(name, ())), "")


def whole_number(text: str) -> int | None:
    """Return the number that stands there in digits; None for anything else, and for more digits
    than SQLite's integers have.

    >>> whole_number("12"), whole_number("-1"), whole_number("²"), whole_number("9" * 19)
    (12, None, None, None)
    """
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else None


@dataclass(frozen=True, slots=True)
class Live:
    """What there is to know of a page that is sent as it changes, in which there is a comment now
    and then where nothing does.

    :param account: its reader's.
    :param goes_on: whether it is still for the reader; asked now and then.
    """

    account: str
    goes_on: Callable[[], bool]


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer to a browser.

    :param body: its octets, or pieces that are sent as they come and as fast as the browser reads.
    :param headers: further header fields.
    :param cache: for how many seconds a browser may keep it; not at all by default.
    :param live: of pieces that have no end of their own.
    """

    body: bytes | Pieces
    status: int = 200
    content_type: str = HTML
    headers: tuple[tuple[str, str], ...] = ()
    cache: int = 0
    live: Live | None = None
