"""Programs that send UPDATEs, configured as docs/rfc2136.md says, each with a key of few rights."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.clients.documented import LOOPBACK, RESOLVING, updating, words
from tests.conftest import ACCOUNT, HOST, ZONE, Launch
from tests.processes import PATIENCE, Json, Server, eventually, free_port
from tests.programs import program, run, script

CHALLENGE = f"_acme-challenge.{HOST}"


# octodns -------------------------------------------------------------------------------------

FILES = f"""
'': {{type: NS, values: [ns1.{ZONE}.]}}
mail: {{type: MX, value: {{exchange: www.{ZONE}., preference: 10}}}}
ns1: {{type: A, value: 192.0.2.53}}
www: [{{ttl: 60, type: A, values: [192.0.2.1, 192.0.2.2]}}, {{type: TXT, value: hello}}]
"""


def octodns(server: Server, key: Json, files: str) -> subprocess.CompletedProcess[str]:
    folder = server.folder
    (folder / "zones").mkdir(exist_ok=True)
    (folder / "zones" / f"{ZONE}.yaml").write_text(files)
    (folder / "production.yaml").write_text(updating("octodns", server, key))
    command = [script("octodns-sync"), "--config-file", "production.yaml", "--doit"]
    return run(command, folder=folder)


def test_octodns(server: Server) -> None:
    """It makes the zone what its files say, so it needs to read it and to change all of it."""
    rights = ["update", "transfer"]
    key = server.call("key_add", account=ACCOUNT, kind="tsig", zones=[ZONE], rights=rights)
    server.call("record_set", owner=f"old.{ZONE}", type="A", rdatas=["192.0.2.9"])
    for files, www in (
        (FILES, "192.0.2.2"),
        (FILES.replace("192.0.2.2", "192.0.2.3"), "192.0.2.3"),
    ):
        done = octodns(server, key, files)
        assert done.returncode == 0, done.stderr
        assert server.answers(f"www.{ZONE}") == ["192.0.2.1", www]
    assert server.answers(f"www.{ZONE}", "TXT") == ['"hello"']
    assert server.answers(f"mail.{ZONE}", "MX") == [f"10 www.{ZONE}."]
    assert server.answers(ZONE, "NS") == [f"ns1.{ZONE}."]
    assert server.answers(f"old.{ZONE}") == []
    serial = server.serial(ZONE)
    assert octodns(server, key, FILES.replace("192.0.2.2", "192.0.2.3")).returncode == 0
    assert server.serial(ZONE) == serial


@pytest.mark.parametrize("right", ["update", "transfer"])
def test_octodns_with_half_the_rights(server: Server, right: str) -> None:
    key = server.call("key_add", account=ACCOUNT, kind="tsig", zones=[ZONE], rights=[right])
    before = server.serial(ZONE)
    done = octodns(server, key, FILES)
    assert (done.returncode == 0, "REFUSED" in done.stderr) == (False, True), done.stderr
    assert server.serial(ZONE) == before


# dns-lexicon ---------------------------------------------------------------------------------


def own_address() -> str:
    """An address of this machine at whose port 53 nobody is, which other runs do not use."""
    address = f"127.53.{os.getpid() >> 8 & 255}.{os.getpid() & 255}"
    try:
        with socket.socket() as tcp:
            tcp.bind((address, 53))
    except PermissionError:
        pytest.skip("dns-lexicon knows port 53 only, which root may bind")
    return address


def test_lexicon(make_server: Launch) -> None:
    """It says True whatever it is answered, so only what DNS answers counts."""
    address = own_address()
    server = make_server()
    server.options += ["--dns", f"{LOOPBACK}:{server.dns_port}", "--dns", f"{address}:53"]
    server.start()
    server.call("zone_add", origin=ZONE)
    server.call("account_add", name=ACCOUNT)
    server.call("host_add", name=HOST, account=ACCOUNT)
    key = server.call("key_add", account=ACCOUNT, kind="tsig", hosts=[HOST])
    text = updating("lexicon", server, key).replace(LOOPBACK, address)

    def lexicon(there: str = "", here: str = "") -> None:
        _, (_, *arguments) = words(text.replace(there, here) if there else text)
        resolving = [sys.executable, str(RESOLVING), str(server.dns_port)]
        done = run([*resolving, "lexicon._private.cli", *arguments], folder=server.folder)
        assert done.returncode == 0, done.stderr
        assert "True" in done.stdout

    lexicon()
    assert server.answers(CHALLENGE, "TXT") == ['"token"']
    lexicon("content token", "content another")
    assert server.answers(CHALLENGE, "TXT") == ['"another"', '"token"']
    lexicon("    create", "    delete")
    assert server.answers(CHALLENGE, "TXT") == ['"another"']
    lexicon(CHALLENGE, f"www.{ZONE}")
    assert server.answers(f"www.{ZONE}", "TXT") == []


# Kea -----------------------------------------------------------------------------------------

REVERSE = "100.51.198.in-addr.arpa"
ADDRESS = "198.51.100.7"
DHCID = "000201" + 32 * "5a"


@contextmanager
def kea(server: Server, key: Json) -> Iterator[int]:
    """Kea's D2 while it runs: the port at which it takes requests of a DHCP server."""
    port = free_port()
    config = server.folder / "kea-dhcp-ddns.conf"
    config.write_text(updating("Kea", server, key).replace("53001", str(port)))
    folder = {f"KEA_{name}_DIR": str(server.folder) for name in ("PIDFILE", "LOCKFILE")}
    with open(server.folder / "kea.log", "wb") as log:
        process = subprocess.Popen(
            [program("kea-dhcp-ddns"), "-c", str(config)],
            env={**os.environ, **folder},
            stdout=log,
            stderr=log,
        )
    try:
        started = "DHCP_DDNS_STARTED"
        eventually(lambda: started in (server.folder / "kea.log").read_text(), "Kea's D2 runs")
        yield port
    finally:
        process.terminate()
        process.wait(PATIENCE)


def ask_kea(port: int, remove: bool, dhcid: str = DHCID) -> None:
    """Tell it of a lease, as Kea's DHCP servers do: JSON behind its length."""
    request = {
        "change-type": int(remove),
        "forward-change": True,
        "reverse-change": True,
        "fqdn": f"client.{ZONE}.",
        "ip-address": ADDRESS,
        "dhcid": dhcid,
        "lease-expires-on": "20300101000000",
        "lease-length": 1200,
        "use-conflict-resolution": True,
    }
    text = json.dumps(request).encode()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.sendto(len(text).to_bytes(2, "big") + text, (LOOPBACK, port))


def test_kea(server: Server) -> None:
    """A lease comes, is renewed, is claimed by another client, and ends."""
    server.call("zone_add", origin=REVERSE)
    key = server.call(
        "key_add",
        account=ACCOUNT,
        kind="tsig",
        zones=[ZONE, REVERSE],
        types=["A", "AAAA", "DHCID", "PTR"],
    )
    client, pointer = f"client.{ZONE}", f"7.{REVERSE}"

    def seen() -> tuple[list[str], int, list[str]]:
        dhcids = server.answers(client, "DHCID")
        return server.answers(client), len(dhcids), server.answers(pointer, "PTR")

    there = ([ADDRESS], 1, [f"{client}."])
    with kea(server, key) as port:

        def ended(what: str, times: int) -> None:
            log = server.folder / "kea.log"
            eventually(lambda: log.read_text().count(what) >= times, f"{what} in {log}")

        ask_kea(port, remove=False)
        ended("DHCP_DDNS_ADD_SUCCEEDED", 1)
        assert seen() == there
        ask_kea(port, remove=False)
        ended("DHCP_DDNS_ADD_SUCCEEDED", 2)
        assert seen() == there
        ask_kea(port, remove=False, dhcid=DHCID.replace("5a", "77"))
        ended("DHCP_DDNS_ADD_FAILED", 1)
        assert seen() == there
        ask_kea(port, remove=True)
        ended("DHCP_DDNS_REMOVE_SUCCEEDED", 1)
        assert seen() == ([], 0, [])
