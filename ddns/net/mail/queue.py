"""Mail to people, handed to a relay.

Letters wait in memory: they may hold tokens, and the database is to hold only their hashes. What a
restart loses, people ask for again.
"""

from __future__ import annotations

import email.utils
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any

from twisted.internet.defer import ensureDeferred
from twisted.internet.interfaces import IDelayedCall
from twisted.internet.task import deferLater
from twisted.logger import Logger

from ddns.model.mail import MailMessage
from ddns.net.mail.relay import NotSent, Relay

MAX_WAITING = 1000
"""Letters that wait to be sent or to be tried again."""

AT_ONCE = 4
"""Connections to the relay."""

LATER = 0.1
"""Seconds after which a letter is on its way."""

STEP = 0.02
"""Seconds between two looks at whether the last letters have gone."""


@dataclass(slots=True)
class _Waiting:
    letter: MailMessage
    message_id: str
    attempts: int = 0
    call: IDelayedCall | None = field(default=None)


class Mailer:
    """Sends letters from *sender*, each until the relay takes it, refuses it for good, or has
    failed *retries* times more; the pauses between, in seconds, begin with *pause* and double.
    *now* tells seconds since 1970. The first four are attributes that may be set at any time.
    ``sent`` and ``failed`` count what has left us for good."""

    _log = Logger()

    def __init__(
        self,
        reactor: Any,
        relay: Relay,
        sender: str,
        now: Callable[[], float],
        *,
        retries: int = 8,
        pause: float = 10.0,
    ) -> None:
        self._reactor = reactor
        self.relay = relay
        self.sender = sender
        self._now = now
        self.retries = retries
        self.pause = pause
        self._ready: deque[_Waiting] = deque()
        self._paused: dict[int, _Waiting] = {}
        self._sending = 0
        self._soon: IDelayedCall | None = None
        self._stopped = False
        self.sent = 0
        self.failed = 0

    def send(self, letter: MailMessage) -> None:
        """Have a letter sent. Nobody is told what becomes of it, but the log."""
        if self._stopped or self.waiting() >= MAX_WAITING:
            self.failed += 1
            self._log.error("a mail was not sent: {count} are waiting", count=self.waiting())
            return
        domain = self.sender.rpartition("@")[2]
        self._ready.append(_Waiting(letter, email.utils.make_msgid(domain=domain)))
        # Not now: whoever asked for it must not tell by the time of the answer that there is one.
        if self._soon is None:
            self._soon = self._reactor.callLater(LATER, self._begin)

    def waiting(self) -> int:
        """How many letters have not been sent yet."""
        return len(self._ready) + len(self._paused) + self._sending

    async def stop(self, patience: float) -> None:
        """Take nothing more, and try nothing again; give what is ready so many seconds to go."""
        self._stopped = True
        lost = len(self._paused)
        for waiting in self._paused.values():
            if waiting.call is not None:
                waiting.call.cancel()
        self._paused.clear()
        if self._soon is not None:
            self._soon.cancel()
            self._begin()
        deadline = self._reactor.seconds() + patience
        while self._sending and self._reactor.seconds() < deadline:
            await deferLater(self._reactor, STEP)
        lost += len(self._ready) + self._sending
        self._ready.clear()
        self.failed += lost
        if lost:
            self._log.warn("{count} mails were not sent before the end", count=lost)

    def _begin(self) -> None:
        self._soon = None
        self._next()

    def _next(self) -> None:
        while self._ready and self._sending < AT_ONCE:
            self._sending += 1
            ensureDeferred(self._deliver(self._ready.popleft()))

    async def _deliver(self, waiting: _Waiting) -> None:
        try:
            octets = compose(waiting.letter, self.sender, waiting.message_id, self._now())
            await self.relay.deliver(self.sender, waiting.letter.to, octets)
            self.sent += 1
        except NotSent as error:
            self._failed(waiting, error)
        except Exception as error:  # its text and its frames may hold what the letter says
            self.failed += 1
            self._log.error(
                "mail {id} was not sent: {kind}", id=waiting.message_id, kind=type(error).__name__
            )
        finally:
            self._sending -= 1
            self._next()

    def _failed(self, waiting: _Waiting, error: NotSent) -> None:
        waiting.attempts += 1
        if error.for_good or waiting.attempts > self.retries or self._stopped:
            self.failed += 1
            self._log.error(
                "mail {id} was not sent: {error}", id=waiting.message_id, error=str(error)
            )
            return
        pause = self.pause * 2 ** (waiting.attempts - 1)
        self._log.warn(
            "mail {id} will be tried again in {pause} s: {error}",
            id=waiting.message_id,
            pause=pause,
            error=str(error),
        )
        self._paused[id(waiting)] = waiting
        waiting.call = self._reactor.callLater(pause, self._again, waiting)

    def _again(self, waiting: _Waiting) -> None:
        del self._paused[id(waiting)]
        waiting.call = None
        self._ready.append(waiting)
        self._next()


def compose(letter: MailMessage, sender: str, message_id: str, now: float) -> bytes:
    """The octets of a letter (RFC 5322), which says that no person wrote it (RFC 3834 5), its lines
    without the carriage returns, which twisted.mail puts in. ASCII only, as any relay takes it.

    :raises ValueError: when what goes into a header has a line break in it.
    """
    message = EmailMessage(policy=SMTP.clone(linesep="\n", cte_type="7bit"))
    for name, value in (
        ("From", sender),
        ("To", letter.to),
        ("Subject", letter.subject),
        ("Date", email.utils.formatdate(now)),
        ("Message-ID", message_id),
        ("Auto-Submitted", "auto-generated"),
    ):
        if "\r" in value or "\n" in value:
            raise ValueError(f"a line break in {name}")
        message[name] = value
    message.set_content(letter.text)
    return message.as_bytes()
