"""Which page a request is for, and what every page has in common: session, language, forms."""

from __future__ import annotations

import dataclasses
import functools
import math
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from ddns.api.caller import NOBODY, Caller, Permission
from ddns.api.errors import ApiError, Forbidden, NotAllowed, NotFound, TooMany, Unauthenticated
from ddns.pages import cookies
from ddns.pages.languages import choose
from ddns.pages.rendering import STATIC, static_file
from ddns.pages.request import Answer, PageRequest
from ddns.pages.visit import Service, Visit

View = Callable[[Visit], Awaitable[Answer]]

WEEK = 604_800
POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:;"
    " connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""The Content-Security-Policy: nothing from elsewhere, no script and no style within a page."""

HEADERS = (("Content-Security-Policy", POLICY), ("Referrer-Policy", "same-origin"))
"""What goes with every answer."""


@dataclass(frozen=True, slots=True)
class Page:
    """A page: the view that answers a method and path, whose segments in braces are parameters, and
    who may see it. What is sent to one without ``has_form_token`` may come from anywhere, and shows
    by itself that it is allowed."""

    method: str
    path: str
    view: View
    permission: Permission = Permission.ACCOUNT
    has_form_token: bool = True

    def match(self, path: Sequence[str]) -> dict[str, str] | None:
        """Return the parameters of a path; None if it is not this page's."""
        mine = self.path.split("/")
        if len(mine) != len(path):
            return None
        found = {}
        for part, given in zip(mine, path, strict=True):
            if part.startswith("{") and given:
                found[part[1:-1]] = given
            elif part != given:
                return None
        return found


def _place_of(path: Sequence[str]) -> tuple[str, int]:
    """Return what pages that may answer for a path have in common with it: the first segment, which
    is none in braces, and how many there are."""
    return path[0], len(path)


class Pages:
    """All pages.

    :param pages: the table of them; the first one that matches answers.
    :param service: what they need of the server.
    :param caller_of: returns the caller of a session's token, or raises Unauthenticated.
    """

    def __init__(
        self, pages: Sequence[Page], service: Service, caller_of: Callable[[str], Caller]
    ) -> None:
        self._pages: dict[tuple[str, int], list[Page]] = {}
        for page in pages:
            self._pages.setdefault(_place_of(page.path.split("/")), []).append(page)
        self._service = service
        self._caller_of = caller_of
        self.places = frozenset(page.path.partition("/")[0] for page in pages) | {"static"}

    async def answer(self, request: PageRequest) -> Answer:
        """Return the answer to a request; exceptions other than ApiError come through."""
        if request.path[0] == "static":
            return _static(request)
        visit = self._visit(request)
        try:
            answer = await self._answer(visit)
        except ApiError as error:
            answer = _refusal(visit, error)
        strict = (("Strict-Transport-Security", "max-age=31536000"),) if request.secure else ()
        return dataclasses.replace(answer, headers=(*HEADERS, *strict, *answer.headers))

    def _visit(self, request: PageRequest) -> Visit:
        token, caller, headers = cookies.read(request, cookies.SESSION), NOBODY, []
        if token:
            try:
                caller = self._caller_of(token)
            except Unauthenticated:
                headers.append(cookies.header(request, cookies.SESSION, "", None))
                token = ""
        cookie = token or cookies.read(request, cookies.VISITOR)
        if not cookie:
            cookie = cookies.new_visitor()
            headers.append(cookies.header(request, cookies.VISITOR, cookie, None))
        caller = dataclasses.replace(
            caller, peer=request.peer, agent=request.agent, origin=request.origin
        )
        language = choose(cookies.read(request, cookies.LANGUAGE), request.languages)
        check = functools.partial(self._caller_of, token)
        return Visit(request, self._service, caller, language, cookie, check, headers=headers)

    async def _answer(self, visit: Visit) -> Answer:
        request = visit.request
        found = self._found(request.path)
        if not found:
            raise NotFound("there is no such page")
        chosen = next((one for one in found if one[0].method == request.method), None)
        if chosen is None and request.method == "GET":
            _check(visit.caller, found[0][0].permission)
            return visit.redirect(*self._page_above(request.path))
        if chosen is None:
            raise NotAllowed(sorted({page.method for page, _ in found}))
        page, visit.parameters = chosen
        is_checked = request.method == "POST" and page.has_form_token
        token = request.field("form_token")
        if is_checked and (request.foreign or not cookies.is_form_token(visit.cookie, token)):
            raise Forbidden("this form is not ours, or too old; go back, reload it and try again")
        _check(visit.caller, page.permission)
        return await page.view(visit)

    def _found(self, path: Sequence[str]) -> list[tuple[Page, dict[str, str]]]:
        """Return the pages at a path, one for each method, with the parameters in it."""
        return [
            (page, parameters)
            for page in self._pages.get(_place_of(path), ())
            if (parameters := page.match(path)) is not None
        ]

    def _page_above(self, path: Sequence[str]) -> Sequence[str]:
        """Return the nearest page above a path that only forms are sent to: that is where the form
        is, for who comes by the browser's history, by another language or by logging in."""
        above = tuple(path[:-1])
        while above and not any(page.method == "GET" for page, _ in self._found(above)):
            above = above[:-1]
        return above or ("",)


def _check(caller: Caller, permission: Permission) -> None:
    """Refuse callers without the permission.

    :raises Unauthenticated: where logging in might help.
    :raises NotFound: where it would not: a page of operators is none to others.
    """
    try:
        caller.check(permission)
    except Forbidden:
        raise NotFound("there is no such page") from None


def _refusal(visit: Visit, error: ApiError) -> Answer:
    """Return the page that says why something was refused; without a session, the log-in page."""
    if isinstance(error, Unauthenticated) and visit.request.method == "GET":
        return visit.redirect("login", next="/".join(visit.request.path))
    answer = visit.page("refused.html", error.status, error=error)
    if isinstance(error, NotAllowed):
        return dataclasses.replace(
            answer, headers=(*answer.headers, ("Allow", ", ".join(error.allowed)))
        )
    if isinstance(error, TooMany):
        wait = str(math.ceil(error.retry_after))
        return dataclasses.replace(answer, headers=(*answer.headers, ("Retry-After", wait)))
    return answer


def _static(request: PageRequest) -> Answer:
    name = "/".join(request.path[1:])
    if name not in STATIC or request.method != "GET":
        return Answer(b"There is nothing here.\n", 404, "text/plain; charset=utf-8", HEADERS)
    return Answer(static_file(name), 200, STATIC[name], HEADERS, WEEK)
