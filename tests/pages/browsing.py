"""A browser without sockets: it follows redirects, keeps cookies, and fills in forms."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import cast
from urllib.parse import parse_qsl, unquote, urljoin, urlsplit

from ddns.model.request_log import LoggedRequest
from ddns.pages.request import Answer, PageRequest
from ddns.pages.site import Pages
from ddns.pages.table import PAGES
from ddns.pages.visit import Service
from tests.house import House

BASE = "http://ddns.example.org/"
VOID = {"input", "meta", "link", "img", "br", "hr"}


@dataclass(frozen=True)
class Form:
    """A form of a page: where it goes, and its fields as they are filled in."""

    action: str
    method: str
    fields: dict[str, str]


class Document(HTMLParser):
    """What a page has in it; ``text`` is all that can be read."""

    def __init__(self, body: str) -> None:
        super().__init__()
        self.body = body
        self.forms: list[Form] = []
        self.links: list[str] = []
        self.tags: list[tuple[str, dict[str, str]]] = []
        self._open: list[str] = []
        self._words: list[str] = []
        self._textarea = self._select = ""
        self.feed(body)
        assert not self._open, f"not closed: {self._open}"
        self.text = " ".join(" ".join(self._words).split())

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.tags.append((tag, given))
        if tag not in VOID:
            self._open.append(tag)
        if tag == "form":
            self.forms.append(Form(given["action"], given["method"], {}))
        elif tag == "a":
            self.links.append(given["href"])
        elif tag == "textarea":
            self.forms[-1].fields[given["name"]] = ""
            self._textarea = given["name"]
        elif tag == "select":
            self._select = given["name"]
        elif tag == "option" and self._select and "selected" in given:
            self.forms[-1].fields[self._select] = given.get("value", "")
        elif tag == "input" and given.get("name"):
            choice = given.get("type") in ("checkbox", "radio")
            if not choice or "checked" in given:
                self.forms[-1].fields[given["name"]] = given.get("value", "")

    def is_harmless(self) -> bool:
        """Whether what people and clients have typed stayed text: the page has our script, and
        nothing else that could run."""
        return (
            [tag for tag, _ in self.tags].count("script") == 1
            and not any(tag in ("iframe", "object", "embed", "marquee") for tag, _ in self.tags)
            and not any(name.startswith("on") for _, given in self.tags for name in given)
            and all(
                given["src"].endswith(".svg") or "icon.svg?" in given["src"]
                for tag, given in self.tags
                if tag == "img"
            )
            and not any(link.lower().startswith("javascript:") for link in self.links)
        )

    def handle_endtag(self, tag: str) -> None:
        assert self._open, f"</{tag}> closes nothing"
        assert self._open.pop() == tag
        if tag in ("textarea", "select"):
            self._textarea = self._select = ""

    def handle_data(self, data: str) -> None:
        self._words.append(data)
        if self._textarea:
            self.forms[-1].fields[self._textarea] += data


async def _whole(answer: Answer) -> bytes:
    """All pieces of an answer."""
    if isinstance(answer.body, bytes):
        return answer.body
    return b"".join(
        [piece.encode() if isinstance(piece, str) else piece async for piece in answer.body]
    )


class Browser:
    """A person's browser, at one server.

    ``page`` is what it shows, ``url`` where that is, ``answer`` what the server sent last,
    ``octets`` and ``text`` the whole of its body; ``watching`` are what the server's live pages
    hear requests of clients by, ``pauses`` how long they have waited.
    """

    def __init__(self, house: House, language: str = "en") -> None:
        self.house = house
        self.cookies: dict[str, str] = {}
        self.watching: list[Callable[[LoggedRequest], None]] = []
        self.pauses: list[float] = []
        self.language = language
        service = Service(
            house.operations,
            lambda: house.time,
            lambda: house.account_service.registration_open,
            lambda: True,
            lambda: BASE.rstrip("/"),
            self._watch,
            self._pause,
        )
        self._pages = Pages(PAGES, service, house.account_service.caller)
        self.url = BASE
        self.octets, self.text = b"", ""
        self.answer: Answer
        self.page: Document

    def get(self, place: str) -> Document:
        """Open a page by its path, or follow a link."""
        return self._ask("GET", urljoin(self.url, place), {})

    def submit(self, place: str = "", /, **fields: str | list[str]) -> Document:
        """Fill in and send the page's first form that changes something, or the one that goes to
        *place*."""
        for form in self.page.forms:
            target = urljoin(self.url, form.action)
            if form.method == "post" and place in ("", urlsplit(target).path[1:]):
                break
        else:
            raise AssertionError(f"no form goes to {place}: {self.page.forms}")
        return self.post(target, **{**form.fields, **fields})

    def post(self, place: str, /, **fields: str | list[str]) -> Document:
        """Send a form that need not be in the page."""
        given = {
            name: value if isinstance(value, list) else [value] for name, value in fields.items()
        }
        return self._ask("POST", urljoin(self.url, place), given)

    def log_in(self, name: str, password: str) -> Document:
        """Log in and see what comes first."""
        self.get("/login")
        return self.submit("login", name=name, password=password)

    def open(self, place: str) -> AsyncGenerator[str, None]:
        """Open what is live, and return what it sends as it comes; the page stays."""
        self._send("GET", urljoin(self.url, place), {})
        assert not isinstance(self.answer.body, bytes)
        return cast("AsyncGenerator[str, None]", self.answer.body)

    def _ask(self, method: str, url: str, form: dict[str, list[str]]) -> Document:
        for _ in range(5):
            self._send(method, url, form)
            self._keep(self.answer)
            self.url = url
            location = dict(self.answer.headers).get("Location")
            if location is None:
                break
            method, form, url = "GET", {}, urljoin(url, location)
        self.octets = self.house.running.call(_whole, self.answer)
        self.text = self.octets.decode("utf-8", "replace")
        self.page = Document(self.text if self.answer.content_type.startswith("text/html") else "")
        return self.page

    def _send(self, method: str, url: str, form: dict[str, list[str]]) -> None:
        parts = urlsplit(url)
        request = PageRequest(
            method,
            tuple(map(unquote, parts.path.split("/")[1:])),
            dict(parse_qsl(parts.query, keep_blank_values=True)),
            form,
            dict(self.cookies),
            self.language,
            "192.0.2.77",
            "Browser/1.0",
            BASE.rstrip("/"),
        )
        self.answer = self.house.running.call(lambda: self._pages.answer(request))

    def _watch(self, listener: Callable[[LoggedRequest], None]) -> Callable[[], None]:
        self.watching.append(listener)
        return lambda: self.watching.remove(listener)

    async def _pause(self, seconds: float) -> None:
        self.pauses.append(seconds)

    def _keep(self, answer: Answer) -> None:
        for name, value in answer.headers:
            if name == "Set-Cookie":
                key, _, rest = value.partition("=")
                kept = rest.partition(";")[0]
                self.cookies[key] = kept
                if "Max-Age=0" in value:
                    del self.cookies[key]
