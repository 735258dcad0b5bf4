"""Results of subcommands: JSON for programs, and aligned lines for people."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
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


Column = str | Callable[[Json], object]
"""A column of a table: the key of its value in an item, or a function that makes it of an item."""


def time_of(key: str) -> Column:
    """Return the column of the times at *key*."""
    return lambda item: local_time(item[key])


def listing(answer: Json, key: str, none: str, **columns: Column) -> Result:
    """Return a table of the items at *key*, or *none* as a note if there are no items."""
    lines = table(answer[key], **columns)
    return Result(answer, lines, "" if lines else none)


def table(items: list[Json], **columns: Column) -> list[str]:
    """Return aligned columns below their headings, or nothing if there are no items."""
    if not items:
        return []
    rows = [[heading.replace("_", "-") for heading in columns]]
    for item in items:
        values = (item[of] if isinstance(of, str) else of(item) for of in columns.values())
        rows.append([cell(value) for value in values])
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    widths[-1] = 0  # no blanks at the end of lines
    return ["  ".join(map(str.ljust, row, widths)) for row in rows]


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
    """Return RRsets as lines of a master file, with a comment at copies of a wildcard's."""
    return [
        f"{record['owner'].removesuffix('.')}. {record['ttl']} IN {record['type']} {rdata}"
        + (f" ; copy of {record['copy_of']}" if "copy_of" in record else "")
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


_SETTINGS = {
    "port ": "outward.ports",
    "not a public address": "outward.allow",
    "begin with https://": "outward.plain_http",
}
"""What opens a way out that is refused with these words."""

_CLOSED = ("it cannot be reached from here: ", "this cannot be used: ")
_MISSING = re.compile(r"\bno (zone|host|account|key|invitation|member)\b")


def hint(error: Json, command: str, server: str | None) -> str:
    """Return the next step after an error of the API, or ``""`` if there is none worth naming.

    :param error: the error object, with its code and message.
    :param command: the name of the subcommand.
    :param server: the URL of the server far away, if the command is for one.
    """
    match error["code"]:
        case "unauthenticated" if command == "login":
            return f"if you forgot the password: ddns --server {server} password forgot NAME"
        case "wrong_code":
            return f"log in again, by a recovery code too: ddns --server {server} login NAME"
        case "unauthenticated":
            return f"log in with: ddns --server {server} login NAME"
        case "invalid" if error["message"] == "account: missing":
            return "--account NAME is needed: the operator has no account"
        case "invalid" if not server and error["message"].startswith(_CLOSED):
            found = [key for words, key in _SETTINGS.items() if words in error["message"]]
            return f"the setting {found[0]} says what may be reached" if found else ""
        case "forbidden" if "only the operator" in error["message"]:
            return "the operator uses --database FILE on the server's machine, not --server"
        case "not_found" if missing := _MISSING.search(error["message"]):
            noun = missing[1]
            if noun in ("invitation", "member"):
                return f"list them with: ddns zone {noun}s ORIGIN"
            if noun != "account" or not server:  # only the operator sees all accounts
                return f"list them with: ddns {noun} list"
    return ""
