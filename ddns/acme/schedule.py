"""When to renew a certificate, and when to try again: pure rules, all in seconds.

An authority may say when (RFC 9773). Otherwise a certificate is renewed after two thirds of its
lifetime, however short that is.
"""

from __future__ import annotations

from collections.abc import Callable

MINUTE, HOUR, DAY = 60.0, 3600.0, 86_400.0

FIRST_PAUSE, MAX_PAUSE = MINUTE, DAY
"""The pause after the first failure, and the longest one."""

GROWTH = 3.0
"""How much longer each pause is than the one before: of the first tries five are within an hour,
which is how many failures Let's Encrypt allows."""

MIN_REST, MAX_REST = 10 * MINUTE, DAY
"""Bounds of the pause after an order that succeeded. An authority whose certificates live for less
than some minutes has no burden from it, and neither have we."""

JITTER = 0.5
"""By which share of itself a pause may be longer."""


def renewal(begins: float, ends: float, suggested: float | None) -> float:
    """Return when to renew a certificate: as the authority suggests, but before it expires."""
    lifetime = ends - begins
    if suggested is None:
        return begins + lifetime * 2 / 3
    return min(suggested, ends - lifetime / 10)


def rest(lifetime: float) -> float:
    """Return how long no certificate is ordered after one was issued, whoever asks for another."""
    return min(max(lifetime / 3, MIN_REST), MAX_REST)


def pause(failures: int, random: Callable[[], float], wanted: float = 0.0) -> float:
    """Return how long to wait after so many failures in a row.

    :param random: returns a number from 0 to 1.
    :param wanted: for how long the authority wants to be left alone.
    """
    growing = FIRST_PAUSE
    for _ in range(failures - 1):
        growing = min(growing * GROWTH, MAX_PAUSE)
    return min(max(growing, wanted), MAX_PAUSE) * (1 + JITTER * random())


def asking_again(after: float) -> float:
    """Return after how many seconds to ask again when to renew, if the authority says *after*.

    RFC 9773 4.3.2 has clients set bounds.
    """
    return min(max(after, MINUTE), DAY)
