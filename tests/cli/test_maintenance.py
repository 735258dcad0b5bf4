"""The command: copies of the database, putting them back, and looking for faults, with a server and
without."""

from __future__ import annotations

import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest

from ddns.system.files import key_path
from tests.cli.commands import ZONE, Run, error_of
from tests.house import House, change, update
from tests.processes import integrity


def test_a_backup_names_its_file_as_the_caller_does(
    house: House, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.fill()
    (tmp_path / "mine").mkdir()
    monkeypatch.chdir(tmp_path / "mine")
    ran = run("backup", "copy")
    copy = tmp_path / "mine" / "copy"
    assert ran.out == (
        f"copied the database to {copy}: {copy.stat().st_size} octets, 1 zone,"
        " position 6 of the journal\n"
    )
    assert integrity(copy) == "ok"
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert error_of(run("backup", "copy")) == f"{copy} exists already"
    before = copy.read_bytes()
    house.api("record_set", owner="www.example.net", type="A", rdatas=["192.0.2.1"])
    answer = run("backup", "copy", "--force", "--json").json
    assert answer == {"file": str(copy), "size": copy.stat().st_size, "position": 7, "zones": 1}
    assert copy.read_bytes() != before


def test_the_key_file_is_only_copied_apart(house: House, run: Run, tmp_path: Path) -> None:
    house.fill()
    copy, key = tmp_path / "copy", tmp_path / "key"
    none = run("backup", str(copy), "--key-file", str(key), "--json")
    assert (none.status, none.json["key_file"]) == (0, None)
    assert not key.exists()
    copy.unlink()
    house.api("key_add", account="alice", kind="miniupdate")
    run("backup", str(copy))
    assert not key_path(copy).exists()
    assert run("backup", "--key-file", str(key)).out == f"copied the key file to {key}\n"
    assert key.read_bytes() == key_path(tmp_path / "ddns.sqlite").read_bytes()
    assert key.read_bytes().strip() not in copy.read_bytes()
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert "exists already" in error_of(run("backup", "--key-file", str(key)))
    both = run("backup", str(copy), "--key-file", str(key), "--force", "--json").json
    assert (both["file"], both["key_file"]) == (str(copy), str(key))
    assert "say where to" in error_of(run("backup"))


@pytest.mark.parametrize("suffix", ["", "-wal", "-shm", ".lock", ".sock", ".key", ".restored"])
def test_a_backup_never_hits_the_database(
    house: House, run: Run, tmp_path: Path, suffix: str
) -> None:
    house.fill()
    mine = str(tmp_path / f"ddns.sqlite{suffix}")
    (tmp_path / "link").symlink_to(mine)
    for arguments in ((mine,), ("--key-file", mine), (f"{tmp_path}/./ddns.sqlite{suffix}",)):
        assert "belongs to the database itself" in error_of(run("backup", *arguments, "--force"))
    if not suffix:
        assert "belongs to" in error_of(run("backup", str(tmp_path / "link"), "--force"))
    house.api("zone_list")
    assert integrity(tmp_path / "ddns.sqlite") == "ok"


def test_where_nothing_can_be_written(house: House, run: Run, tmp_path: Path) -> None:
    house.fill()
    assert "No such file" in error_of(run("backup", str(tmp_path / "missing" / "copy")))
    assert "is no file" in error_of(run("backup", str(tmp_path), "--force"))
    assert "No such file" in error_of(run("backup", "/proc/copy"))


def test_a_restore_while_a_server_runs(house: House, run: Run, tmp_path: Path) -> None:
    house.fill()
    run("backup", str(tmp_path / "copy"))
    refused = run("restore", str(tmp_path / "copy"), "--json")
    assert "stop it first" in error_of(refused)
    assert refused.json["error"]["code"] == "in_use"


def test_there_and_back_without_a_server(alone: Run, tmp_path: Path) -> None:
    (tmp_path / "zone").write_text(ZONE)
    alone("zone", "import", "zone")
    assert alone("backup", "copy").out.endswith("1 zone, position 5 of the journal\n")
    alone("record", "set", "www.example.net", "TXT", '"newer"')
    ran = alone("restore", "copy")
    (replaced,) = tmp_path.glob("ddns.sqlite.replaced-*")
    assert ran.out.splitlines() == [
        "restored ddns.sqlite from copy: 1 zone",
        f"kept the former database as {replaced.name}",
        "raised the serial of example.net from 7 to 9",
    ]
    export = alone("zone", "export", "example.net").out
    assert '"a b"' in export
    assert export.splitlines()[0].split()[6] == "9"
    assert alone("check").out == "no faults in 1 zone, 4 RRsets and 6 events of the journal\n"


def test_a_restore_where_nothing_is(alone: Run, tmp_path: Path) -> None:
    (tmp_path / "zone").write_text(ZONE)
    alone("zone", "import", "zone")
    alone("backup", "copy")
    (tmp_path / "ddns.sqlite").unlink()
    ran = alone("restore", "copy", "--json")
    assert ran.json == {
        "database": "ddns.sqlite",
        "replaced": None,
        "readable": False,
        "zones": 1,
        "raised": [{"origin": "example.net", "was": 7, "serial": 7 + 2**20}],
    }
    assert error_of(alone("restore", "nothing")) == "there is no nothing"


def test_a_restore_that_was_announced_is_finished_by_any_command(
    alone: Run, tmp_path: Path
) -> None:
    (tmp_path / "zone").write_text(ZONE)
    alone("zone", "import", "zone")
    (tmp_path / "ddns.sqlite").rename(tmp_path / "ddns.sqlite.restored")
    assert alone("zone", "list").out.splitlines()[1].startswith("example.net")
    assert not (tmp_path / "ddns.sqlite.restored").exists()


def test_faults(house: House, run: Run, tmp_path: Path) -> None:
    key = house.fill()
    house.update(update("alice", key, change("home.example.net", "198.51.100.7")))
    house.api("key_add", account="alice", kind="miniupdate")
    assert run("check").out == "no faults in 1 zone, 3 RRsets and 8 events of the journal\n"
    house.forget_secret_box()
    with closing(sqlite3.connect(tmp_path / "ddns.sqlite")) as connection, connection:
        connection.execute("update rrset set ttl = 99 where type = 1")
    faults = [
        "home.example.net A: not what position 7 of the journal says",
        f"key 2: key file {tmp_path / 'ddns.sqlite.key'}: No such file or directory",
    ]
    ran = run("check")
    assert ran.out.splitlines() == faults
    assert error_of(ran) == f"2 faults found in {tmp_path / 'ddns.sqlite'}"
    ran = run("check", "--json")
    assert ran.status == 1
    assert ran.json["faults"] == faults
    assert ran.json["error"]["code"] == "faulty"
    with closing(sqlite3.connect(tmp_path / "ddns.sqlite")) as connection, connection:
        connection.execute("update key set sealed = null")
    assert run("check").out.splitlines() == faults[:1]
    assert error_of(run("check")) == f"1 fault found in {tmp_path / 'ddns.sqlite'}"


def test_a_sealed_key_that_was_tampered_with(house: House, run: Run, tmp_path: Path) -> None:
    house.fill()
    house.api("key_add", account="alice", kind="miniupdate")
    with closing(sqlite3.connect(tmp_path / "ddns.sqlite")) as connection, connection:
        connection.execute(
            "update key set sealed = cast(sealed || x'00' as blob) where sealed is not null"
        )
        connection.execute("insert into totp values ('alice', x'01', 0, 1, 0)")
    key, totp = run("check").out.splitlines()
    assert key == "key 2: what is sealed in it is not what it was"
    assert totp.startswith("one-time codes of alice: ")
