"""The units of deploy/systemd, as they are, under a real systemd."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import dns.message
import dns.query
import pytest

from ddns.system import threads
from tests.booting import DEPLOY, Machine
from tests.conftest import ACCOUNT, HOST, ZONE
from tests.processes import Server, eventually
from tests.programs import PATIENCE, program, run
from tests.streams import nothing_is_lost

UNITS = sorted(path.name for path in (DEPLOY / "systemd").glob("ddns*"))
SOCKETS = ("ddns-dns.socket", "ddns-http.socket", "ddns-miniupdate.socket")


NO_LIMITS = "[dns.rate_limit]\nresponses_per_second = 0\n[abuse]\nchange_interval = 0\n"
IMPATIENT = "[Service]\nWatchdogSec=1\nTimeoutAbortSec=1\nRestartSec=0\n"


@pytest.fixture(scope="module", autouse=True)
def units(machine: Machine) -> None:
    """The units are where systemd looks for them."""
    for path in (DEPLOY / "systemd").glob("ddns*"):
        shutil.copy(path, machine.root / "etc" / "systemd" / "system")


@pytest.fixture
def server(machine: Machine, tmp_path: Path) -> Iterator[Server]:
    """The service, enabled as its first lines say, with a host in it."""
    machine.systemctl("daemon-reload")
    machine.systemctl("enable", "ddns.service", *SOCKETS)
    machine.systemctl("start", *SOCKETS, "ddns.service")
    database = machine.root / "var" / "lib" / "private" / "ddns" / "ddns.sqlite"
    server = Server(tmp_path, database=database)
    server.dns_port, server.http_port = 53, 80
    server.call("zone_add", origin=ZONE)
    server.call("account_add", name=ACCOUNT)
    server.call("host_add", name=HOST, account=ACCOUNT)
    # the settings of the sample hold, with their limits on how often a host may change
    config = machine.root / "etc" / "ddns" / "ddns.toml"
    text = config.read_text()
    config.write_text(text + NO_LIMITS)
    machine.systemctl("reload", "ddns.service")
    yield server
    machine.run("systemctl", "stop", "ddns.service", *SOCKETS)
    machine.run("systemctl", "reset-failed")
    config.write_text(text)
    shutil.rmtree(database.parent)


def login_of(server: Server) -> str:
    return f"{ACCOUNT}:{server.call('key_add', account=ACCOUNT)['key']}"


def show(machine: Machine, name: str) -> str:
    """A property of the service."""
    return machine.systemctl("show", "--value", "-p", name, "ddns.service").strip()


def test_the_units_are_well_formed(machine: Machine) -> None:
    done = machine.run("systemd-analyze", "verify", *(f"/etc/systemd/system/{u}" for u in UNITS))
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


@pytest.mark.parametrize("unit", [unit for unit in UNITS if unit.endswith(".service")])
def test_a_service_may_do_little(unit: str) -> None:
    command = [program("systemd-analyze"), "security", "--offline=yes", "--threshold=15"]
    assert run([*command, str(DEPLOY / "systemd" / unit)]).returncode == 0


def test_it_serves_and_reloads(machine: Machine, server: Server) -> None:
    login = login_of(server)
    assert server.update(login, HOST, "198.51.100.7").body == "good 198.51.100.7\n"
    assert server.answers(HOST) == ["198.51.100.7"]
    query = dns.message.make_query(HOST, "A")
    for send in (dns.query.udp, dns.query.tcp):
        for host in ("127.0.0.1", "::1"):
            assert send(query, host, timeout=PATIENCE).answer, host
    assert show(machine, "StatusText") == "answering for 1 zones"
    pid = show(machine, "MainPID")
    owner = (machine.root / "proc" / pid / "status").read_text()
    assert "CapEff:\t0000000000000000" in owner
    assert "Uid:\t0" not in owner
    tasks = (machine.root / "proc" / pid / "task").glob("*/stat")
    niceness = {int(path.read_text().rpartition(")")[2].split()[16]) for path in tasks}
    assert niceness == {
        os.getpriority(os.PRIO_PROCESS, 0),
        threads.LOW_PRIORITY,
        threads.LOWEST_PRIORITY,
    }
    config = machine.root / "etc" / "ddns" / "ddns.toml"
    config.write_text(config.read_text() + "[http]\nbody = 0\n")
    assert machine.run("systemctl", "reload", "ddns.service").returncode != 0
    assert show(machine, "ActiveState") == "active"


def test_restarts_lose_nothing(machine: Machine, server: Server) -> None:
    def restart() -> None:
        machine.systemctl("restart", "ddns.service")

    nothing_is_lost(server, HOST, login_of(server), restart, restart)


def test_a_server_that_is_killed_or_stands_still_is_started_again(
    machine: Machine, server: Server
) -> None:
    login = login_of(server)
    assert server.update(login, HOST, "198.51.100.7").body == "good 198.51.100.7\n"
    folder = machine.root / "etc" / "systemd" / "system" / "ddns.service.d"
    folder.mkdir()
    (folder / "watchdog.conf").write_text(IMPATIENT)
    machine.systemctl("daemon-reload")
    machine.systemctl("restart", "ddns.service")
    for how in (signal.SIGKILL, signal.SIGSTOP):
        before = show(machine, "MainPID")
        machine.run("kill", f"-{how.value}", before)
        eventually(
            lambda: show(machine, "MainPID") not in (before, "0"),  # noqa: B023
            "another one runs",
        )
        assert server.answers(HOST) == ["198.51.100.7"]
    assert server.update(login, HOST, "198.51.100.8").body == "good 198.51.100.8\n"
    shutil.rmtree(folder)
    machine.systemctl("daemon-reload")


def test_https_is_enabled_by_itself(machine: Machine, server: Server, tmp_path: Path) -> None:
    from tests import certificates

    pair = certificates.make(tmp_path, "localhost")
    config = machine.root / "etc" / "ddns"
    shutil.copy(pair.certificate, config / "fullchain.pem")
    shutil.copy(pair.private_key, config / "privkey.pem")
    folder = machine.root / "etc" / "systemd" / "system" / "ddns.service.d"
    folder.mkdir()
    shutil.copy(DEPLOY / "systemd" / "https.conf", folder)
    text = (config / "ddns.toml").read_text()
    table = (DEPLOY / "systemd" / "https.toml").read_text()
    (config / "ddns.toml").write_text(text + table)
    machine.systemctl("daemon-reload")
    machine.systemctl("stop", "ddns.service")  # or the socket may not be added
    machine.systemctl("start", "ddns-https.socket", "ddns.service")
    curl = [program("curl"), "-sS", "--cacert", str(pair.certificate), "https://localhost/ip"]
    assert run(curl).stdout in ("127.0.0.1\n", "::1\n")
    machine.systemctl("stop", "ddns-https.socket", "ddns.service")
    shutil.rmtree(folder)
