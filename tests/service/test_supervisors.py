"""The samples for s6, daemontools and runit under the real programs, and twistd that gives up root:
each on port 53, on a machine of its own."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import dns.exception
import pytest

from ddns.cli.client import CallFailed
from tests.booting import DEPLOY, Machine
from tests.conftest import ACCOUNT, HOST, ZONE
from tests.processes import Server, eventually
from tests.programs import program

UID = 990
USER = f"ddns:x:{UID}:{UID}::/var/lib/ddns:/usr/sbin/nologin\n"


@pytest.fixture
def server(machine: Machine, tmp_path: Path) -> Iterator[Server]:
    """User, directories and settings as docs/supervisors.md has them made; nothing runs."""
    program("pkill")
    if "ddns:" not in (passwd := machine.root / "etc" / "passwd").read_text():
        passwd.write_text(passwd.read_text() + USER)
        group = machine.root / "etc" / "group"
        group.write_text(group.read_text() + f"ddns:x:{UID}:\n")
    folders = [machine.root / "var" / "lib" / "ddns", machine.root / "var" / "log" / "ddns"]
    for folder in folders:
        folder.mkdir(parents=True)
        os.chown(folder, UID, UID)
    server = Server(tmp_path, database=folders[0] / "ddns.sqlite")
    server.dns_port, server.http_port = 53, 80
    yield server
    machine.run("pkill", "-KILL", "-f", "supervise|runsv|s6-log|multilog|svlogd|twistd")
    eventually(lambda: not machine.run("pgrep", "-f", "twistd").stdout, "nothing is left")
    for folder in folders:
        shutil.rmtree(folder)


def supervised(machine: Machine, kind: str) -> str:
    """Put a sample where its supervisor looks for it; that path."""
    path = f"/run/service-{kind}"
    shutil.copytree(DEPLOY / kind / "ddns", machine.root / path[1:])
    return path


def log_of(machine: Machine) -> str:
    """What the supervisor's logger wrote."""
    current = machine.root / "var" / "log" / "ddns" / "current"
    return current.read_text() if current.exists() else ""


def fill(server: Server) -> str:
    """A zone with a host; what its client logs in with."""
    eventually(server.is_ready, "it answers")
    server.call("zone_add", origin=ZONE)
    server.call("account_add", name=ACCOUNT)
    server.call("host_add", name=HOST, account=ACCOUNT)
    return f"{ACCOUNT}:{server.call('key_add', account=ACCOUNT)['key']}"


def is_ready(server: Server) -> bool:
    """Whether it answers, also of one that may be killed at this moment."""
    try:
        return server.is_ready() and bool(server.ask(HOST, timeout=0.2).answer)
    except (CallFailed, OSError, dns.exception.Timeout):
        return False


def its_pid(machine: Machine) -> str:
    """The server's process, nothing while there is none."""
    pids = machine.run("pgrep", "-f", "twistd.py -n|twistd.py --pidfile").stdout.split()
    return pids[0] if len(pids) == 1 else ""


def its_user(machine: Machine) -> set[int]:
    """Who the server's process is, in every way that a process can be somebody."""
    status = (machine.root / "proc" / its_pid(machine) / "status").read_text()
    lines = [line.split() for line in status.splitlines()]
    return {
        int(number)
        for name, *numbers in filter(None, lines)
        if name in ("Uid:", "Gid:", "Groups:")
        for number in numbers
    }


def serves(machine: Machine, server: Server, *kill: str) -> None:
    """It does what a server does, as nobody who matters, and is started again when it is killed."""
    login = fill(server)
    assert server.update(login, HOST, "198.51.100.7").body == "good 198.51.100.7\n"
    assert server.dig(HOST) == ["198.51.100.7"]
    assert its_user(machine) == {UID}
    before = its_pid(machine)
    assert machine.run(*kill).returncode == 0
    eventually(
        lambda: its_pid(machine) not in ("", before) and is_ready(server), "it was started again"
    )
    assert server.answers(HOST) == ["198.51.100.7"]
    assert server.update(login, HOST, "198.51.100.8").body == "good 198.51.100.8\n"
    eventually(lambda: "answering DNS on 0.0.0.0:53" in log_of(machine), "its log is kept")


def ended_in_order(machine: Machine, server: Server) -> None:
    eventually(lambda: log_of(machine).rstrip().endswith("Server Shut Down."), "it has ended")
    assert "Traceback" not in log_of(machine)
    assert not server.database.with_name("ddns.sqlite-wal").exists()


def test_s6(machine: Machine, server: Server) -> None:
    program("s6-supervise")
    path = supervised(machine, "s6")
    started = f"mkfifo /run/s6; s6-supervise {path}/log </run/s6 & s6-supervise {path} >/run/s6 &"
    machine.run("sh", "-c", f"({started}) >/dev/null 2>&1")
    eventually(lambda: (machine.root / path[1:] / "supervise").exists(), "it is supervised")
    done = machine.run("s6-svwait", "-U", "-t", "20000", path)
    assert done.returncode == 0, log_of(machine)
    serves(machine, server, "s6-svc", "-k", path)
    machine.run("s6-svc", "-wD", "-d", path)
    ended_in_order(machine, server)
    machine.run("s6-svc", "-dx", path)
    machine.run("s6-svc", "-dx", f"{path}/log")


def test_daemontools(machine: Machine, server: Server) -> None:
    program("supervise")
    path = supervised(machine, "daemontools")
    started = f"mkfifo /run/dt; supervise {path}/log </run/dt & supervise {path} >/run/dt &"
    machine.run("sh", "-c", f"({started}) >/dev/null 2>&1")
    serves(machine, server, "svc", "-k", path)
    machine.run("svc", "-d", path)
    ended_in_order(machine, server)
    machine.run("svc", "-dx", path, f"{path}/log")


def test_runit(machine: Machine, server: Server) -> None:
    program("runsv")
    path = supervised(machine, "runit")
    machine.run("sh", "-c", f"runsv {path} >/dev/null 2>&1 &")
    eventually(
        lambda: machine.run("sv", "-w", "20", "check", path).stdout.startswith("ok:"),
        "its check says that it answers",
    )
    serves(machine, server, "sv", "kill", path)
    assert machine.run("sv", "-w", "20", "down", path).stdout.startswith("ok: down:")
    ended_in_order(machine, server)
    machine.run("sv", "exit", path)


def test_a_daemon_gives_up_root(machine: Machine, server: Server) -> None:
    """It binds port 53, then becomes somebody who could not."""
    run = machine.root / "run" / "ddns"
    run.mkdir()
    os.chown(run, UID, UID)
    twistd = ["/opt/ddns/bin/twistd", "--pidfile=/run/ddns/twistd.pid"]
    twistd += ["--logfile=/var/log/ddns/current", "-u", "ddns", "-g", "ddns"]
    done = machine.run(*twistd, "ddns", "--config", "/etc/ddns/ddns.toml")
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
    login = fill(server)
    assert server.update(login, HOST, "198.51.100.7").body == "good 198.51.100.7\n"
    assert server.dig(HOST) == ["198.51.100.7"]
    assert its_user(machine) == {UID}
    owners = {path.stat().st_uid for path in server.database.parent.iterdir()}
    assert owners == {UID}
    assert machine.run("sh", "-c", "kill $(cat /run/ddns/twistd.pid)").returncode == 0
    eventually(lambda: not (run / "pid").exists(), "it has ended")
    ended_in_order(machine, server)
