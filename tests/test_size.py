"""The databases that the benchmarks of sizes make are ones that a server answers from."""

from __future__ import annotations

from pathlib import Path

from benchmarks import peers, size
from tests.conftest import Launch


def test_hosts_that_were_filled_in_are_answered(make_server: Launch, tmp_path: Path) -> None:
    size.fill(tmp_path / "ddns.sqlite", 3)
    server = make_server().start()
    assert server.answers(f"h0000002.{peers.ZONE}") == ["10.0.0.2"]


def test_so_are_those_of_many_zones(make_server: Launch, tmp_path: Path) -> None:
    size.fill(tmp_path / "ddns.sqlite", 2, ["a.example", "b.example"])
    server = make_server().start()
    assert server.answers("h0000000.a.example") == ["10.0.0.0"]
    assert server.answers("h0000001.b.example") == ["10.0.0.1"]
