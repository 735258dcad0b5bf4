"""Clients that are known to take answers for something else than they are.

Each entry was found by running the program; ``findings/`` has those that are repeated there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ddns.policy.diagnosis.refusals import Found
from ddns.policy.diagnosis.requests import Asked

END_AT = {
    "inadyn/": ("200 abuse", "200 dnserr", "200 911"),
    "ez-ipupdate": ("200 abuse", "200 911", "401 "),
}
"""User-Agents whose clients end for good at answers that begin so."""

FORGETTING = ("ddclient/3.10", "ddclient/3.11")
"""User-Agents of versions that, with a fixed address, take a refused update for done."""

WITHOUT_USEV6 = ("ddclient/3.10",)
"""User-Agents of versions that leave out the address of ``usev6``, and send an empty one."""

QUIET = 900.0
"""Seconds after a refusal without another request that show that a client does not try again: those
that do wait five minutes, or ten."""


def habits_of_client(latest: Asked, now: float) -> Iterator[Found]:
    """Yield what is known of the client of a request, the latest of its client."""
    entry = latest.entry
    answer = {"answer": " ".join(entry.answer.split()[1:])}
    quiet = now - entry.at >= QUIET
    if not latest.done and any(
        entry.agent.startswith(agent) and entry.answer.startswith(answers)
        for agent, answers in END_AT.items()
    ):
        yield "gave-up", answer
    if not latest.done and quiet and entry.agent.startswith(FORGETTING):
        yield "forgets-refusal", {}
    if latest.done and not latest.words and entry.agent.startswith(WITHOUT_USEV6):
        yield "ddclient-usev6", {}


def latest_of_each(requests: Sequence[Asked]) -> list[Asked]:
    """Return the latest request of each client, of requests newest first."""
    found: dict[object, Asked] = {}
    for asked in requests:
        found.setdefault(asked.sender, asked)
    return list(found.values())
