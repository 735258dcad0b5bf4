"""What answers the requests of one opcode: its type, and what becomes of its answers."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from contextlib import aclosing
from typing import NamedTuple

from ddns.zone.message import Answer, Query
from ddns.zone.reasons import not_supported
from ddns.zone.tsig import Signer

Later = Awaitable[Answer] | Iterator[Answer] | AsyncGenerator[Answer, None]
"""An answer that is not there yet, or several of them, which only TCP can carry."""

Handler = Callable[[Query, bytes, bytes, bool], Answer | Later]
"""``handler(request, wire, source, tcp)``: what to answer to a request of one opcode."""

Reply = bytes | None | Awaitable[bytes | None] | Iterator[bytes] | AsyncGenerator[bytes, None]
"""A packed answer, None for silence, or the same later or several times."""


class Client(NamedTuple):
    """To whom a reply goes: its address of 4 or 16 octets, whether it came over a connection, and
    what signs a reply to a signed request."""

    source: bytes
    tcp: bool
    signer: Signer | None


def refuse(rcode: int, text: str) -> Handler:
    """Return a handler that answers this RCODE to everything, since it is not supported."""
    reason = not_supported(text)
    return lambda request, wire, source, tcp: Answer(rcode, reason=reason)


Finish = Callable[[Answer], bytes | None]
"""Packs an answer; None if it is not to be sent."""


def finished(answer: Later, finish: Finish) -> Reply:
    """Return what a handler returned, with each answer packed."""
    if isinstance(answer, Awaitable):
        return _awaited(answer, finish)
    if isinstance(answer, Iterator):
        return (message for one in answer if (message := finish(one)))
    return _each(answer, finish)


async def _awaited(answer: Awaitable[Answer], finish: Finish) -> bytes | None:
    return finish(await answer)


async def _each(
    answers: AsyncGenerator[Answer, None], finish: Finish
) -> AsyncGenerator[bytes, None]:
    async with aclosing(answers):
        async for answer in answers:
            if message := finish(answer):
                yield message
