"""A house with nothing in it, and one with a zone, an account, a host and a key."""

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
        yield house


@pytest.fixture
def filled(house: House) -> House:
    house.fill()
    return house
