"""The database that does not take writes: locked by somebody else, or on a full disk."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.conftest import ACCOUNT, HOST, ZONE, Launch
from tests.processes import Reply, Server, eventually
from tests.programs import program, run

TOO_LATE = 5.0
"""Seconds within which a client has to be told that it failed."""


@pytest.fixture
def lock(server: Server) -> Iterator[sqlite3.Connection]:
    """The write lock of the server's database, held by another process: this one."""
    connection = sqlite3.connect(server.database, isolation_level=None)
    connection.execute("begin immediate")
    yield connection
    connection.close()


def failed_in_time(server: Server, login: str, address: str) -> None:
    began = time.monotonic()
    assert server.update(login, HOST, address) == Reply(503, "911\n")
    assert time.monotonic() - began < TOO_LATE


def test_a_locked_database(server: Server, login: str, lock: sqlite3.Connection) -> None:
    with ThreadPoolExecutor(3) as pool:
        waiting = [
            pool.submit(failed_in_time, server, login, f"198.51.100.{number}")
            for number in range(3)
        ]
        questions = 0
        while not all(future.done() for future in waiting):
            began = time.monotonic()
            assert server.serial(ZONE) >= 1
            assert server.answers(HOST) == []
            assert time.monotonic() - began < 2.0
            questions += 1
        for future in waiting:
            future.result()
    assert questions > 10
    assert server.ddns("host", "list")["hosts"][0]["name"] == HOST, "reading goes on"
    lock.execute("rollback")
    reply = eventually_good(server, login, "198.51.100.9")
    assert told(server, "is locked by another program") == 1
    assert told(server, "the database is written again; until now ") == 1
    assert reply == Reply(200, "good 198.51.100.9\n")
    assert server.dig(HOST) == ["198.51.100.9"]


def test_a_lock_that_goes_in_time_harms_nobody(
    server: Server, login: str, lock: sqlite3.Connection
) -> None:
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(server.update, login, HOST, "198.51.100.7")
        for _ in range(5):
            assert server.answers(HOST) == []
        assert not waiting.done()
        lock.execute("rollback")
        assert waiting.result() == Reply(200, "good 198.51.100.7\n")
    assert server.dig(HOST) == ["198.51.100.7"]


def test_the_command_says_that_the_database_is_locked(
    server: Server, lock: sqlite3.Connection
) -> None:
    done = server.try_ddns("record", "set", HOST, "A", "198.51.100.7")
    assert done.returncode == 1
    assert done.stderr == "ddns: the database is locked by another program\n"


def told(server: Server, words: str) -> int:
    """In how many lines of the log these words are."""
    return sum(words in line for line in server.log.splitlines())


def eventually_good(server: Server, login: str, address: str) -> Reply:
    """The first update that does not fail any more."""

    def attempt() -> Reply | None:
        reply = server.update(login, HOST, address)
        return None if reply.status == 503 else reply

    found: Reply = eventually(attempt, "updates work again")
    return found


def test_a_file_system_without_shared_memory(make_server: Launch) -> None:
    """As NFS may be: what a process maps, others do not see, so it cannot be mapped."""
    server = make_server()
    shm = server.database.with_name("ddns.sqlite-shm")
    shm.touch(0o600)
    strace = [program("strace"), "-f", "-qq", "-o", os.devnull, "-P", str(shm)]
    strace += ["-e", "trace=mmap", "-e", "inject=mmap:error=ENODEV"]
    if run([*strace, "true"]).returncode != 0:
        pytest.skip("strace may not do this here")
    done = run([*strace, *server.ddns_command("zone", "add", ZONE)])
    assert done.returncode == 1
    assert done.stderr.startswith(f"ddns: cannot use database {server.database}: ")
    assert "put the database on a local disk, not on NFS" in done.stderr


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system with room for little."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small file system")
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1536k,mode=0700", "tmpfs", str(folder)]
    done = subprocess.run(mount, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip(f"mount does not work here: {done.stderr.strip()}")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@pytest.fixture
def on_small_disk(small_disk: Path, make_server: Launch) -> Iterator[Server]:
    server = make_server(database=small_disk / "ddns.sqlite").start()
    server.call("zone_add", origin=ZONE)
    server.call("account_add", name=ACCOUNT)
    server.call("host_add", name=HOST, account=ACCOUNT)
    yield server
    server.clean_up()  # or the file system could not go


def test_a_full_disk(on_small_disk: Server) -> None:
    server = on_small_disk
    login = f"{ACCOUNT}:{server.call('key_add', account=ACCOUNT)['key']}"
    filler = server.database.with_name("filler")
    fill(filler)
    good = []
    for number in range(1, 3000):
        address = f"198.51.{number >> 8}.{number & 255}"
        reply = server.update(login, HOST, address)
        if reply.status != 200:
            break
        good.append(address)
        assert server.answers(HOST) == [address]
    assert reply == Reply(503, "911\n")
    for _ in range(20):
        assert server.answers(HOST) == good[-1:]
        assert server.update(login, HOST, "192.0.2.1") == Reply(503, "911\n")
    done = server.try_ddns("record", "set", f"x.{ZONE}", "A", "192.0.2.1")
    assert done.returncode == 1
    assert done.stderr.startswith("ddns: the database cannot do it: ")
    time.sleep(1.5)  # the log of requests is written as well
    assert told(server, "disk is full") == told(server, "#critical]") == 1
    assert told(server, "#error]") == told(server, "Traceback") == 0
    filler.unlink()
    assert eventually_good(server, login, "203.0.113.1").body == "good 203.0.113.1\n"
    assert told(server, "the database is written again; until now ") == 1
    server.kill()
    server.start()
    assert server.dig(HOST) == ["203.0.113.1"]


def fill(path: Path) -> None:
    """Take all the room there is."""
    with open(path, "wb", buffering=0) as file:
        try:
            while True:
                file.write(b"x" * 1024)
        except OSError:
            pass
