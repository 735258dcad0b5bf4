"""What the owner of an account is told by mail about trouble with it: once, not over and over."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from cachetools import FIFOCache

from ddns.model.account import Account, Block
from ddns.model.mail import MailMessage

CAPACITY = 20_000
"""How many notices are remembered as sent."""


class Notifications:
    """*send* sends a letter, None where none can be sent; *clock* is monotonic; *url* is where
    people find this server. Of each kind an account gets one in *period* seconds at most."""

    def __init__(
        self,
        account_of: Callable[[str], Account | None],
        send: Callable[[MailMessage], None] | None,
        clock: Callable[[], float],
        url: str = "",
        period: float = 86_400.0,
    ) -> None:
        self._account_of = account_of
        self._clock = clock
        self.tell(send, url, period)
        self._sent: FIFOCache[tuple[str, str], float] = FIFOCache(CAPACITY)

    def tell(self, send: Callable[[MailMessage], None] | None, url: str, period: float) -> None:
        """From now on like this."""
        self._send = send
        self._server = f"--server {url} " if url else ""
        self._period = period

    def blocked(self, account: str, block: Block) -> None:
        """An account was blocked for what its clients do."""
        self._notify(
            "blocked",
            account,
            *_block(account, block),
            "Most often a device or program updates far too often, or is set up with a wrong\n"
            "name; look there first.\n",
        )

    def blocked_by_operator(self, account: str, block: Block) -> None:
        """The operator has blocked an account, which is told each time."""
        self._notify("", account, *_block(account, block))

    def failures(self, account: str, count: int) -> None:
        """Somebody has tried wrong keys or passwords so many times."""
        self._notify(
            "failures",
            account,
            f"Wrong passwords for your account {account}",
            f"{count} times somebody gave a wrong key or password for your account {account}.\n\n"
            "That may be a device of yours that still has an old one. It may also be somebody who\n"
            "tries to guess; your right keys and password go on working meanwhile.\n",
        )

    def _notify(self, kind: str, name: str, subject: str, *text: str) -> None:
        """*kind* is what there is one of in a period; nothing is always told."""
        account = self._account_of(name)
        if self._send is None or account is None or account.email is None:
            return
        if kind and not self._first(name, kind):
            return
        more = f"\nTo see more:\n\n    ddns {self._server}account show {name}\n"
        self._send(MailMessage(account.email, subject, "\n".join(text) + more))

    def _first(self, name: str, kind: str) -> bool:
        now, about = self._clock(), (name, kind)
        if about in self._sent and now - self._sent[about] < self._period:
            return False
        self._sent[about] = now
        return True


def _block(account: str, block: Block) -> tuple[str, str]:
    """Subject and text."""
    ends = "until the operator lifts it"
    if block.until is not None:
        ends = datetime.fromtimestamp(block.until, UTC).strftime("until %Y-%m-%d %H:%M UTC")
    return f"Your account {account} is blocked", (
        f"Your account {account} is blocked {ends}.\n"
        f"The reason: {' '.join(block.reason.split())}\n\n"
        "Its hosts keep the addresses that they have, but nothing can be changed: devices\n"
        "that try get an error. Keys can be revoked, and the password can be changed.\n"
    )
