"""Parts of pages that change while they are read: server-sent events (WHATWG HTML 9.2), each with
the HTML of the part as it is then."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable

from twisted.internet.defer import Deferred

from ddns.api.errors import ApiError
from ddns.model.request_log import LoggedRequest
from ddns.pages.request import EVENTS, Answer, Live
from ddns.pages.visit import Visit

PAUSE = 1.0
"""Seconds between two events, however many requests come."""


class Bell:
    """Wakes one that waits, or that comes to wait."""

    def __init__(self) -> None:
        self._rung = False
        self._waiting: Deferred[None] | None = None

    def ring(self) -> None:
        """Wake whoever waits."""
        waiting, self._waiting = self._waiting, None
        if waiting is None or waiting.called:  # called: whoever waited was cancelled
            self._rung = True
        else:
            waiting.callback(None)

    async def wait(self) -> None:
        """Wait until the bell rings, unless it has rung since the last time."""
        if not self._rung:
            self._waiting = Deferred()
            await self._waiting
        self._rung = False


def live(
    visit: Visit,
    concerns: Callable[[LoggedRequest], bool],
    part: Callable[[], Awaitable[str | None]],
) -> Answer:
    """Return what sends an event now, and after each request of clients that concerns the reader;
    until the session ends, or what the page is about is the reader's no more.

    :param part: returns the HTML, None for nothing to say.
    """
    about = Live(visit.caller.logged_in_account(), visit.is_logged_in)
    return Answer(_events(visit, concerns, part), content_type=EVENTS, live=about)


async def _events(
    visit: Visit,
    concerns: Callable[[LoggedRequest], bool],
    part: Callable[[], Awaitable[str | None]],
) -> AsyncGenerator[str, None]:
    bell = Bell()
    stop = visit.service.watch(lambda request: bell.ring() if concerns(request) else None)
    try:
        while True:
            visit.check_session()
            html = await part()
            if html is not None:
                yield event(html)
            await bell.wait()
            await visit.service.pause(PAUSE)
    except ApiError:
        return
    finally:
        stop()


def event(text: str) -> str:
    """Return an event with this data.

    >>> event("a\\nb")
    'data: a\\ndata: b\\n\\n'
    """
    return "".join(f"data: {line}\n" for line in text.splitlines()) + "\n"
