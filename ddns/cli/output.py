"""What commands show: JSON for programs, aligned lines for people."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable
from typing import Any

from ddns.cli.client import Client

Json = dict[str, Any]
Shown = tuple[Json, Iterable[str]]
Command = Callable[[Client, argparse.Namespace], Shown]


def table(items: list[Json], columns: tuple[str, ...]) -> Iterable[str]:
    """Rows aligned for people; nothing at all where there is nothing."""
    cells = [[cell(item[column]) for column in columns] for item in items]
    widths = [max(len(row[i]) for row in cells) for i in range(len(columns))] if cells else []
    for row in cells:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def cell(value: object) -> str:
    match value:
        case None:
            return "-"
        case bool():
            return "yes" if value else "no"
        case {"until": until}:
            return f"until {until or 'lifted'}"
        case list():
            return ",".join(map(str, value))
    return str(value)
