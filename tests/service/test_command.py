"""The ``ddns`` command beside a server: through it, without it, and while it starts."""

from __future__ import annotations

import fcntl
import os
import signal
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import pytest

from ddns.cli.zones import SMALL_SHARE
from ddns.model import names
from ddns.system.files import lock_path
from tests.conftest import ACCOUNT, HOST, ZONE, Launch
from tests.processes import Server, eventually
from tests.programs import PATIENCE, run, script


def test_dns_answers_when_the_command_returns(server: Server) -> None:
    for number in range(50):
        owner, address = f"h{number}.{ZONE}", f"198.51.100.{number}"
        if number % 2:
            server.ddns("record", "set", owner, "A", address)
        else:
            server.ddns("record", "set", f"*.{owner}", "A", address)
            owner = f"anything.{owner}"
        assert server.answers(owner) == [address]


def test_what_a_command_takes_away_is_gone_when_it_returns(server: Server, login: str) -> None:
    server.update(login, HOST, "198.51.100.7")
    server.ddns("host", "remove", HOST)
    assert server.dig(HOST) == []
    server.ddns("zone", "remove", ZONE)
    assert server.ask(ZONE, "SOA").rcode().name == "REFUSED"


def test_a_new_host_is_updated_when_the_command_returns(server: Server, login: str) -> None:
    for number in range(10):
        host = f"new{number}.{ZONE}"
        server.ddns("host", "add", host, "--account", ACCOUNT)
        assert server.update(login, host, "198.51.100.7").body == "good 198.51.100.7\n"


def test_keys_and_passwords_open_and_close_at_once(server: Server) -> None:
    key = server.ddns("key", "add", ACCOUNT)
    login = f"{ACCOUNT}:{key['key']}"
    assert server.update(login, HOST, "198.51.100.7").body == "good 198.51.100.7\n"
    server.ddns("key", "revoke", str(key["id"]))
    assert server.update(login, HOST, "198.51.100.8").body == "badauth\n"
    added = server.try_ddns("account", "add", "bob", "--password-stdin", text_in="correct horse\n")
    assert added.returncode == 0, added.stderr
    server.ddns("host", "add", f"bob.{ZONE}", "--account", "bob")
    reply = server.update("bob:correct horse", f"bob.{ZONE}", "198.51.100.9")
    assert reply.body == "good 198.51.100.9\n"
    server.ddns("account", "remove", "bob")
    assert server.update("bob:correct horse", f"bob.{ZONE}", "198.51.100.9").body == "badauth\n"
    assert server.dig(f"bob.{ZONE}") == []


def test_without_a_server_it_opens_the_database_itself(make_server: Launch) -> None:
    server = make_server()
    server.ddns("zone", "add", ZONE, "--ns", f"ns1.{ZONE}=192.0.2.1")
    server.ddns("account", "add", ACCOUNT)
    server.ddns("host", "add", HOST, "--account", ACCOUNT)
    login = f"{ACCOUNT}:{server.ddns('key', 'add', ACCOUNT)['key']}"
    server.ddns("record", "set", HOST, "A", "198.51.100.7")
    server.start()
    assert server.dig(HOST) == ["198.51.100.7"]
    assert server.dig(f"ns1.{ZONE}") == ["192.0.2.1"]
    assert server.update(login, HOST, "198.51.100.8").body == "good 198.51.100.8\n"


def test_a_refusal_is_one_line_and_status_1(server: Server) -> None:
    done = server.try_ddns("zone", "add", ZONE)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"ddns: zone {ZONE} exists already\n"


def test_without_server_and_database(make_server: Launch) -> None:
    server = make_server()
    done = server.try_ddns("zone", "list")
    assert done.returncode == 1
    error, hint = done.stderr.splitlines()
    assert error == f"ddns: there is no database {server.database}"
    assert hint.startswith("ddns: hint: name one with --database FILE")
    assert not server.database.exists()


def test_it_waits_for_a_server_that_starts(make_server: Launch) -> None:
    """The server has its lock and is then held up; the command must neither fail nor look into
    the database by itself."""
    server = make_server()
    server.ddns("zone", "add", ZONE)
    server.spawn()
    assert server.process is not None
    mine = str(server.process.pid)
    lock = lock_path(server.database)
    eventually(lambda: lock.read_text().strip() == mine, "the server has the database")
    server.process.send_signal(signal.SIGSTOP)
    command = subprocess.Popen(
        server.ddns_command("record", "set", HOST, "A", "198.51.100.7"), stdout=subprocess.PIPE
    )
    try:
        with pytest.raises(subprocess.TimeoutExpired):
            command.wait(1.0)
        server.process.send_signal(signal.SIGCONT)
        said, _ = command.communicate(timeout=PATIENCE)
    finally:
        command.kill()
        command.wait()
    assert (command.returncode, said) == (0, f"set {HOST} A\n".encode())
    server.wait_until_ready()
    assert server.dig(HOST) == ["198.51.100.7"]


def test_it_waits_for_another_command(make_server: Launch) -> None:
    server = make_server()
    server.ddns("zone", "add", ZONE)
    descriptor = os.open(lock_path(server.database), os.O_RDWR)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    command = subprocess.Popen(server.ddns_command("zone", "remove", ZONE), stdout=subprocess.PIPE)
    try:
        with pytest.raises(subprocess.TimeoutExpired):
            command.wait(1.0)
        os.close(descriptor)
        said, _ = command.communicate(timeout=PATIENCE)
    finally:
        command.kill()
        command.wait()
    assert (command.returncode, said) == (0, f"removed zone {ZONE}\n".encode())


def master_file(folder: Path, name: str, text: str) -> str:
    path = folder / f"{name}.zone"
    path.write_text(text)
    return str(path)


def good_zone(folder: Path, origin: str) -> str:
    return master_file(
        folder,
        origin,
        f"$ORIGIN {origin}.\n@ 10 IN SOA ns1 hostmaster 7 3600 600 1209600 10\n"
        "@ 3600 IN NS ns1\nns1 3600 IN A 192.0.2.1\nwww 60 IN A 192.0.2.80\n",
    )


def test_import_of_several_files_of_which_one_is_bad(server: Server, tmp_path: Path) -> None:
    origins = ["one.example", "two.example", "three.example"]
    files = [good_zone(tmp_path, origin) for origin in origins]
    files.insert(1, master_file(tmp_path, "bad", "@ IN SOA what is this\n"))
    done = server.try_ddns("zone", "import", *files)
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1
    assert files[1] in done.stderr
    for origin in origins:
        assert f"imported zone {origin}" in done.stdout
        assert server.answers(f"www.{origin}") == ["192.0.2.80"]


def test_an_import_gives_way_to_the_server(server: Server, tmp_path: Path) -> None:
    file = Path(good_zone(tmp_path, "one.example"))
    text = file.read_text()
    file.unlink()
    os.mkfifo(file)
    process = subprocess.Popen(
        server.ddns_command("zone", "import", str(file)), stdout=subprocess.PIPE, text=True
    )
    with open(file, "w") as pipe:  # it has begun to read
        idle = os.sched_getscheduler(process.pid) == os.SCHED_IDLE
        assert idle or os.getpriority(os.PRIO_PROCESS, process.pid) == SMALL_SHARE
        pipe.write(text)
    assert "imported zone one.example" in process.communicate(timeout=PATIENCE)[0]


def test_export_and_import_are_the_same_zone(server: Server, login: str, tmp_path: Path) -> None:
    server.update(login, HOST, "198.51.100.7")
    server.ddns("record", "set", f"text.{ZONE}", "TXT", '"a \\"word\\" or two"')
    exported = server.export(ZONE)
    file = master_file(tmp_path, "exported", "\n".join(exported) + "\n")
    server.ddns("zone", "import", "--replace-hosts", file)
    assert without_serial(server.export(ZONE)) == without_serial(exported)


def without_serial(lines: list[str]) -> list[str]:
    soa = lines[0].split()
    return [" ".join(soa[:6] + soa[7:]), *lines[1:]]


def test_what_is_set_for_people_reaches_the_api(make_server: Launch) -> None:
    server = make_server()
    with open(server.config, "a") as file:
        file.write("[registration]\nhosts_per_account = 3\nquarantine_days = 0\n")
    server.start()
    server.ddns("zone", "add", ZONE, "--registration", "open")
    server.ddns("account", "add", ACCOUNT)
    assert server.ddns("account", "show", ACCOUNT)["host_limit"] == 3
    for host in (HOST, f"last.{ZONE}"):
        server.ddns("host", "add", host, "--account", ACCOUNT)
        server.ddns("host", "remove", host)
    with closing(sqlite3.connect(server.database)) as connection:
        released = connection.execute("select name from released").fetchall()
    assert released == [(names.from_text(f"last.{ZONE}"),)]  # what came before is forgotten


def test_version(tmp_path: Path) -> None:
    import ddns

    assert run([script("ddns"), "--version"]).stdout == f"ddns {ddns.__version__}\n"
