"""Fitting the limits of connections to the descriptors that there may be."""

from __future__ import annotations

import math

import pytest
from twisted.internet.task import Clock
from twisted.logger import capturedLogs, formatEvent

from ddns.net.connections import ConnectionOwner, ConnectionTable
from ddns.server import descriptors
from ddns.server.descriptors import RESERVED, fit
from tests.net.test_connections import Client


class Door(ConnectionOwner):
    def __init__(self, *totals: int) -> None:
        self.tables = tuple(
            ConnectionTable[Client](Clock(), total, math.inf, 1.0) for total in totals
        )

    def totals(self) -> list[int]:
        return [table.total for table in self.tables]


@pytest.mark.parametrize(
    ("limit", "totals"),
    [
        (2000, [500, 200, 200]),
        (RESERVED + 900, [500, 200, 200]),
        (RESERVED + 450, [250, 100, 100]),
        (180, [50, 20, 20]),
        (2, [1, 1, 1]),
    ],
)
def test_each_has_its_share(monkeypatch: pytest.MonkeyPatch, limit: int, totals: list[int]) -> None:
    wanted: list[int] = []

    def raise_limit(number: int) -> int:
        wanted.append(number)
        return limit

    monkeypatch.setattr(descriptors, "raise_limit", raise_limit)
    http, lines = Door(500), Door(200, 200)
    with capturedLogs() as events:
        for _ in range(2):  # as after a reload
            fit([("http", http), ("miniupdate", lines)])
            assert http.totals() + lines.totals() == totals
    assert wanted == [900 + RESERVED] * 2
    said = [text for event in events if "too low" in (text := formatEvent(event))]
    if totals[0] == 500:
        assert not said
    else:
        assert f"limit of {limit} open files" in said[0]
        assert f"http {totals[0]}, miniupdate {totals[1]}" in said[0]
