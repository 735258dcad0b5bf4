"""From every schema that was released to the latest one, and never half the way."""

from __future__ import annotations

import random
import shutil
import sqlite3
import stat
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from ddns.model import names
from ddns.store.interfaces import StoreError
from ddns.store.sqlite.check import check
from ddns.store.sqlite.database import open_database, view
from ddns.store.sqlite.migrations import STEPS as FILES
from ddns.system.files import key_path, migration_backup_path
from ddns.system.secret_box import SecretBox
from tests.processes import integrity
from tests.programs import PATIENCE
from tests.store.sqlite.blocking import logged
from tests.store.sqlite.releases import RELEASES, content_of, lay_out, schema_of

pytestmark = pytest.mark.usefixtures("by_all_steps")

STEPS = list(FILES)
LATEST = STEPS[-1]
FIRST = RELEASES[0]
HOSTS = 20_000
KILLS = 12


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ddns.sqlite"


def open_and_close(path: Path) -> None:
    open_database(path, 0.05).close()


def test_every_schema_has_a_database_that_was_left() -> None:
    assert [name.partition("_")[0] for name in STEPS] == RELEASES


@pytest.mark.parametrize("release", RELEASES)
def test_a_released_database(path: Path, release: str) -> None:
    """It is migrated, is as it should be, and its secrets are read."""
    lay_out(release, path)
    former = content_of(path)
    secret_box = SecretBox(key_path(path))
    with logged() as lines:
        open_and_close(path)
    assert schema_of(path) == LATEST
    with view(path) as connection:
        found = check(connection)
        sealed = connection.execute("select account, sealed from key where sealed is not null")
        secrets = [secret_box.unseal(octets, account.encode()) for account, octets in sealed]
    assert found.faults == []
    assert (found.zones >= 3, found.rrsets > 12, found.events >= 40) == (True,) * 3
    tsig = [] if release < "v0011" else [44]
    assert [len(secret) for secret in secrets] == ([] if release == FIRST else [32, *tsig])
    before = migration_backup_path(path, LATEST.partition("_")[0])
    if release == LATEST.partition("_")[0]:
        assert not before.exists()
        return
    assert content_of(before) == former
    assert stat.S_IMODE(before.stat().st_mode) == 0o600
    (line,) = [line for line in lines if str(before) in line]
    assert release in line
    assert LATEST in line


def test_what_belongs_to_a_host_by_now(path: Path) -> None:
    lay_out("v0016", path)
    owners = [names.PERSIST + names.from_text(f"{host}.example.net") for host in ("home", "www")]
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.executemany(
            "insert into rrset (zone, owner, type, ttl, rdatas, of_host)"
            " values (1, ?, 16, 60, x'00020178', 0)",
            [(owner,) for owner in owners],
        )
    open_and_close(path)
    with view(path) as connection:
        assert check(connection).faults == []
        of_host = "select owner from rrset where of_host = 1 and type = 16"
        assert connection.execute(of_host).fetchall() == [(owners[0],)]


def test_a_database_that_is_up_to_date_is_not_copied(path: Path) -> None:
    open_and_close(path)
    open_and_close(path)
    assert {file.name for file in path.parent.iterdir()} == {"ddns.sqlite", "ddns.sqlite.lock"}


def test_a_newer_schema_is_refused_with_both_versions(path: Path) -> None:
    open_and_close(path)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(
            "insert into _sqlite_migrations (migration_set, name, applied_at)"
            " values ('ddns', 'v9999_future', '')"
        )
    with pytest.raises(StoreError) as raised:
        open_and_close(path)
    assert "v9999_future" in str(raised.value)
    assert LATEST in str(raised.value)


def test_where_no_copy_can_be_made_the_schema_stays(path: Path) -> None:
    lay_out(FIRST, path)
    former = content_of(path)
    migration_backup_path(path, LATEST.partition("_")[0]).mkdir()
    with pytest.raises(StoreError, match="is no file"):
        open_and_close(path)
    assert content_of(path) == former


def test_a_step_that_fails_undoes_those_before_it(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lay_out(FIRST, path)
    former = content_of(path)

    failing = path.with_name("failing.sql")
    failing.write_text("create table half (x);\nnonsense;\n")
    monkeypatch.setitem(FILES, LATEST, failing)
    with pytest.raises(StoreError, match="nonsense"):
        open_and_close(path)
    assert content_of(path) == former
    monkeypatch.undo()
    open_and_close(path)
    assert schema_of(path) == LATEST


SLOWLY = (
    # The steps themselves are over in a moment; a row that is copied again and again is not.
    "import sys\n"
    "from pathlib import Path\n"
    "from ddns.store.sqlite import database\n"
    "from ddns.store.sqlite.migrations import STEPS\n"
    "path = Path(sys.argv[1])\n"
    "folder = path.with_name(path.name + '.steps')\n"
    "folder.mkdir()\n"
    "more = ' update host set ttl = ttl + 1;\\n update rrset set ttl = ttl + 1;\\n'\n"
    "for name, file in STEPS.items():\n"
    "    STEPS[name] = folder / file.name\n"
    "    STEPS[name].write_text(file.read_text() + more)\n"
    "print('ready', flush=True)\n"
    "database.open_database(path, 0.05).close()\n"
    "print('done', flush=True)\n"
)
"""What migrates with steps that touch all of a large database."""


def test_killed_in_the_middle_it_is_whole(tmp_path: Path) -> None:
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    chance = random.Random(seed)
    template = tmp_path / "template.sqlite"
    lay_out(FIRST, template, HOSTS)
    took = migrate_slowly(template_at(template, tmp_path / "whole.sqlite"), None)
    ends = set()
    for number in range(KILLS):
        path = template_at(template, tmp_path / f"k{number}.sqlite")
        migrate_slowly(path, chance.random() * took)
        schema = schema_of(path)
        assert schema in (f"{FIRST}_first_schema", LATEST)
        ttls = {10} if schema != LATEST else {10 + len(STEPS) - 1}
        assert ttls_of(path) == ttls
        open_and_close(path)
        assert schema_of(path) == LATEST
        assert integrity(path) == "ok"
        with view(path) as connection:
            assert len(connection.execute("select 1 from host").fetchall()) > HOSTS
        before = migration_backup_path(path, LATEST.partition("_")[0])
        assert schema_of(before) == f"{FIRST}_first_schema"
        assert ttls_of(before) == {10}
        ends.add(schema)
        for file in tmp_path.glob(f"k{number}.*"):
            shutil.rmtree(file) if file.is_dir() else file.unlink()
    assert f"{FIRST}_first_schema" in ends, "some were killed in time"


def template_at(template: Path, path: Path) -> Path:
    path.write_bytes(template.read_bytes())
    return path


def migrate_slowly(path: Path, seconds: float | None) -> float:
    """Open the database in a process that is killed after so long; how long it took."""
    command = [sys.executable, "-c", SLOWLY, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        began = time.monotonic()
        if seconds is None:
            assert process.stdout.readline() == b"done\n"
        else:
            time.sleep(seconds)
            process.kill()
        process.wait(PATIENCE)
        return time.monotonic() - began


def ttls_of(path: Path) -> set[int]:
    """The TTLs of the many hosts."""
    with closing(sqlite3.connect(path)) as connection:
        found = connection.execute("select distinct ttl from host where substr(name, 1, 1) = x'08'")
        return {ttl for (ttl,) in found}
