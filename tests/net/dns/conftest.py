"""Fixtures for what answers DNS."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.net.dns.primary import Primary, primary_at
from tests.net.reactors import RunningReactor


@pytest.fixture
def primary(running: RunningReactor, tmp_path: Path) -> Iterator[Primary]:
    with primary_at(running, tmp_path / "ddns.sqlite") as primary:
        yield primary
