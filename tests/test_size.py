"""The database that the benchmark of sizes makes is one that a server answers from."""

from __future__ import annotations

from pathlib import Path

from benchmarks import peers, size
from tests.conftest import Launch


def test_hosts_that_were_filled_in_are_answered(make_server: Launch, tmp_path: Path) -> None:
    size.fill(tmp_path / "ddns.sqlite", 3)
    server = make_server().start()
    assert server.answers(f"h0000002.{peers.ZONE}") == ["10.0.0.2"]
