"""The clients that people install with pip: noipy and dyndnsc."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.clients.outcome import assert_holds
from tests.conftest import HOST
from tests.processes import Server
from tests.programs import run

RESOLVING = Path(__file__).with_name("resolving.py")


def python_client(server: Server, module: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(RESOLVING), str(server.dns_port), module, *arguments]
    return run(command, folder=server.folder)


def noipy(server: Server, login: str, address: str) -> subprocess.CompletedProcess[str]:
    user, _, secret = login.partition(":")
    where = ["--provider", "generic", "--url", f"http://127.0.0.1:{server.http_port}/nic/update"]
    who = ["-u", user, "-p", secret, "-n", HOST]
    return python_client(server, "noipy.main", *where, *who, address)


def dyndnsc(server: Server, login: str, address: str) -> subprocess.CompletedProcess[str]:
    """Its verdict is in its log only: it exits with 0 whatever happened."""
    user, _, secret = login.partition(":")
    options = {
        "hostname": HOST,
        "userid": user,
        "password": secret,
        "url": f"http://127.0.0.1:{server.http_port}/nic/update",
    }
    given = [f"--updater-dyndns2-{key}={value}" for key, value in options.items()]
    detector = ["--detector-command", f"--detector-command-command=echo {address}"]
    return python_client(server, "dyndnsc.cli", "-vvv", "--updater-dyndns2", *given, *detector)


def test_noipy(server: Server, login: str) -> None:
    done = noipy(server, login, "198.51.100.7")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "SUCCESS: DNS hostname IP (198.51.100.7) successfully updated." in done.stdout
    assert_holds(server, HOST, "198.51.100.7")


def test_noipy_sees_in_dns_that_there_is_nothing_to_do(server: Server, login: str) -> None:
    noipy(server, login, "198.51.100.7")
    assert "No update required." in noipy(server, login, "198.51.100.7").stdout
    assert "SUCCESS" in noipy(server, login, "198.51.100.8").stdout
    assert_holds(server, HOST, "198.51.100.8")


def test_noipy_with_a_wrong_password(server: Server) -> None:
    done = noipy(server, "alice:wrong", "198.51.100.7")
    assert "ERROR: Invalid username or password" in done.stdout, done.stdout + done.stderr
    assert server.dig(HOST) == []


def test_dyndnsc(server: Server, login: str) -> None:
    done = dyndnsc(server, login, "198.51.100.7")
    assert "status 200, good 198.51.100.7" in done.stderr, done.stdout + done.stderr
    assert_holds(server, HOST, "198.51.100.7")


def test_dyndnsc_sees_in_dns_that_there_is_nothing_to_do(server: Server, login: str) -> None:
    dyndnsc(server, login, "198.51.100.7")
    done = dyndnsc(server, login, "198.51.100.7")
    assert "nothing to do, dns '198.51.100.7' equals detection '198.51.100.7'" in done.stderr
    assert_holds(server, HOST, "198.51.100.7")
