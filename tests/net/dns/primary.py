"""A server with a zone of which its own machine is a secondary, without a process of its own."""

from __future__ import annotations

import base64
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dns.message
import dns.rcode
import dns.tsig

from ddns.model.records import TXT, pack_rdatas
from ddns.model.rows import Row, pack_rows
from ddns.net.dns.transfer_handler import TransferHandler
from ddns.zone.engine import Engine
from ddns.zone.tsig import Signatures, TsigKey
from tests.house import ORIGIN, House, change, house_at, update
from tests.net.dns_fakes import ask, listening, tcp_client, udp_client
from tests.net.reactors import RunningReactor
from tests.zone.transferring import Record, records_of

KEY = dns.tsig.Key("xfr.example.", bytes(32), "hmac-sha256")


class Primary:
    """A house with zone example.net, of which 127.0.0.1 is a secondary, and its DNS listener."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.engine = Engine(house.zones, signatures=Signatures(self._key, lambda: 1000.0))
        self.engine.transfer = TransferHandler(
            house.zones, house.directory, house.store, house.running.reactor
        )
        self.secret = house.fill()
        self.allow("127.0.0.1")
        self.port = 0

    def allow(self, *secondaries: str) -> None:
        self.house.api("zone_set", origin="example.net", secondaries=list(secondaries))

    def _key(self, name: bytes) -> TsigKey | None:
        key = self.house.directory.tsig_key(name)
        return None if key is None else TsigKey(name, "hmac-sha256", KEY.secret)

    def make_key(self, **more: Any) -> None:
        secret = base64.b64encode(KEY.secret).decode()
        self.house.api(
            "key_add", account="alice", kind="tsig", name="xfr.example", secret=secret, **more
        )

    def update(self, last: int) -> None:
        (outcome,) = self.house.update(
            update("alice", self.secret, change("home.example.net", f"192.0.2.{last}"))
        )
        assert outcome.results

    def replace(self, names: int, text: bytes = b"\x01x") -> None:
        """Have that many names with a TXT in the zone instead of what the operator had."""
        found = self.house.on_disk()
        assert found is not None
        rows: list[Row] = [row for row in found[1] if row[0] == ORIGIN]
        rdatas = pack_rdatas([text])
        rows += [(b"\x06%06d" % number + ORIGIN, TXT, 60, rdatas) for number in range(names)]
        self.house.api("zone_import", origin="example.net", stage="s", rows=pack_rows(rows))

    def serial(self) -> int:
        found = self.house.in_memory()
        assert found is not None
        return found[0]

    def records(self) -> set[Record]:
        found: set[Record] = self.house.running.call(
            lambda: records_of(self.house.zones.origins[ORIGIN].rrsets())
        )
        return found

    def client(self, source: str | None = None) -> socket.socket:
        return tcp_client("127.0.0.1", self.port, source)

    def ask(self, asked: dns.message.Message, tcp: bool = True) -> bytes:
        with (tcp_client if tcp else udp_client)("127.0.0.1", self.port) as client:
            if tcp:
                return ask(client, asked.to_wire())
            client.send(asked.to_wire())
            return client.recv(4096)

    def rcode(self, asked: dns.message.Message, tcp: bool = True) -> dns.rcode.Rcode:
        return dns.rcode.Rcode(self.ask(asked, tcp)[3] & 15)

    def refusal(self, asked: dns.message.Message, tcp: bool = True) -> tuple[str, int]:
        """The RCODE, and the extended error (RFC 8914) that EDNS gets besides."""
        bare = dns.message.from_wire(self.ask(asked, tcp), ignore_trailing=False)
        assert not bare.options
        asked.use_edns(0)
        answer = dns.message.from_wire(self.ask(asked, tcp))
        assert answer.rcode() == bare.rcode()
        (error,) = answer.extended_errors()
        return dns.rcode.to_text(answer.rcode()), error.code


@contextmanager
def primary_at(running: RunningReactor, path: Path) -> Iterator[Primary]:
    with house_at(running, path) as house:
        house.load()
        primary = Primary(house)
        with listening(running, primary.engine.respond, "127.0.0.1") as listener:
            primary.port = listener.addresses[0][1]
            yield primary
