"""One order from its beginning to a certificate: what blocks goes on apart, the rest here."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Protocol, TypeVar

from twisted.logger import Logger

from ddns.acme.challenges import DNS, Challenge, Challenges, Pending
from ddns.acme.issued import Issued
from ddns.acme.problem import Problem

T = TypeVar("T")

STEP = 150.0
"""Seconds that each step with the authority may take in all."""

_log = Logger()


class IAuthority(Protocol):
    """A conversation with an authority, see :class:`ddns.acme.authority.Authority`."""

    def order(self, key_type: str) -> list[Pending]: ...

    def answer(self, chosen: list[Challenge]) -> None: ...

    def finish(self) -> bytes: ...

    def renewal(self, issued: Issued) -> tuple[float | None, float]: ...

    def close(self) -> None: ...


class Run(Protocol):
    """Runs a function apart for a limited time, see :class:`ddns.acme.apart.Apart`."""

    def __call__(self, function: Callable[[], T], timeout: float, /) -> Awaitable[T]: ...


Records = tuple[tuple[str, str], ...]
"""Owner and text of TXT records."""


class Memory(Protocol):
    """Knows which records are in DNS for orders, see :class:`ddns.acme.tries.Tries`."""

    async def remember(self, records: Records) -> None: ...

    async def forget(self, records: Records) -> None: ...


async def obtain(
    authority: IAuthority, key_type: str, challenges: Challenges, run: Run, memory: Memory
) -> bytes:
    """Order a certificate with a new key of this type; return its file.

    :raises Problem: when there is none. Records of challenges are gone in any case.
    """
    pending = await run(partial(authority.order, key_type), STEP)
    chosen = [challenges.choose(one) for one in pending]
    records = tuple(one.record for one in chosen if one.type == DNS)
    if records:
        await memory.remember(records)
    put: list[Challenge] = []
    try:
        for one in chosen:
            put.append(one)  # also if it fails: it may have been half done
            await challenges.put(one)
        await run(partial(authority.answer, chosen), STEP)
        return await run(authority.finish, STEP)
    finally:
        if await _are_gone(put, challenges) and records:
            await memory.forget(records)


async def _are_gone(put: list[Challenge], challenges: Challenges) -> bool:
    """Take challenges away, as far as that is possible; return whether all are gone."""
    gone = True
    for one in put:
        try:
            await challenges.take_away(one)
        except Problem as problem:
            gone = False
            _log.error("a challenge stays in DNS: {problem}", problem=problem)
    return gone
