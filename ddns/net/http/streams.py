"""Answers that are sent in pieces, as fast as their clients read them: files, and live pages."""

from __future__ import annotations

import math
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any

from twisted.internet.defer import CancelledError, Deferred, ensureDeferred
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import LoopingCall
from twisted.logger import Logger
from twisted.web import server

from ddns.net.http.pace import Pace
from ddns.net.http.site import answer_headers
from ddns.pages.request import Answer, Live

BEAT = 15.0
"""Seconds between two comments in a live page, before each of which it is asked whether it is still
its reader's."""

MAX_LIVE, MAX_LIVE_OF_ACCOUNT = 100, 10
"""How many live pages are open at a time. Each is made anew up to once a second while clients
update, and its connection never counts as one that keeps us waiting."""


class Streams:
    """Sends answers in pieces, and bounds those that are live.

    :param clock: for comments.
    """

    _log = Logger()

    def __init__(self, clock: IReactorTime) -> None:
        self._clock = clock
        self._live: list[str] = []

    def has_room(self, live: Live) -> bool:
        """Return whether one more live page may be opened."""
        of_account = self._live.count(live.account)
        return len(self._live) < MAX_LIVE and of_account < MAX_LIVE_OF_ACCOUNT

    async def send(
        self, request: server.Request, answer: Answer, pieces: AsyncGenerator[str | bytes, None]
    ) -> None:
        """Send the pieces of an answer as they come, until there are no more or the client has
        gone; those of a live page until it is its reader's no more."""
        if request.channel is None:
            await pieces.aclose()
            return
        request.setResponseCode(answer.status)
        request.responseHeaders.removeHeader("server")  # Twisted tells its version
        for name, value in (*answer_headers(answer.content_type), *answer.headers):
            request.responseHeaders.addRawHeader(name, value)
        sending = ensureDeferred(self._send_pieces(request, pieces))
        gone: Deferred[None] = request.notifyFinish()
        gone.addErrback(lambda _: sending.cancel())
        beat = LoopingCall(_beat, request, answer.live, sending)
        beat.clock = self._clock
        if answer.live is not None:
            channel: Any = request.channel
            channel.deadline = math.inf  # it ends when its client says no more, or the server stops
            self._live.append(answer.live.account)
            beat.start(BEAT)
        try:
            await sending
        except CancelledError:
            pass
        except Exception:
            self._log.failure("a live page failed")
            request.loseConnection()
            return
        finally:
            if answer.live is not None:
                self._live.remove(answer.live.account)
            if beat.running:
                beat.stop()
        if request.channel is not None:
            request.unregisterProducer()
            request.finish()

    async def _send_pieces(
        self, request: server.Request, pieces: AsyncGenerator[str | bytes, None]
    ) -> None:
        pace = Pace()
        request.registerProducer(pace, True)
        async with aclosing(pieces):
            if request.method == b"HEAD":
                request.write(b"")
                return
            async for piece in pieces:
                await pace.wait()
                if pace.gone or request.channel is None:
                    return
                request.write(piece.encode() if isinstance(piece, str) else piece)


def _beat(request: server.Request, live: Live | None, sending: Deferred[None]) -> None:
    """Write a comment, so that proxies keep the connection, and a client that has gone without a
    word is found out."""
    if live is not None and not live.goes_on():
        sending.cancel()
    elif request.channel is not None:
        request.write(b":\n\n")
