"""What a run of the command leaves, and a zone to run it on."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass
class Ran:
    """What a run of the command has left."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


Run = Callable[..., Ran]


def error_of(ran: Ran) -> str:
    """The one line of a failure, below which people, but no programs, may get a hint."""
    assert ran.status == 1
    error, *hint = ran.err.splitlines()
    assert error.startswith("ddns: ")
    assert all(line.startswith("ddns: hint: ") and not ran.out.startswith("{") for line in hint)
    assert len(hint) < 2
    assert "Traceback" not in ran.err
    return error.removeprefix("ddns: ")


ZONE = (
    "$ORIGIN example.net.\n$TTL 60\n@ SOA ns1 me 7 1 2 3 4\n@ NS ns1\nns1 A 192.0.2.1\n"
    'www TXT "a b"\n'
)
