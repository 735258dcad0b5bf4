"""Send texts by apprise, which knows some hundred services; it is installed where it is wanted.

It makes connections of its own, past the guard of :mod:`ddns.net.outward`, so only services that
the operator has listed are used. It blocks, in a thread that nobody has to wait for.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection
from functools import partial
from typing import Any

from twisted.internet.defer import TimeoutError, ensureDeferred

from ddns.system.aside import Aside

TIMEOUT = 30.0
"""Seconds that a service may take. Its thread may go on longer, and keeps its place."""

MAX_URL = 2000
"""Characters."""

MAX_RECIPIENTS = 3
"""Of one URL: each is a request."""

CONNECT_TIME, READ_TIME = 4.0, 8.0
"""Seconds for each request, whatever the URL says."""

AT_ONCE = 2
"""Texts that are sent at the same time."""


class AppriseError(Exception):
    """A text was not sent; ``str()`` is one line for people, without the URL."""


def _apprise() -> Any:
    try:
        import apprise  # type: ignore[import-not-found, unused-ignore]
    except ImportError:
        raise AppriseError("apprise is not installed on this server") from None
    log = logging.getLogger("apprise")  # which would say URLs
    log.propagate = False
    log.handlers = [logging.NullHandler()]
    return apprise


class AppriseSender:
    """Sends texts.

    :param reactor: for time and results of the thread.
    :param allowed: returns the schemas of the services that may be used.
    """

    def __init__(self, reactor: Any, allowed: Callable[[], Collection[str]]) -> None:
        self._reactor = reactor
        self._allowed = allowed
        self._aside = Aside(reactor, "ddns-apprise", AT_ONCE)

    async def check(self, url: str) -> str:
        """Return the schema of a URL, which is what may be shown of it.

        :raises AppriseError: when no such text may or can be sent.
        """
        schema = self._schema(url)
        await self._run(partial(_service, url))
        return schema

    async def send(self, url: str, title: str, text: str) -> None:
        """Send a text.

        :raises AppriseError: when the service has not taken it.
        """
        self._schema(url)
        await self._run(partial(_notify, url, title, text))

    def _schema(self, url: str) -> str:
        schema, found, _ = url.partition("://")
        schema = schema.lower()
        if not found or schema not in self._allowed():
            allowed = ", ".join(self._allowed()) or "none"
            raise AppriseError(f"this is no service that may be used here: they are {allowed}")
        if len(url) > MAX_URL or not url.isprintable():
            raise AppriseError("the URL is too long, or has characters that it may not have")
        return schema

    async def _run(self, function: Callable[[], None]) -> None:
        running = ensureDeferred(self._aside.run(function))
        running.addTimeout(TIMEOUT, self._reactor)
        try:
            await running
        except TimeoutError:
            raise AppriseError(f"the service took longer than {TIMEOUT:.0f} s") from None
        except AppriseError:
            raise
        except Exception as error:  # its text may have the URL in it
            raise AppriseError(f"apprise failed with {type(error).__name__}") from None


def _service(url: str) -> Any:
    service = _apprise().Apprise.instantiate(url, suppress_exceptions=True)
    if not service:
        raise AppriseError("apprise does not understand this URL")
    service.socket_connect_timeout, service.socket_read_timeout = CONNECT_TIME, READ_TIME
    service.retry = 0  # we do, later
    if len(service) > MAX_RECIPIENTS:
        raise AppriseError(f"the URL has more than {MAX_RECIPIENTS} recipients")
    return service


def _notify(url: str, title: str, text: str) -> None:
    apprise = _apprise()
    sender = apprise.Apprise()
    sender.add(_service(url))
    if not sender.notify(title=title, body=text, body_format=apprise.NotifyFormat.TEXT):
        raise AppriseError("the service has not taken it")
