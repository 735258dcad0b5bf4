"""DNS over TLS, with the certificate of HTTPS."""

from __future__ import annotations

import socket
import ssl
import subprocess
from pathlib import Path

import dns.message
import dns.query
import dns.rcode
import dns.tsig
import dns.update
import pytest

from tests import certificates
from tests.conftest import ACCOUNT, HOST, ZONE, Launch
from tests.processes import PATIENCE, Server, free_port
from tests.programs import program


class Dot:
    """A server with DNS over TLS, and what its clients need."""

    def __init__(self, server: Server, port: int, ca: Path) -> None:
        self.server, self.port, self.ca = server, port, ca

    def context(self) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=str(self.ca))
        context.set_alpn_protocols(["dot"])
        return context

    def ask(self, message: dns.message.Message) -> dns.message.Message:
        return dns.query.tls(
            message,
            "127.0.0.1",
            port=self.port,
            timeout=PATIENCE,
            ssl_context=self.context(),
            server_hostname="localhost",
        )


@pytest.fixture
def dot(make_server: Launch, tmp_path: Path) -> Dot:
    pair = certificates.make(tmp_path)
    port = free_port()
    server = make_server(
        "--dot",
        f"tcp:{port}:interface=127.0.0.1",
        "--certificate",
        str(pair.certificate),
        "--private-key",
        str(pair.private_key),
    ).start()
    server.call("zone_add", origin=ZONE)
    server.call("account_add", name=ACCOUNT)
    server.call("host_add", name=HOST, account=ACCOUNT)
    return Dot(server, port, pair.certificate)


def test_queries_and_updates(dot: Dot) -> None:
    key = dot.server.call("key_add", account=ACCOUNT, kind="tsig", hosts=[HOST])
    update = dns.update.UpdateMessage(ZONE)
    update.add("home", 60, "A", "198.51.100.7")
    update.use_tsig(dns.tsig.Key(key["name"], key["key"], key["algorithm"]))
    assert dot.ask(update).rcode() == dns.rcode.NOERROR
    (answer,) = dot.ask(dns.message.make_query(HOST, "A")).answer
    assert str(answer[0]) == "198.51.100.7"
    assert "DNS over TLS on 127.0.0.1" in dot.server.log


def test_kdig(dot: Dot) -> None:
    command = [program("kdig"), "@127.0.0.1", "-p", str(dot.port), f"+tls-ca={dot.ca}"]
    done = subprocess.run(
        [*command, "+tls-hostname=localhost", "+short", ZONE, "NS"],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, f"ns1.{ZONE}.\n"), done.stderr


def test_secondaries_find_what_they_insist_on(dot: Dot) -> None:
    """RFC 9103 7.1."""
    with (
        socket.create_connection(("127.0.0.1", dot.port), PATIENCE) as plain,
        dot.context().wrap_socket(plain, server_hostname="localhost") as secured,
    ):
        assert secured.selected_alpn_protocol() == "dot"
        wire = dns.message.make_query(ZONE, "SOA").to_wire()
        for _ in range(3):  # on one connection
            secured.sendall(len(wire).to_bytes(2, "big") + wire)
            size = int.from_bytes(secured.recv(2), "big")
            assert size
            left = size
            while left:
                left -= len(secured.recv(left))


def test_what_is_not_tls_is_not_answered(dot: Dot) -> None:
    wire = dns.message.make_query(ZONE, "SOA").to_wire()
    with socket.create_connection(("127.0.0.1", dot.port), PATIENCE) as plain:
        plain.settimeout(PATIENCE)
        plain.sendall(len(wire).to_bytes(2, "big") + wire)
        said = b""
        try:
            while octets := plain.recv(1000):
                said += octets
        except ConnectionResetError:
            pass
        assert wire[:2] not in said
    assert dot.ask(dns.message.make_query(ZONE, "SOA")).answer


def test_without_a_certificate(make_server: Launch) -> None:
    server = make_server("--dot", "tcp:0:interface=127.0.0.1")
    server.spawn()
    assert server.process is not None
    assert server.process.wait(PATIENCE) != 0
    assert (
        "https.certificate or https.acme.directory: expected one of them, since dot.listen is set"
        in server.log
    )
