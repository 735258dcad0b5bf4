"""kill -9 while a server brings a former version's database up to date: it starts again, and
everything is there."""

from __future__ import annotations

import os
import random
import shutil
import time
from pathlib import Path

from ddns.store.sqlite.migrations import STEPS
from ddns.system.files import migration_backup_path, unfinished_path
from tests.conftest import Launch
from tests.processes import eventually, integrity
from tests.store.sqlite.releases import RELEASES, lay_out, schema_of

HOSTS = 20_000
KILLS = 5
LONGEST = 0.04
"""Seconds that copy and migration of so many hosts take, and a little more."""


def test_killed_while_it_migrates(make_server: Launch, tmp_path: Path) -> None:
    seed = int.from_bytes(os.urandom(4), "big")
    print(f"seed {seed}")
    chance = random.Random(seed)
    latest = max(STEPS)
    template = tmp_path / "template.sqlite"
    lay_out(RELEASES[0], template, HOSTS)
    first = schema_of(template)
    for number in range(KILLS):
        server = make_server(database=tmp_path / f"k{number}.sqlite")
        shutil.copy(template, server.database)
        before = migration_backup_path(server.database, latest.partition("_")[0])
        server.spawn()
        eventually(lambda b=before: unfinished_path(b).exists() or b.exists(), "it has begun")
        time.sleep(chance.random() * LONGEST)
        server.kill()
        assert schema_of(server.database) in (first, latest)
        server.start()
        assert server.answers("home.example.net") == ["198.51.100.8"]
        assert server.answers(f"{HOSTS - 1:08}.example.net") == ["198.51.100.7"]
        assert server.ddns("check")["faults"] == []
        assert server.terminate() == 0
        assert schema_of(server.database) == latest
        assert schema_of(before) == first
        assert integrity(server.database) == integrity(before) == "ok"
        assert not unfinished_path(before).exists()
