"""Queue mail in memory and hand it to a relay.

Not in the database, which is to hold only hashes of the tokens that messages hold. What a restart
loses, people ask for again.
"""

from __future__ import annotations

import email.utils
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import SMTP, EmailPolicy
from typing import Any

from twisted.internet.defer import ensureDeferred
from twisted.internet.interfaces import IDelayedCall
from twisted.internet.task import deferLater
from twisted.logger import Logger

from ddns.model.mail import MailMessage
from ddns.net.mail.relay import NotSent, Relay

MAX_WAITING = 1000
"""Messages of one share that may wait to be sent or retried."""

AT_ONCE = 4
"""Connections to the relay at once."""

MAX_LINE = 990
"""Octets of a line (RFC 5322 2.1.1)."""

LATER = 0.1
"""Seconds before a message is sent; see :meth:`Mailer.send`."""

STEP = 0.02
"""Seconds between two checks whether the last messages have gone."""


@dataclass(slots=True)
class _Waiting:
    message: MailMessage
    message_id: str
    attempts: int = 0
    call: IDelayedCall | None = field(default=None)


class Mailer:
    """Sends each message until the relay accepts it, refuses it for good, or retries run out.

    ``sent`` and ``failed`` count what became of them. ``relay``, ``sender``, ``retries`` and
    ``pause`` may be set at any time.

    :param reactor: for pauses.
    :param relay: delivers.
    :param sender: the address in From.
    :param now: seconds since 1970, for Date.
    :param retries: attempts after the first.
    :param pause: seconds before the first retry; doubles with each.
    """

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

    def send(self, message: MailMessage) -> None:
        """Queue a message. What becomes of it is only logged."""
        queued = (*self._ready, *self._paused.values())
        count = sum(waiting.message.share == message.share for waiting in queued)
        if self._stopped or count >= MAX_WAITING:
            self.failed += 1
            self._log.error("a mail was not sent: {count} are waiting", count=count)
            return
        self._ready.append(_Waiting(message, self._id(message)))
        # Not now: whoever caused it must not see from the time of an answer whether there is mail.
        if self._soon is None:
            self._soon = self._reactor.callLater(LATER, self._begin)

    async def deliver(self, message: MailMessage, message_id: str = "") -> None:
        """Send a message now, trying once.

        :raises NotSent: when the relay does not take it.
        """
        octets = compose(message, self.sender, message_id or self._id(message), self._now())
        await self.relay.deliver(self.sender, message.to, octets)
        self.sent += 1

    def _id(self, message: MailMessage) -> str:
        domain = self.sender.rpartition("@")[2]
        if message.message_id:
            return f"<{message.message_id}@{domain}>"
        return email.utils.make_msgid(domain=domain)

    def waiting(self) -> int:
        """Return how many messages have not been sent yet."""
        return len(self._ready) + len(self._paused) + self._sending

    async def stop(self, stop_time: float) -> None:
        """Accept nothing more and retry nothing; give what is ready *stop_time* seconds to go."""
        self._stopped = True
        lost = len(self._paused)
        for waiting in self._paused.values():
            if waiting.call is not None:
                waiting.call.cancel()
        self._paused.clear()
        if self._soon is not None:
            self._soon.cancel()
            self._begin()
        deadline = self._reactor.seconds() + stop_time
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
            await self.deliver(waiting.message, waiting.message_id)
        except NotSent as error:
            self._failed(waiting, error)
        except Exception as error:  # its text and its frames may hold the message
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


def compose(mail: MailMessage, sender: str, message_id: str, now: float) -> bytes:
    """Encode a message (RFC 5322), marked as automatic (RFC 3834 5), in ASCII for any relay.

    Its lines end without carriage returns, which twisted.mail adds.

    :raises ValueError: when a header would have a line break in it.
    """
    message = EmailMessage(policy=_Folding(**_FOLDING))
    for name, value in (
        ("From", sender),
        ("To", mail.to),
        ("Subject", mail.subject),
        ("Date", email.utils.formatdate(now)),
        ("Message-ID", message_id),
        ("Auto-Submitted", "auto-generated"),
        *mail.headers,
    ):
        if "\r" in value or "\n" in value:
            raise ValueError(f"a line break in {name}")
        message[name] = value
    message.set_content(mail.text)
    return message.as_bytes()


_FOLDING: dict[str, Any] = {"linesep": "\n", "cte_type": "7bit", "utf8": False}


class _Folding(EmailPolicy):
    """Folds no URL, of which the library would make encoded words, and other lines as usual: an
    encoded word has 75 octets at most (RFC 2047 2)."""

    def fold_binary(self, name: str, value: Any) -> bytes:
        if name.startswith("List-"):
            return SMTP.clone(**_FOLDING, max_line_length=MAX_LINE).fold_binary(name, value)
        return super().fold_binary(name, value)
