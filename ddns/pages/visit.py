"""One visit of a page: who reads, in which language, and what a view answers with."""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

from ddns.api.caller import Caller
from ddns.api.errors import ApiError, Unauthenticated
from ddns.api.operations import Operations
from ddns.model.request_log import LoggedRequest
from ddns.pages import cookies
from ddns.pages.languages import LANGUAGES
from ddns.pages.rendering import render, translator
from ddns.pages.request import Answer, PageRequest

VIA = "pages"
"""What the journal calls this way in."""


@dataclass(frozen=True, slots=True)
class Service:
    """What pages need to know of the server.

    :param operations: what people can do, before it is known who does it.
    :param now: seconds since 1970.
    :param registration_open: whether strangers may sign up.
    :param mail: whether this server sends mail.
    :param url: the server's public URL, where the settings have one.
    :param watch: has a function called with each request of a client that is logged, until the
        returned function is called.
    :param pause: waits for some seconds.
    """

    operations: Operations
    now: Callable[[], float]
    registration_open: Callable[[], bool]
    mail: Callable[[], bool]
    url: Callable[[], str]
    watch: Callable[[Callable[[LoggedRequest], None]], Callable[[], None]]
    pause: Callable[[float], Awaitable[None]]


@dataclass(slots=True)
class Visit:
    """A request, with its reader.

    :param parameters: what stands in the path for the ``{names}`` of the page's path.
    :param cookie: the cookie that forms are bound to: that of the session, or of a visitor.
    :param check_session: returns the reader as they are by now, or raises Unauthenticated once the
        session has ended.
    ``headers`` go with whatever is answered.
    """

    request: PageRequest
    service: Service
    caller: Caller
    language: str
    cookie: str
    check_session: Callable[[], Caller]
    parameters: Mapping[str, str] = field(default_factory=dict)
    headers: list[tuple[str, str]] = field(default_factory=list)

    @property
    def operations(self) -> Operations:
        """The operations, on behalf of the reader."""
        return self.service.operations.acting_for(self.caller, VIA)

    def say(self, message: str, **parameters: object) -> str:
        """Return a message in the reader's language; its parameters stand in braces."""
        words = translator(self.language)(message)
        return words.format(**parameters) if parameters else words

    def page(self, template: str, status: int = 200, **values: Any) -> Answer:
        """Return a page from a template."""
        body = self.render(template, **values)
        return Answer(body.encode(), status, headers=tuple(self.headers))

    def render(self, template: str, **values: Any) -> str:
        """Return HTML from a template. There ``_`` is for words of the template only, which it
        takes for HTML; ``say`` is for any other."""
        return render(
            self.language,
            template,
            reader=self.caller,
            request=self.request,
            root=self.request.root,
            url=functools.partial(url_of, self.request.root),
            form_token=cookies.form_token(self.cookie),
            registration_open=self.service.registration_open(),
            mail=self.service.mail(),
            now=self.service.now(),
            say=self.say,
            reason=self.reason,
            done=self.request.query.get("done", ""),
            **values,
        )

    def is_logged_in(self) -> bool:
        """Return whether the session goes on by now."""
        try:
            self.check_session()
        except Unauthenticated:
            return False
        return True

    def keep_session(self, token: str) -> None:
        """Have the browser keep the token of a session."""
        self.headers.append(cookies.header(self.request, cookies.SESSION, token, cookies.YEAR))

    def keep_language(self, language: str) -> None:
        """Have the browser keep the language of pages; forget it, if it is none of ours."""
        kept = language if language in LANGUAGES else ""
        self.headers.append(cookies.header(self.request, cookies.LANGUAGE, kept, cookies.YEAR))

    def reason(self, error: ApiError) -> str:
        """Return why something was refused, in the reader's language."""
        return self.say(error.message, **error.parameters)

    def redirect(self, *segments: str, **query: str) -> Answer:
        """Send the reader to another page of ours, after a form (303, RFC 9110 15.4.4)."""
        headers = (*self.headers, ("Location", url_of(self.request.root, *segments, **query)))
        return Answer(b"", 303, headers=headers)


@functools.lru_cache(4096)
def _quoted(segment: str) -> str:
    return quote(segment, safe="*@")


def url_of(root: str, *segments: str, **query: str) -> str:
    """Return the relative URL of a page: ``url_of("../", "hosts", "home.example.net")``.

    >>> url_of("../", "zones", "0/25.2.0.192.in-addr.arpa", done="removed")
    '../zones/0%2F25.2.0.192.in-addr.arpa?done=removed'
    """
    path = root + "/".join(map(_quoted, segments))
    return f"{path}?{urlencode(query)}" if query else path


def segments_of(text: str) -> list[str]:
    """Return the segments of a page's path in a form or link, which others may have filled in: none
    that leads above the place of the pages, where a proxy may have something else.

    >>> segments_of("hosts/home.example.net"), segments_of("../../x/./y")
    (['hosts', 'home.example.net'], ['x', 'y'])
    """
    return [segment for segment in text.split("/") if segment not in (".", "..")]
