"""Fixtures: a house with alice's host, key and zone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.house import House, house_at
from tests.net.reactors import RunningReactor


@pytest.fixture
def house(running: RunningReactor, tmp_path: Path) -> Iterator[House]:
    with house_at(running, tmp_path / "ddns.sqlite") as house:
        house.load()
        house.fill()
        house.api("account_add", name="bob")
        house.api("host_add", name="bobs.example.net", account="bob")
        yield house
