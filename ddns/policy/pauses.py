"""Pauses that grow after failures."""

from __future__ import annotations


def doubled(first: float, failures: int, most: float) -> float:
    """Return the seconds to wait after so many failures in a row, at least one: *first* after one,
    twice as long after each further one, *most* in the end."""
    return float(min(first * 2.0 ** min(failures - 1, 60), most))
