"""Plots of samples: the line of each, and a table for those who do not see it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

WIDTH, HEIGHT = 600, 120
"""Of the picture, in its own units."""

ROWS = 12
"""Of the table, each with the mean of as many samples as it takes."""


@dataclass(frozen=True, slots=True)
class Plot:
    """One series: ``points`` of its line, from 0 at the bottom to the ``highest`` value at the top,
    and ``rows`` of a table: until when, and the mean."""

    name: str
    points: str
    latest: float
    highest: float
    rows: Sequence[tuple[str, float]]


def plots(sampled: Mapping[str, Any]) -> list[Plot]:
    """Return the plots of the samples of a time, in their order; of none, none."""
    until = datetime.fromisoformat(sampled["until"])
    return [
        Plot(
            name,
            _points(values),
            values[-1],
            max(values),
            list(_rows(values, until, sampled["seconds"])),
        )
        for name, values in sampled["series"].items()
        if values
    ]


def _points(values: Sequence[float]) -> str:
    """Return the points of an SVG polyline.

    >>> _points([0, 2, 1])
    '0,120 300,0 600,60'
    >>> _points([0])
    '0,120 600,120'
    """
    values = values if len(values) > 1 else [values[0], values[0]]
    step, top = WIDTH / (len(values) - 1), max(values) or 1.0
    return " ".join(
        f"{round(number * step)},{round(HEIGHT - HEIGHT * value / top)}"
        for number, value in enumerate(values)
    )


def _rows(values: Sequence[float], until: datetime, seconds: float) -> list[tuple[str, float]]:
    each = -(-len(values) // ROWS)
    found = []
    for end in range(len(values), 0, -each):
        some = values[max(end - each, 0) : end]
        at = until - timedelta(seconds=seconds * (len(values) - end))
        found.append((at.isoformat(), sum(some) / len(some)))
    return found
