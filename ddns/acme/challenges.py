"""Show that names are ours: in DNS where their zone is ours, else over plain HTTP."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Protocol

from ddns.acme.problem import Problem

DNS, HTTP = "dns-01", "http-01"
"""Types of challenges."""

LABEL = "_acme-challenge"
"""Label below which an authority looks for a TXT record (RFC 8555 8.4)."""


@dataclass(frozen=True, slots=True)
class Challenge:
    """A way to show that a name is ours.

    :param type: :data:`DNS` or :data:`HTTP`.
    :param name: the name, without the label of a wildcard.
    :param token: chosen by the authority.
    :param value: what a TXT record, or the answer to an HTTP request, has to be.
    :param body: the challenge as the library has it.
    """

    type: str
    name: str
    token: str
    value: str
    body: Any

    @property
    def record(self) -> tuple[str, str]:
        """Owner and text of the TXT record."""
        return f"{LABEL}.{self.name}", self.value


@dataclass(frozen=True, slots=True)
class Pending:
    """A name that the authority does not know to be ours yet, and the ways to show it."""

    name: str
    wildcard: bool
    ways: tuple[Challenge, ...]


class Records(Protocol):
    """Our DNS, as challenges need it."""

    def is_ours(self, name: str) -> bool:
        """Return whether a name is in one of our zones."""

    def present(self, name: str, value: str) -> Awaitable[None]:
        """Add a TXT record; when this is done, our DNS answers it.

        :raises Problem: when it cannot be added.
        """

    def clean_up(self, name: str, value: str) -> Awaitable[None]:
        """Take away this TXT record and no other; it may be gone already.

        :raises Problem: when it cannot be taken away.
        """


class Challenges:
    """The challenges of the order that goes on.

    :param records: our DNS.
    :param has_http: returns whether we listen for plain HTTP.
    """

    def __init__(self, records: Records, has_http: Callable[[], bool]) -> None:
        self._records = records
        self._has_http = has_http
        self._answers: dict[str, str] = {}

    def http_answer(self, token: str) -> str | None:
        """Return the answer of an HTTP challenge that goes on (RFC 8555 8.3)."""
        return self._answers.get(token)

    def choose(self, pending: Pending) -> Challenge:
        """Return the challenge by which to show that a name is ours.

        :raises Problem: when there is none.
        """
        ways = {one.type: one for one in pending.ways}
        if self._records.is_ours(pending.name):
            wanted = DNS
        elif pending.wildcard:
            raise Problem(
                f"*.{pending.name}: a wildcard is shown in DNS, and no zone of ours has the name"
            )
        elif not self._has_http():
            raise Problem(
                f"{pending.name}: no zone of ours has the name, nor do we listen for HTTP"
            )
        else:
            wanted = HTTP
        if wanted not in ways:
            raise Problem(f"{pending.name}: the authority does not offer {wanted}")
        return ways[wanted]

    async def put(self, challenge: Challenge) -> None:
        """Have a challenge answered.

        :raises Problem: when it cannot be.
        """
        if challenge.type == DNS:
            await self._records.present(*challenge.record)
        else:
            self._answers[challenge.token] = challenge.value

    async def take_away(self, challenge: Challenge) -> None:
        """Answer a challenge no more.

        :raises Problem: when its record is still there.
        """
        if challenge.type == DNS:
            await self.remove_record(*challenge.record)
        else:
            self._answers.pop(challenge.token, None)

    async def remove_record(self, owner: str, value: str) -> None:
        """Take away the record of a challenge, perhaps of a process before us.

        :raises Problem: when it is still there.
        """
        await self._records.clean_up(owner, value)
