"""A clock that nobody sets."""

from __future__ import annotations

import time

_CLOCK: int = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def since_boot() -> float:
    """Return the seconds since the machine was started, those of its sleep included where the
    system counts them (Linux)."""
    return time.clock_gettime(_CLOCK)
