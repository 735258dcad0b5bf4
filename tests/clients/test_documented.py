"""docs/clients.md and docs/moving: each configuration is run and each request sent, as it stands
there."""

from __future__ import annotations

import hashlib
import re
import shlex
import socket
import ssl
import subprocess
import sys
from pathlib import Path

import pytest

from tests.clients.documented import BLOCKS, LOOPBACK, RESOLVING, Place, titles
from tests.clients.later import later_ddclient
from tests.conftest import ACCOUNT, HOST
from tests.programs import PATIENCE, program, run


def assert_ran(done: subprocess.CompletedProcess[str], *said: str) -> None:
    everything = done.stdout + done.stderr
    assert done.returncode == 0, everything
    for text in said:
        assert text in everything


@pytest.mark.parametrize("title", titles("ini", "ddclient"))
def test_ddclient(place: Place, title: str, tmp_path: Path) -> None:
    ddclient = later_ddclient(tmp_path) if "3.11" in title else program("ddclient")
    configuration = place.block(title)
    if "ssl=yes" in configuration:
        program("IO::Socket::SSL")
    addresses = [one for one in ("198.51.100.7", "2001:db8::7") if one in configuration]
    command = [ddclient, *place.ddclient(title, tmp_path), "-daemon=0", "-noquiet", "-verbose"]
    done = run(command, folder=tmp_path)
    assert_ran(done)
    for address in addresses or [LOOPBACK]:
        said = f"SUCCESS:  updating {HOST}: (good: )?IP(v[46])? address set to {address}\n"
        assert re.search(said, done.stdout + done.stderr), done.stdout + done.stderr
    place.assert_holds(*addresses or [LOOPBACK])
    if "mx=" in configuration:
        assert place.server.answers(HOST, "MX") == ["10 mx.example.net.", f"5 {HOST}."]
        assert place.server.answers(f"any.{HOST}") == [LOOPBACK]


@pytest.mark.parametrize("title", titles("ini", "inadyn"))
def test_inadyn(place: Place, title: str, tmp_path: Path) -> None:
    command = [program("inadyn"), *place.inadyn(title, tmp_path)]
    done = run([*command, "-1", "--force", "-l", "debug"], folder=tmp_path)
    assert_ran(done, f"Successful alias table update for {HOST} => new IP# {LOOPBACK}")
    place.assert_holds(LOOPBACK)


@pytest.mark.parametrize("client", ["ddclient", "inadyn"])
def test_protocols_of_other_services(place: Place, client: str, tmp_path: Path) -> None:
    """All with one server."""
    for number, title in enumerate(titles("ini", client, others=True)):
        place.server.call("record_set", owner=HOST, type="A", rdatas=["192.0.2.1"])
        (folder := tmp_path / str(number)).mkdir()
        if client == "ddclient":
            program("IO::Socket::SSL")
            flags = ["-daemon=0", "-noquiet", "-verbose"]
            done = run([program(client), *place.ddclient(title, folder), *flags], folder=folder)
            assert_ran(done)
            said = rf"SUCCESS:  updating {HOST}: (\w+: )?IP(v4)? address set to {LOOPBACK}\b"
            assert re.search(said, done.stdout + done.stderr), (title, done.stdout + done.stderr)
        else:
            command = [program(client), *place.inadyn(title, folder), "-1", "--force"]
            done = run([*command, "-l", "debug"], folder=folder)
            assert_ran(done, f"Successful alias table update for {HOST} => new IP# {LOOPBACK}")
        place.assert_holds(LOOPBACK)


@pytest.mark.parametrize("title", titles("sh"))
def test_commands(place: Place, title: str, tmp_path: Path) -> None:
    run_command(place, title, tmp_path)


def test_commands_for_other_services(place: Place, tmp_path: Path) -> None:
    """All with one server."""
    for title in titles("sh", others=True):
        place.server.call("record_set", owner=HOST, type="A", rdatas=["192.0.2.1"])
        run_command(place, title, tmp_path)


SUCCESSES = ("good ", "okay. ", "OK", '{"success": true', "addresses updated")


def run_command(place: Place, title: str, tmp_path: Path) -> None:
    name, *arguments = shlex.split(place.block(title))
    modules = {"noipy": "noipy.main", "dyndnsc": "dyndnsc.cli"}
    if name in modules:
        port = str(place.server.dns_port)
        command = [sys.executable, str(RESOLVING), port, modules[name], *arguments]
    else:
        command = [program(name), *arguments]
    done = run(command, folder=tmp_path)
    assert_ran(done)
    if name in ("curl", "wget"):
        assert done.stdout.startswith(SUCCESSES), done.stdout
    if "a-text" in arguments[-1]:
        assert place.server.answers(HOST, "TXT") == ['"a-text"']
        return
    place.assert_holds("198.51.100.7", *(["2001:db8::7"] if "2001:db8::7" in arguments[-1] else []))
    if "*" in arguments[-1]:
        assert place.server.answers(f"any.{HOST}") == ["198.51.100.7"]


@pytest.mark.parametrize("title", titles("http"))
def test_requests_of_routers(place: Place, title: str) -> None:
    ask(place, title)


def test_requests_for_other_services(place: Place) -> None:
    """All with one server."""
    for title in titles("http", others=True):
        place.server.call("record_set", owner=HOST, type="A", rdatas=["192.0.2.1"])
        ask(place, title)


def ask(place: Place, title: str) -> None:
    """Send a request of the page, and compare the answer and what DNS then says."""
    place.server.call("record_set", owner=HOST, type="AAAA", rdatas=["2001:db8::53"])
    head, answer = place.block(title).split("\n\n", 1)
    server, secured = place.server, "DonDNS" in title
    port = server.https_port if secured else server.http_port
    sock = socket.create_connection((LOOPBACK, port), PATIENCE)
    if secured:
        sock = place.pair.client().wrap_socket(sock, server_hostname=LOOPBACK)
    with sock:
        sock.sendall(head.replace("\n", "\r\n").encode() + b"\r\nConnection: close\r\n\r\n")
        received = b""
        while chunk := _received(sock):
            received += chunk
    status, _, rest = received.decode().partition("\r\n")
    assert " 200 " in status
    assert "content-length:" in rest.lower()
    assert rest.partition("\r\n\r\n")[2].removesuffix("\n") == answer.removesuffix("\n")
    addresses = _ADDRESS.findall(answer) or _ADDRESS.findall(head.splitlines()[0])
    place.assert_holds(*addresses)
    if not any(":" in address for address in addresses):
        place.assert_holds("2001:db8::53")


_ADDRESS = re.compile(r"127\.0\.0\.1|198\.51\.100\.\d+|2001:db8:[0-9a-f:]+(?![0-9a-f:/])")
"""Those of the page's hosts, in an answer or in the line of a request."""


def _received(sock: socket.socket) -> bytes:
    try:
        return sock.recv(4096)
    except ssl.SSLEOFError:
        return b""


@pytest.mark.parametrize("title", titles("text", "miniupdate"))
def test_a_miniupdate_session(place: Place, title: str) -> None:
    """Line by line; challenge, response and version are not the page's."""
    challenge = ""
    with socket.create_connection((LOOPBACK, place.server.miniupdate_port), PATIENCE) as sock:
        lines = sock.makefile("rw", newline="\n")
        for line in place.block(title).splitlines():
            direction, _, text = line.partition(" ")
            if direction == "<==":
                said = lines.readline().rstrip("\r\n")
                if text.startswith("CHALLENGE"):
                    text, challenge = said, said.removeprefix("CHALLENGE ")
                    assert len(challenge) == 32
                assert said.startswith(text)
                continue
            if text.startswith("RESPONSE"):
                digest = hashlib.md5(place.miniupdate_key.encode()).hexdigest()
                text = "RESPONSE " + hashlib.md5((digest + challenge).encode()).hexdigest()
            lines.write(f"{text}\n")
            lines.flush()
        assert lines.readline() == ""
    place.assert_holds("198.51.100.7")


@pytest.mark.parametrize("title", titles("text", "GnuDIP"))
def test_a_gnudip_session(place: Place, title: str) -> None:
    """Line by line; salt and hash are not the page's."""
    key = place.server.call("key_add", account=ACCOUNT, kind="miniupdate", hosts=[HOST])["key"]
    salt, request, code = (line.partition(" ")[2] for line in place.block(title).splitlines())
    with socket.create_connection((LOOPBACK, place.server.gnudip_port), PATIENCE) as sock:
        lines = sock.makefile("rw", newline="\n")
        given = lines.readline().rstrip("\n")
        assert len(given) == len(salt)
        hashed = hashlib.md5(key.encode()).hexdigest()
        hashed = hashlib.md5(f"{hashed}.{given}".encode()).hexdigest()
        user, _, rest = request.split(":", 2)
        lines.write(f"{user}:{hashed}:{rest}\n")
        lines.flush()
        assert lines.read() == f"{code}\n"
    place.assert_holds("198.51.100.7")


def test_every_block_is_tested() -> None:
    assert {language for language, _ in BLOCKS.values()} == {"ini", "sh", "http", "text"}
    for others in (False, True):
        known = titles("ini", "ddclient", "inadyn", others=others)
        assert titles("ini", others=others) == known
    assert titles("text") == titles("text", "miniupdate", "GnuDIP")
    assert titles("text", others=True) == []
    assert {title.partition(" for ")[0] for title in titles("sh", others=True)} == {"curl"}
    assert {title.partition(":")[0] for title in titles("sh")} == {
        "curl",
        "wget",
        "noipy",
        "dyndnsc",
    }
