"""A challenge below a name that only a wildcard answers for, with a secondary beside us."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import dns.message
import dns.query
import pytest

from tests.conftest import ACCOUNT, ZONE
from tests.name_servers import NameServer, agree
from tests.processes import PATIENCE, Server
from tests.service.test_rfc2136 import Key, nsupdate

FOO = f"foo.{ZONE}"
CHALLENGE = f"_acme-challenge.{FOO}"
DIGEST = "x" * 43


@pytest.fixture
def key(server: Server) -> Key:
    """A key for all of the zone, which has a wildcard."""
    server.call("record_set", owner=f"*.{ZONE}", type="A", rdatas=["192.0.2.1"])
    return server.call("key_add", account=ACCOUNT, kind="tsig", zones=[ZONE])


@pytest.fixture
def secondary(server: Server, tmp_path: Path) -> Iterator[NameServer]:
    server.call("zone_set", origin=ZONE, secondaries=["127.0.0.1"])
    secondary = NameServer("knot", tmp_path / "knot", server.dns_port, [ZONE], None)
    secondary.start()
    yield secondary
    secondary.stop()


def answers(port: int) -> list[tuple[str, list[str]]]:
    """RCODE and records for names at and below the one that is challenged, and beside it."""
    found = []
    for name in (FOO, f"x.{FOO}", f"x.y.{FOO}", f"bar.{ZONE}"):
        for kind in ("A", "TXT"):
            query = dns.message.make_query(name, kind)
            reply = dns.query.udp(query, "127.0.0.1", PATIENCE, port)
            found.append((reply.rcode().name, [str(rrset) for rrset in reply.answer]))
    return found


def test_nobody_else_notices_a_challenge(server: Server, key: Key, secondary: NameServer) -> None:
    """Also after a crash in the middle of it, and with text of several strings at the label which
    no such key may set."""
    before = answers(server.dns_port)
    assert before[0] == ("NOERROR", [f"{FOO}. 3600 IN A 192.0.2.1"])
    assert nsupdate(server, key, f"update add {CHALLENGE} 60 TXT {DIGEST}") == ""
    server.kill()
    server.start()
    assert server.ddns("check")["faults"] == []
    assert server.answers(CHALLENGE, "TXT") == [f'"{DIGEST}"']
    for port in (server.dns_port, secondary.port):
        secondary.follows_to(ZONE, server.serial(ZONE))
        assert answers(port) == before
    persist = f'update add _validation-persist.{FOO} 60 TXT "{"a" * 255}" "b"'
    assert "REFUSED" in nsupdate(server, key, persist)
    assert nsupdate(server, key, f"update delete {CHALLENGE} TXT {DIGEST}") == ""
    secondary.follows_to(ZONE, server.serial(ZONE))
    assert answers(server.dns_port) == before
    agree(server, secondary, ZONE)
    listed = server.call("record_list", origin=ZONE, search="foo")
    assert listed["records"] == []
