"""Mails that tell the owners of accounts about trouble, once and not over and over."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from cachetools import FIFOCache

from ddns.model import names
from ddns.model.account import Account, Block, Host
from ddns.model.mail import MailMessage

CAPACITY = 20_000
"""Sent mails that are remembered."""


class Notifications:
    """Sends each kind of mail to an account at most once in a period.

    :param account_of: returns an account by its name.
    :param send: sends a mail; None where none can be sent.
    :param clock: monotonic.
    :param url: where people find this server.
    :param period: seconds.
    """

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
        self.apply(send, url, period)
        self._sent: FIFOCache[tuple[str, str], float] = FIFOCache(CAPACITY)

    def apply(self, send: Callable[[MailMessage], None] | None, url: str, period: float) -> None:
        """Replace what the constructor was given."""
        self._send = send
        self._server = f"--server {url} " if url else ""
        self._period = period

    def blocked(self, account: str, block: Block) -> None:
        """Tell that an account was blocked for what its clients do."""
        self._notify(
            "blocked",
            account,
            *_block(account, block),
            "Most often a device or program updates far too often, or is set up with a wrong\n"
            "name; look there first.\n",
        )

    def blocked_by_operator(self, account: str, block: Block) -> None:
        """Tell that the operator has blocked an account, each time."""
        self._notify("", account, *_block(account, block))

    def failures(self, account: str, count: int) -> None:
        """Tell that *count* wrong keys or passwords were tried."""
        self._notify(
            "failures",
            account,
            f"Wrong passwords for your account {account}",
            f"{count} times somebody gave a wrong key or password for your account {account}.\n\n"
            "That may be a device of yours that still has an old one. It may also be somebody who\n"
            "tries to guess; your right keys and password go on working meanwhile.\n",
        )

    def expiring(self, account: str, hosts: Sequence[Host]) -> None:
        """Tell that hosts go offline soon, each time."""
        lines = [f"    {names.to_text(host.name)}, {_time(host.expires or 0.0)}" for host in hosts]
        subject = f"{len(hosts)} of your hosts go offline soon"
        if len(hosts) == 1:
            subject = f"{names.to_text(hosts[0].name)} goes offline soon"
        self._notify(
            "",
            account,
            subject,
            "Nothing has been heard for long of what updates these hosts of your account\n"
            f"{account}. If that goes on, DNS has no address for them from this time on:\n",
            "\n".join(lines),
            "\nSee whether the device or program still runs. Any update keeps a host, and brings\n"
            "it back. After how many days of silence it goes offline, or never, is one of its\n"
            "settings.\n",
        )

    def _notify(self, kind: str, name: str, subject: str, *text: str) -> None:
        """Send a mail, at most one of its *kind* in a period; any number of an empty kind."""
        account = self._account_of(name)
        if self._send is None or account is None or account.email is None:
            return
        if kind and not self._is_first(name, kind):
            return
        more = f"\nTo see more:\n\n    ddns {self._server}account show {name}\n"
        self._send(MailMessage(account.email, subject, "\n".join(text) + more))

    def _is_first(self, name: str, kind: str) -> bool:
        now, key = self._clock(), (name, kind)
        if key in self._sent and now - self._sent[key] < self._period:
            return False
        self._sent[key] = now
        return True


def _time(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M UTC")


def _block(account: str, block: Block) -> tuple[str, str]:
    """Return subject and text of a mail about a block."""
    ends = "until the operator lifts it"
    if block.until is not None:
        ends = f"until {_time(block.until)}"
    return f"Your account {account} is blocked", (
        f"Your account {account} is blocked {ends}.\n"
        f"The reason: {' '.join(block.reason.split())}\n\n"
        "Its hosts keep the addresses that they have, but nothing can be changed: devices\n"
        "that try get an error. Keys can be revoked, and the password can be changed.\n"
    )
