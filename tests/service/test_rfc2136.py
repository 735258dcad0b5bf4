"""UPDATE by the programs that people have, on a running server."""

from __future__ import annotations

import json
import socket
import subprocess
import time
from pathlib import Path
from typing import Any

import dns.message
import dns.name
import dns.query
import dns.rcode
import dns.tsig
import dns.tsigkeyring
import dns.update
import pytest

from tests.conftest import ACCOUNT, HOST, ZONE
from tests.processes import PATIENCE, Server
from tests.programs import program

Key = dict[str, Any]


@pytest.fixture
def host_key(server: Server) -> Key:
    """A key that is limited to the host."""
    return server.call("key_add", account=ACCOUNT, kind="tsig", hosts=[HOST])


@pytest.fixture
def zone_key(server: Server) -> Key:
    """A key for all of the operator's zone."""
    return server.call("key_add", account=ACCOUNT, kind="tsig", zones=[ZONE], name="zone-key")


def nsupdate(server: Server, key: Key | None, *lines: str, tool: str = "nsupdate") -> str:
    """Send an update; what the tool says, empty when all is well."""
    command = [program(tool)]
    if key is not None:
        command += ["-y", f"{key['algorithm']}:{key['name']}:{key['key']}"]
    text = "\n".join([f"server 127.0.0.1 {server.dns_port}", *lines, "send", ""])
    done = subprocess.run(
        command, input=text, capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    said = done.stdout + done.stderr
    assert (done.returncode == 0) == (not said.strip()), said
    return said


@pytest.mark.parametrize("tool", ["nsupdate", "knsupdate"])
def test_a_host_by_its_own_key(server: Server, host_key: Key, tool: str) -> None:
    """Its addresses and ACME's challenge, and nothing else."""
    begin = f"zone {ZONE}"
    acme = f"_acme-challenge.{HOST}"
    said = nsupdate(
        server,
        host_key,
        begin,
        f"update add {HOST} 60 A 198.51.100.7",
        f"update add {HOST} 60 AAAA 2001:db8::7",
        f'update add {acme} 60 TXT "token"',
        tool=tool,
    )
    assert said == ""
    assert server.answers(HOST) == server.stored(HOST) == ["198.51.100.7"]
    assert server.answers(HOST, "AAAA") == ["2001:db8::7"]
    assert server.answers(acme, "TXT") == ['"token"']
    for refused in (
        f"update add {HOST} 60 MX 10 mx.{ZONE}.",
        f"update add www.{ZONE} 60 A 198.51.100.7",
        f"update delete {ZONE} NS",
        f"update add {ZONE} 60 A 198.51.100.7",
    ):
        assert "REFUSED" in nsupdate(server, host_key, begin, refused, tool=tool)
    assert nsupdate(server, host_key, begin, f"update delete {acme} TXT", tool=tool) == ""
    assert server.answers(acme, "TXT") == []
    assert server.answers(HOST) == ["198.51.100.7"]


def test_a_zone_by_its_key(server: Server, zone_key: Key) -> None:
    """nsupdate finds the zone itself; TCP where the update is large."""
    many = [f"update add h{number}.{ZONE} 60 A 192.0.2.{number % 250}" for number in range(400)]
    assert nsupdate(server, zone_key, *many) == ""
    assert server.answers(f"h399.{ZONE}") == ["192.0.2.149"]
    before = server.serial(ZONE)
    only_new = [f"prereq nxdomain h1.{ZONE}", f"update add h1.{ZONE} 60 A 192.0.2.250"]
    assert "YXDOMAIN" in nsupdate(server, zone_key, *only_new)
    same = [f"prereq yxrrset h1.{ZONE} A 192.0.2.1", f"update add h1.{ZONE} 60 A 192.0.2.1"]
    assert nsupdate(server, zone_key, *same) == ""
    assert server.serial(ZONE) == before
    soa = f"update add {ZONE} 60 SOA ns.{ZONE}. mail.{ZONE}. 70000 3600 600 86400 60"
    assert nsupdate(server, zone_key, soa) == ""
    assert server.serial(ZONE) == 70000
    assert nsupdate(server, zone_key, f"update delete h1.{ZONE}") == ""
    assert server.serial(ZONE) == 70001
    assert nsupdate(server, zone_key, soa.replace("70000", "80000")) == "", "the serial alone"
    assert server.serial(ZONE) == 80000
    server.kill()
    server.start()
    assert server.answers(f"h2.{ZONE}") == ["192.0.2.2"]
    assert server.serial(ZONE) == 80000


def test_who_is_not_let_in(server: Server, host_key: Key) -> None:
    lines = [f"zone {ZONE}", f"update add {HOST} 60 A 198.51.100.7"]
    assert "REFUSED" in nsupdate(server, None, *lines)
    stranger = {**host_key, "name": "nobodys-key"}
    assert "BADKEY" in nsupdate(server, stranger, *lines)
    wrong = {**host_key, "key": server.call("key_add", account=ACCOUNT, kind="tsig")["key"]}
    assert "BADSIG" in nsupdate(server, wrong, *lines)
    assert "NOTAUTH" in nsupdate(
        server, host_key, "zone example.org", "update delete a.example.org"
    )
    server.call("key_disable", number=host_key["id"])
    assert "BADKEY" in nsupdate(server, host_key, *lines)
    server.call("key_enable", number=host_key["id"])
    assert nsupdate(server, host_key, *lines) == ""
    server.call("account_block", name=ACCOUNT, reason="a reason")
    assert "REFUSED" in nsupdate(server, host_key, lines[0], f"update delete {HOST} A")
    assert server.answers(HOST) == ["198.51.100.7"]


def test_why_one_is_not_let_in(server: Server, host_key: Key) -> None:
    """RFC 8914: told to who sends EDNS, signed where the key is good."""
    keyring = dns.tsigkeyring.from_text(
        {host_key["name"]: (host_key["algorithm"], host_key["key"])}
    )

    def why(zone: str, owner: str, signed: bool = True, address: str = "192.0.2.7") -> str:
        update = dns.update.UpdateMessage(zone, keyring=keyring if signed else None)
        update.add(dns.name.from_text(owner), 60, "A", address)
        update.use_edns(0)
        reply = dns.query.udp(update, "127.0.0.1", port=server.dns_port, timeout=PATIENCE)
        assert reply.had_tsig == signed
        return " ".join(f"{error.code} {error.text}" for error in reply.extended_errors())

    assert why(ZONE, HOST) == ""
    assert why(ZONE, HOST, signed=False) == "18 needs the signature of a key"
    assert why(ZONE, f"www.{ZONE}") == "18 the key may not change this"
    assert why("example.org", "a.example.org") == "20 None"
    server.call("zone_set", origin=ZONE, addresses="public")
    assert why(ZONE, HOST, address="10.0.0.1") == "18 the zone does not allow this address"
    server.call("account_block", name=ACCOUNT, reason="a reason")
    assert why(ZONE, HOST) == "18 the account is blocked"


def test_unsigned_updates_where_the_operator_says_so(server: Server) -> None:
    lines = [f"zone {ZONE}", f"update add {ZONE} 60 MX 10 mx.{ZONE}."]
    server.ddns("zone", "set", ZONE, "--update-from", "192.0.2.0/24")
    assert "REFUSED" in nsupdate(server, None, *lines)
    server.ddns("zone", "set", ZONE, "--update-from", "127.0.0.1")
    assert nsupdate(server, None, *lines) == ""
    assert server.answers(ZONE, "MX") == [f"10 mx.{ZONE}."]
    server.ddns("zone", "set", ZONE, "--update-from", "")
    assert "REFUSED" in nsupdate(server, None, *lines)


def test_what_the_owner_sees(server: Server, host_key: Key) -> None:
    nsupdate(server, host_key, f"zone {ZONE}", f"update add {HOST} 60 A 198.51.100.7")
    shown = server.try_ddns("host", "show", HOST).stdout
    assert f"rfc2136 from 127.0.0.1 as '{host_key['name']}'" in shown
    assert f"asked: UPDATE {ZONE}: add {HOST} A" in shown
    assert "told: NOERROR" in shown
    (request,) = server.call("host_show", name=HOST)["requests"]
    assert (request["status"], request["addresses"]) == ("good", "198.51.100.7")
    (event,) = [
        event
        for event in server.call("host_history", name=HOST)["events"]
        if event["via"] == "rfc2136"
    ]
    assert (event["who"], event["after"]["rdatas"]) == (ACCOUNT, ["198.51.100.7"])


# By hand ---------------------------------------------------------------------------------------


def message(key: Key, address: str) -> dns.update.UpdateMessage:
    made = dns.update.UpdateMessage(ZONE)
    made.replace("home", 60, "A", address)
    made.use_tsig(dns.tsig.Key(key["name"], key["key"], key["algorithm"]))
    return made


def ask(server: Server, wire: bytes) -> bytes:
    """The reply to a message over UDP, whatever is in it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(PATIENCE)
        sock.sendto(wire, ("127.0.0.1", server.dns_port))
        return sock.recv(65535)


def test_a_message_that_comes_again_changes_nothing_more(server: Server, host_key: Key) -> None:
    """Nor when somebody else sends it: it is answered as the first time."""
    first = message(host_key, "198.51.100.1").to_wire()
    for wire, address in (
        (first, "198.51.100.1"),
        (message(host_key, "198.51.100.2").to_wire(), "198.51.100.2"),
        (first, "198.51.100.2"),
        (b"\xff\xff" + first[2:], "198.51.100.2"),
    ):
        assert dns.rcode.from_flags(int.from_bytes(ask(server, wire)[2:4], "big"), 0) == 0
        assert server.answers(HOST) == [address]


def test_a_clock_that_is_wrong(
    server: Server, host_key: Key, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = time.time()
    late = message(host_key, "198.51.100.1")
    with monkeypatch.context() as patch:
        patch.setattr("time.time", lambda: now - 400)
        wire = late.to_wire()
        with pytest.raises(dns.tsig.PeerBadTime):
            dns.message.from_wire(ask(server, wire), keyring=late.keyring, request_mac=late.mac)
    assert server.answers(HOST) == []


def test_many_at_once(server: Server, zone_key: Key) -> None:
    """A burst of one client, none of which fails."""
    keyring = dns.tsig.Key(zone_key["name"], zone_key["key"], zone_key["algorithm"])
    wires = {}
    for number in range(200):
        one = dns.update.UpdateMessage(ZONE, id=number + 1)
        one.add(f"b{number}", 60, "A", "192.0.2.1")
        one.use_tsig(keyring)
        wires[number + 1] = one.to_wire()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.settimeout(PATIENCE)
        for wire in wires.values():
            sock.sendto(wire, ("127.0.0.1", server.dns_port))
        for _ in range(200):
            reply = sock.recv(65535)
            assert reply[3] & 15 == 0
            del wires[int.from_bytes(reply[:2], "big")]
    assert server.answers(f"b199.{ZONE}") == ["192.0.2.1"]


# Keys ------------------------------------------------------------------------------------------


def test_keys_of_the_command(server: Server, tmp_path: Path) -> None:
    made = server.ddns(
        "key", "add", ACCOUNT, "--kind", "tsig", "--name", "A-Key.example.", "--zone", ZONE,
        "--type", "TXT", "--right", "update", "--algorithm", "HMAC-SHA512",
    )  # fmt: skip
    assert (made["name"], made["algorithm"]) == ("a-key.example", "hmac-sha512")
    assert (made["zones"], made["types"], made["rights"]) == ([ZONE], ["TXT"], ["update"])
    only_txt = [f"zone {ZONE}", f"update add {ZONE} 60 TXT x", f"update add {ZONE} 60 A 192.0.2.1"]
    assert nsupdate(server, made, *only_txt[:2]) == ""
    assert "REFUSED" in nsupdate(server, made, *only_txt)
    file = tmp_path / "secret"
    file.write_text(made["key"] + "\n")
    again = ["key", "add", ACCOUNT, "--kind", "tsig", "--secret-file", str(file)]
    assert server.ddns(*again)["key"] == made["key"]
    twice = server.try_ddns("key", "add", ACCOUNT, "--kind", "tsig", "--name", "a-key.example")
    assert (twice.returncode, "already" in twice.stderr) == (1, True)
    shown = server.try_ddns("key", "add", ACCOUNT, "--kind", "tsig", "--name", "shown")
    lines = shown.stdout.splitlines()
    (bind,) = [line for line in lines if line.startswith('key "shown" { algorithm hmac-sha256;')]
    secret = bind.split('"')[3]
    key_file = tmp_path / "key"
    key_file.write_text(bind + "\n")
    text = (
        f"server 127.0.0.1 {server.dns_port}\nzone {ZONE}\nupdate add {HOST} 60 A 192.0.2.9\nsend\n"
    )
    done = subprocess.run(
        [program("nsupdate"), "-k", str(key_file)],
        input=text,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0
    assert server.answers(HOST) == ["192.0.2.9"]
    files = server.database.parent.glob(f"{server.database.name}*")
    assert secret.encode() not in b"".join(path.read_bytes() for path in files if path.is_file())


def test_what_people_may_not_give(server: Server) -> None:
    for arguments, problem in (
        (["--zone", "example.org"], "no zone example.org"),
        (["--algorithm", "rot13"], "is no algorithm"),
        (["--type", "AXFR"], "AXFR"),
        (["--host", "nobodys.example.net"], "no host"),
    ):
        done = server.try_ddns("key", "add", ACCOUNT, "--kind", "tsig", *arguments)
        assert done.returncode == 1
        assert problem in done.stderr
    done = server.try_ddns("key", "add", ACCOUNT, "--name", "x")
    assert (done.returncode, "tsig" in done.stderr) == (1, True)


def test_a_key_that_is_regenerated(server: Server, host_key: Key) -> None:
    answer = json.loads(server.try_ddns("key", "regenerate", str(host_key["id"]), "--json").stdout)
    lines = [f"zone {ZONE}", f"update add {HOST} 60 A 198.51.100.7"]
    assert "BADSIG" in nsupdate(server, host_key, *lines)
    assert nsupdate(server, answer, *lines) == ""
