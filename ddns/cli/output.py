"""Results of subcommands: JSON for programs, and aligned lines for people."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Result:
    """The outcome of a subcommand.

    ``answer`` is what ``--json`` prints; with an ``error`` in it the exit status is 1. People get
    ``lines`` on standard output and ``note`` on standard error, where no script takes it for data.
    """

    answer: Json
    lines: Iterable[str] = ()
    note: str = ""


def listing(answer: Json, lines: list[str], none: str) -> Result:
    """Return a list, or *none* as a note where there is nothing to list."""
    return Result(answer, lines, "" if lines else none)


def table(headings: str, rows: Iterable[Iterable[object]]) -> list[str]:
    """Return aligned columns below their headings, or nothing if there are no rows."""
    cells = [[cell(value) for value in row] for row in rows]
    if not cells:
        return []
    cells.insert(0, headings.split())
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    widths[-1] = 0  # no blanks at the end of lines
    return ["  ".join(map(str.ljust, row, widths)) for row in cells]


def fields(values: Mapping[str, object]) -> list[str]:
    """Return aligned ``Name: value`` lines; the items of a list stand below one another."""
    width = max(map(len, values)) + 2
    lines = []
    for name, value in values.items():
        items = value if isinstance(value, list) and value else [value]
        for label, item in zip([f"{name}:", *[""] * (len(items) - 1)], items, strict=True):
            lines.append(f"{label:{width}}{cell(item)}")
    return lines


def cell(value: object) -> str:
    """Return a value as people read it; ``-`` for none."""
    match value:
        case None | [] | "":
            return "-"
        case bool():
            return "yes" if value else "no"
        case list():
            return ",".join(map(str, value))
    return str(value)


def local_time(text: str) -> str:
    """Return a time of the API (RFC 3339) in the time zone of whoever runs the command."""
    return datetime.fromisoformat(text).astimezone().strftime("%Y-%m-%d %H:%M:%S %Z")


def count(number: int, noun: str) -> str:
    """Return a number with its noun in the singular or plural."""
    return f"{number} {noun}{'s' * (number != 1)}"


def record_lines(records: list[Json]) -> list[str]:
    """Return RRsets as lines of a master file."""
    return [
        f"{record['owner']}. {record['ttl']} IN {record['type']} {rdata}"
        for record in records
        for rdata in record["rdatas"]
    ]


def request_lines(requests: list[Json], title: str) -> list[str]:
    """Return what clients asked and what they were told, newest first, below a title."""
    lines = ["", title] if requests else []
    for one in requests:
        wrong = " (wrong credentials)" if one["failed"] else ""
        at = local_time(one["at"])
        lines += [
            "",
            f"{at} {one['dialect']} from {one['peer']} as {one['user']!r}{wrong}",
            f"  asked: {one['asked']}",
            f"  told: {' | '.join(one['answer'].splitlines())}",
        ]
        if one["reason"]:
            lines.append(f"  because: {one['reason']}")
        if one["agent"]:
            lines.append(f"  program: {one['agent']}")
    return lines


_MISSING = re.compile(r"\bno (zone|host|account|key|invitation|member)\b")


def hint(error: Json, command: str, *, remote: bool) -> str:
    """Return the next step after an error of the API, or ``""`` if there is none worth naming.

    :param error: the error object, with its code and message.
    :param command: the name of the subcommand.
    :param remote: whether somebody who has logged in calls a server far away.
    """
    match error["code"]:
        case "unauthenticated" if command == "login":
            return "if you forgot the password: ddns password forgot NAME"
        case "unauthenticated":
            return "log in with: ddns login NAME"
        case "forbidden" if "only the operator" in error["message"]:
            return "the operator uses --database FILE on the server's machine, not --server"
        case "not_found" if missing := _MISSING.search(error["message"]):
            noun = missing[1]
            if noun in ("invitation", "member"):
                return f"list them with: ddns zone {noun}s ORIGIN"
            if noun != "account" or not remote:  # only the operator sees all accounts
                return f"list them with: ddns {noun} list"
    return ""
