"""Fixtures: an empty server, one with a zone, an account, a host and a key, and one with zones that
people register hosts in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from ddns.policy import secrets
from tests.api.coming import Street
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


@pytest.fixture
def open_house(filled: House) -> House:
    """Beside ``example.net``, which is the operator's: ``dyn.example``, open to everybody,
    ``club.example``, to members, and ``bob.example``, which is bob's."""
    filled.api("account_add", name="bob")
    filled.api("zone_add", origin="dyn.example", registration="open")
    filled.api("zone_add", origin="club.example", registration="invitation")
    filled.api("zone_add", origin="bob.example", account="bob")
    return filled


@pytest.fixture
def housed(open_house: House) -> House:
    """As ``open_house``, and alice has ``a.dyn.example``."""
    open_house.person("alice", "host_add", name="a.dyn.example")
    return open_house


@pytest.fixture
def street(house: House, monkeypatch: pytest.MonkeyPatch) -> Street:
    """People who come to an empty server, with argon2 made quick."""
    quick = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(secrets, "_HASHER", quick)
    monkeypatch.setattr(secrets, "_nobody", lambda: quick.hash("nobody's"))
    return Street(house)
