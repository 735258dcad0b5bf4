"""Fixtures for what answers DNS."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ddns.net.dns import mmsg
from ddns.zone.fast_path import compiled_fast_path
from ddns.zone.zone import Zones
from tests.compiling import require_compiled
from tests.net.dns.primary import Primary, primary_at
from tests.net.dns_fakes import Reader
from tests.net.reactors import RunningReactor


@pytest.fixture(params=["compiled", "batch", "plain"])
def reader(request: pytest.FixtureRequest) -> Reader:
    """A way to read UDP, as options of a listener; a compiled fast path that knows no zone leaves
    all packets to the responder."""
    if request.param == "plain":
        return {"udp_batch": False}
    if not mmsg.is_usable():
        pytest.skip("recvmmsg and sendmmsg do not work here")
    fast = None
    if request.param == "compiled":
        require_compiled()
        fast = compiled_fast_path(Zones(), 1232)
    return {"udp_batch": True, "fast": fast}


@pytest.fixture
def primary(running: RunningReactor, tmp_path: Path) -> Iterator[Primary]:
    with primary_at(running, tmp_path / "ddns.sqlite") as primary:
        yield primary
