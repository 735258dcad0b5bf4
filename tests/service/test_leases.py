"""Leases (RFC 9664) on a running server."""

from __future__ import annotations

import sqlite3
import struct
import time
from contextlib import closing
from typing import Any

import dns.edns
import dns.message
import dns.query
import dns.rcode
import dns.tsig
import dns.update
import pytest

from tests.conftest import ACCOUNT, HOST, ZONE
from tests.processes import PATIENCE, Server, eventually
from tests.service.watching import sample, scraped

SETTINGS = "[dns]\nlease_min = {least}\nlease_max = 3600\n[abuse]\nchange_interval = 0\n"


class Updating:
    """A server and a key of its zone."""

    def __init__(self, server: Server) -> None:
        self.server = server
        key = server.call("key_add", account=ACCOUNT, kind="tsig", zones=[ZONE])
        self.key = dns.tsig.Key(key["name"], key["key"], key["algorithm"])

    def send(self, option: bytes | None, *added: tuple[str, str], tcp: bool = False) -> Any:
        """Add records; the option of the answer, or its RCODE if that is an error."""
        update = dns.update.UpdateMessage(ZONE)
        for owner, address in added:
            update.add(owner, 60, "A", address)
        if option is not None:
            update.use_edns(0, payload=1232, options=[dns.edns.GenericOption(2, option)])
        update.use_tsig(self.key)
        ask = dns.query.tcp if tcp else dns.query.udp
        answer = ask(update, "127.0.0.1", PATIENCE, self.server.dns_port)
        if answer.rcode():
            assert not answer.options
            return answer.rcode()
        return answer.options[0].to_wire() if answer.options else None


@pytest.fixture
def updating(server: Server) -> Updating:
    server.with_settings(SETTINGS.format(least=2)).with_metrics()
    server.restart()
    return Updating(server)


@pytest.mark.parametrize("tcp", [False, True])
def test_what_is_granted(updating: Updating, tcp: bool) -> None:
    """Within the bounds, which are read again on reload; nothing without the option."""
    for asked, granted in (
        (struct.pack("!I", 600), struct.pack("!I", 600)),
        (struct.pack("!I", 1), struct.pack("!I", 2)),
        (struct.pack("!II", 10**6, 0), struct.pack("!II", 3600, 2)),
        (bytes(5), dns.rcode.FORMERR),
        (None, None),
    ):
        assert updating.send(asked, ("a", "192.0.2.1"), tcp=tcp) == granted
    updating.server.with_settings(SETTINGS.format(least=900))
    assert "dns.lease_min" in updating.server.call("reload")["changed"]
    assert updating.send(struct.pack("!I", 1), ("a", "192.0.2.1")) == struct.pack("!I", 900)


def test_from_the_lease_to_its_end(updating: Updating) -> None:
    """One is renewed, one ends, one stays; over a kill, and an end while nothing runs. The metrics
    tell of it."""
    server = updating.server
    assert updating.send(struct.pack("!I", 3), ("one", "192.0.2.1"), ("two", "192.0.2.2"))
    assert updating.send(None, ("one", "192.0.2.3")) is None
    serial = server.serial(ZONE)
    server.kill()
    server.start()
    assert updating.send(struct.pack("!I", 3600), ("two", "192.0.2.2"))
    eventually(lambda: server.answers(f"one.{ZONE}") == ["192.0.2.3"], "the lease ended")
    assert server.answers(f"two.{ZONE}") == ["192.0.2.2"]
    numbers = scraped(server)
    assert numbers[sample("ddns_leases")] == numbers[sample("ddns_leases_ended_total")] == 1
    assert server.serial(ZONE) == serial + 1
    assert updating.send(struct.pack("!I", 2), ("two", "192.0.2.2"))
    server.kill()
    time.sleep(2.5)
    server.start()
    assert server.answers(f"two.{ZONE}") == []
    assert server.ddns("check")["faults"] == []
    with closing(sqlite3.connect(server.database)) as connection:
        told = connection.execute("select who from journal where via = 'lease'").fetchall()
        assert told == [("server",)] * 2
        assert connection.execute("select count(*) from lease").fetchone() == (0,)


def test_an_update_is_a_word_of_the_host(updating: Updating) -> None:
    """Also one that changes nothing."""
    server = updating.server
    server.ddns("host", "set", HOST, "--expire-after", "30")

    def expires() -> float:
        with closing(sqlite3.connect(server.database)) as connection:
            (found,) = connection.execute("select max(expires) from host").fetchone()
            return float(found)

    first = expires()
    updating.send(None, ("home", "198.51.100.7"))
    assert expires() == first  # nobody writes it again so soon
    assert server.terminate() == 0
    with closing(sqlite3.connect(server.database)) as connection, connection:
        connection.execute("update host set expires = expires - 7200 where expires > 0")
    server.start()
    updating.send(None, ("www", "198.51.100.7"))
    assert expires() == first - 7200
    updating.send(None, ("home", "198.51.100.7"))
    assert expires() > first


def test_a_silent_host(server: Server, login: str) -> None:
    server.update(login, HOST, "198.51.100.7")
    server.ddns("host", "set", HOST, "--expire-after", "30")
    assert "Offline after: 30 days" in server.try_ddns("host", "show", HOST).stdout
    assert server.terminate() == 0
    with closing(sqlite3.connect(server.database)) as connection, connection:
        connection.execute("update host set expires = expires - 31 * 86400 where expires > 0")
    server.start()
    assert server.answers(HOST) == server.stored(HOST) == []
    history = server.call("host_history", name=HOST)["events"]
    assert ("server", "expiry") in {(one["who"], one["via"]) for one in history}
    server.update(login, HOST, "198.51.100.8")
    assert server.answers(HOST) == ["198.51.100.8"]
    server.ddns("host", "set", HOST, "--expire-after", "0")
    assert "expire_after" not in server.ddns("host", "show", HOST)
    refused = server.try_ddns("host", "set", HOST, "--expire-after", "-1", "--json")
    assert refused.returncode != 0
