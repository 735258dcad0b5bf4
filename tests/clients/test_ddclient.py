"""ddclient, which most Linux machines and many routers run."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.clients.outcome import assert_holds
from tests.conftest import ACCOUNT, HOST
from tests.processes import Server
from tests.programs import program, run

OFFICE = "office.example.net"


@pytest.fixture
def ddclient(server: Server, login: str, tmp_path: Path) -> Ddclient:
    return Ddclient(program("ddclient"), server, login, tmp_path)


class Ddclient:
    """ddclient with a configuration of its own; the cache lasts as long as the test."""

    def __init__(self, path: str, server: Server, login: str, folder: Path) -> None:
        self.path, self.server, self.folder = path, server, folder
        self.user, _, self.secret = login.partition(":")

    def update(self, address: str, *hosts: str) -> Verdict:
        """One run for all hosts, which it updates in one request."""
        configuration = self.folder / "ddclient.conf"
        configuration.write_text(
            f"ssl=no\nuse=ip, ip={address}\n"
            f"protocol=dyndns2, server=127.0.0.1:{self.server.http_port},"
            f" login={self.user}, password='{self.secret}' {','.join(hosts)}\n"
        )
        configuration.chmod(0o600)
        files = ["-file", str(configuration), "-cache", str(self.folder / "ddclient.cache")]
        files += ["-pid", str(self.folder / "ddclient.pid")]
        flags = ["-daemon=0", "-noquiet", "-verbose"]
        return Verdict(run([self.path, *files, *flags], folder=self.folder))

    def forget(self) -> None:
        """Lose the cache, as a router does when it restarts."""
        (self.folder / "ddclient.cache").unlink()


class Verdict:
    """What a run thinks it has done."""

    def __init__(self, done: subprocess.CompletedProcess[str]) -> None:
        self.status = done.returncode
        self.said = done.stdout + done.stderr

    def good(self, host: str, address: str) -> bool:
        return f"SUCCESS:  updating {host}: good: IP address set to {address}" in self.said

    def nochg(self, host: str, address: str) -> bool:
        line = f"updating {host}: nochg: No update required; unnecessary attempts to change"
        return f"{line} to the current address are considered abusive" in self.said

    def failed(self, host: str) -> bool:
        return f"FAILED:   updating {host}" in self.said


def test_one_host(ddclient: Ddclient) -> None:
    verdict = ddclient.update("198.51.100.7", HOST)
    assert verdict.good(HOST, "198.51.100.7"), verdict.said
    assert verdict.status == 0
    assert_holds(ddclient.server, HOST, "198.51.100.7")


def test_a_client_that_has_forgotten_is_told_nochg(ddclient: Ddclient) -> None:
    assert ddclient.update("198.51.100.7", HOST).good(HOST, "198.51.100.7")
    ddclient.forget()
    verdict = ddclient.update("198.51.100.7", HOST)
    assert verdict.nochg(HOST, "198.51.100.7"), verdict.said
    assert not verdict.failed(HOST)
    assert_holds(ddclient.server, HOST, "198.51.100.7")


def test_several_hosts(ddclient: Ddclient) -> None:
    ddclient.server.call("host_add", name=OFFICE, account=ACCOUNT)
    verdict = ddclient.update("198.51.100.8", HOST, OFFICE)
    for host in (HOST, OFFICE):
        assert verdict.good(host, "198.51.100.8"), verdict.said
        assert_holds(ddclient.server, host, "198.51.100.8")


@pytest.mark.parametrize("wrong", ["left", "right"])
def test_each_host_gets_its_own_line(ddclient: Ddclient, wrong: str) -> None:
    """ddclient takes one line a host, in order: a line too many or too few and the wrong host
    would be the one that it thinks updated."""
    unknown = "nobody.example.net"
    hosts = (unknown, HOST) if wrong == "left" else (HOST, unknown)
    verdict = ddclient.update("198.51.100.9", *hosts)
    assert verdict.good(HOST, "198.51.100.9"), verdict.said
    assert verdict.failed(unknown)
    assert not verdict.failed(HOST)
    assert_holds(ddclient.server, HOST, "198.51.100.9")
    assert ddclient.server.dig(unknown) == []


def test_a_wrong_password_is_a_failure(ddclient: Ddclient) -> None:
    ddclient.secret = "wrong"
    verdict = ddclient.update("198.51.100.7", HOST)
    assert verdict.failed(HOST), verdict.said
    assert not verdict.good(HOST, "198.51.100.7")
    assert ddclient.server.dig(HOST) == []
