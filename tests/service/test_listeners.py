"""Where the server listens: as its help says by default, and as it is told."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from ddns.config.settings import Settings
from tests.conftest import ZONE, Launch
from tests.processes import Server, can_bind, free_port
from tests.programs import program, run, script


def has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


needs_ipv6 = pytest.mark.skipif(not has_ipv6(), reason="this machine has no [::1]")


@pytest.mark.parametrize("command", ["twistd", "twist"])
def test_help_tells_the_defaults(command: str, tmp_path: Path) -> None:
    done = run([script(command), "ddns", "--help"], folder=tmp_path)
    assert done.returncode == 0
    said = " ".join(done.stdout.split())
    settings = Settings()
    (dns,), (http,) = settings.dns.listen, settings.http.listen
    (miniupdate,) = settings.miniupdate.listen
    for option, default in (
        ("--database=", settings.database),
        ("--dns=", dns),
        ("--http=", http),
        ("--miniupdate=", miniupdate),
    ):
        text = said.partition(option)[2]
        assert f"(default: {default})" in text.partition(" --")[0], option
    for option in ("--config=", "--no-sample", "--https=", "--certificate=", "--private-key="):
        assert option in said


def test_twistd_lists_the_command(tmp_path: Path) -> None:
    assert " ddns " in run([script("twistd"), "--help"], folder=tmp_path).stdout


def test_dns_off(make_server: Launch) -> None:
    server = make_server("--dns", "off").start()
    server.ddns("zone", "add", ZONE)
    assert server.get("/ip").body == "127.0.0.1\n"
    assert can_bind("127.0.0.1", server.dns_port)
    assert sockets_of(server) == {("tcp", server.http_port)}


def test_http_off(make_server: Launch) -> None:
    server = make_server("--http", "off").start()
    server.ddns("zone", "add", ZONE)
    assert server.serial(ZONE) >= 1
    assert sockets_of(server) == {("tcp", server.dns_port), ("udp", server.dns_port)}


def test_both_off(make_server: Launch) -> None:
    server = make_server("--dns", "off", "--http", "off").start()
    server.ddns("zone", "add", ZONE)
    assert sockets_of(server) == set()


@needs_ipv6
def test_several_of_each(make_server: Launch) -> None:
    server = make_server()
    dns = [server.dns_port, free_port()]
    http = [server.http_port, free_port()]
    server.options += ["--dns", f"127.0.0.1:{dns[0]}", "--dns", f"[::1]:{dns[1]}"]
    server.options += ["--http", f"tcp:{http[0]}:interface=127.0.0.1"]
    server.options += ["--http", rf"tcp6:{http[1]}:interface=\:\:1"]
    server.start()
    server.ddns("zone", "add", ZONE)
    for address, port in (("127.0.0.1", dns[0]), ("::1", dns[1])):
        for over in ("+notcp", "+tcp"):
            dig = [program("dig"), f"@{address}", "-p", str(port), ZONE, "NS", "+short", over]
            assert run(dig).stdout == f"ns1.{ZONE}.\n"
    for host, port in (("127.0.0.1", http[0]), ("[::1]", http[1])):
        curl = [program("curl"), "--silent", "--globoff", f"http://{host}:{port}/ip"]
        assert run(curl).stdout == host.strip("[]") + "\n"


def test_a_configuration_file(make_server: Launch, tmp_path: Path) -> None:
    server = make_server()
    server.config.write_text(
        f'database = "elsewhere.sqlite"\nsample = false\n[http]\nlisten = "off"\n'
        f'[dns]\nlisten = ["127.0.0.1:{server.dns_port}"]\n[miniupdate]\nlisten = "off"\n'
    )
    command = [script("twistd"), "-n", "--pidfile=", "ddns", "--config", str(server.config)]
    server.command = lambda: command  # type: ignore[method-assign]
    server.database = tmp_path / "elsewhere.sqlite"
    server.options = ["--http", "off"]
    server.start()
    server.ddns("zone", "add", ZONE)
    assert server.serial(ZONE) >= 1
    assert server.database.exists()


def sockets_of(server: Server) -> set[tuple[str, int]]:
    """The server's listening TCP and its UDP ports."""
    assert server.process is not None
    folder = Path(f"/proc/{server.process.pid}")
    links = []
    for descriptor in (folder / "fd").iterdir():
        try:
            links.append(descriptor.readlink().name)
        except FileNotFoundError:
            continue
    found = set()
    for kind, states in (("tcp", {"0A"}), ("tcp6", {"0A"}), ("udp", {"07"}), ("udp6", {"07"})):
        for line in (folder / "net" / kind).read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] in states and f"socket:[{fields[9]}]" in links:
                found.add((kind[:3], int(fields[1].rpartition(":")[2], 16)))
    return found
