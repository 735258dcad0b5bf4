"""inadyn, the client of OpenWrt, DD-WRT and other router firmware."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.clients.outcome import assert_holds
from tests.conftest import HOST
from tests.processes import Server
from tests.programs import program, run

CUSTOM = """\
verify-address = false
allow-ipv6 = true
custom {name} {{
    ssl = false
    username = {user}
    password = {secret}
    checkip-server = "127.0.0.1:{port}"
    checkip-path = {checkip}
    checkip-ssl = false
    ddns-server = "127.0.0.1:{port}"
    ddns-path = "{update}"
    hostname = {host}
}}
"""
UPDATE = "/nic/update?hostname=%h&myip=%i"
GOOD = "Successful alias table update for"


class Inadyn:
    """inadyn with a configuration of its own; its cache lasts as long as the test."""

    def __init__(self, path: str, server: Server, login: str, folder: Path) -> None:
        self.path, self.server, self.folder = path, server, folder
        self.user, _, self.secret = login.partition(":")

    def update(
        self, checkip: str = "/ip", update: str = UPDATE
    ) -> subprocess.CompletedProcess[str]:
        """Ask the server for the address of the loopback, and set the host to it.

        A cache is there from the start, or inadyn would ask the system's resolver for the host.
        """
        (self.folder / f"{HOST}.cache").write_text("198.51.100.1")
        configuration = self.folder / "inadyn.conf"
        configuration.write_text(
            CUSTOM.format(
                name="home",
                user=self.user,
                secret=self.secret,
                port=self.server.http_port,
                checkip=checkip,
                update=update,
                host=HOST,
            )
        )
        files = ["-f", str(configuration), f"--cache-dir={self.folder}", "--no-pidfile"]
        return run([self.path, "-1", "--force", "-n", "-l", "debug", *files], folder=self.folder)


@pytest.fixture
def inadyn(server: Server, login: str, tmp_path: Path) -> Inadyn:
    return Inadyn(program("inadyn"), server, login, tmp_path)


@pytest.mark.parametrize("checkip", ["/ip", "/myip", "/checkip"])
def test_the_address_that_our_own_page_shows(inadyn: Inadyn, checkip: str) -> None:
    done = inadyn.update(checkip)
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    assert "resolving" not in said
    assert f"{GOOD} {HOST} => new IP# 127.0.0.1" in said
    assert_holds(inadyn.server, HOST, "127.0.0.1")


def test_nochg_is_a_success(inadyn: Inadyn) -> None:
    assert inadyn.update().returncode == 0
    done = inadyn.update()
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    assert GOOD in said
    assert "nochg 127.0.0.1" in said
    assert_holds(inadyn.server, HOST, "127.0.0.1")


def test_every_parameter_of_dyndns_org(inadyn: Inadyn) -> None:
    """What its plugin for dyndns.org sends; the plugin itself knows no other server's name."""
    done = inadyn.update(update="/nic/update?system=dyndns&hostname=%h&wildcard=OFF&myip=%i")
    assert done.returncode == 0, done.stdout + done.stderr
    assert_holds(inadyn.server, HOST, "127.0.0.1")


def test_a_wrong_password_is_a_failure(inadyn: Inadyn) -> None:
    inadyn.secret = "wrong"
    done = inadyn.update()
    assert done.returncode != 0
    assert GOOD not in done.stdout + done.stderr
    assert inadyn.server.dig(HOST) == []
