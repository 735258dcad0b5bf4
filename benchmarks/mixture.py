"""All that a server has to do in a long life, a little of each, all the time.

Each activity has a thread and a pace of its own. What it asks for must succeed, or be refused
where a client is one of the bad ones; anything else is a failure.
"""

from __future__ import annotations

import http.client
import random
import socket
import struct
from collections.abc import Callable, Iterator
from functools import partial
from itertools import count
from urllib.parse import urlencode

from benchmarks.activity import Activity
from ddns.cli.client import HttpClient, SocketClient
from ddns.system.files import socket_path
from tests.conftest import ACCOUNT, ZONE
from tests.processes import Server, basic
from tests.service.dialects import UPDATES, Secrets, keys

PASSWORD = "a password of some length"
IMPORTED = "imported.example"
PESTS = "pests"
"""The account of abusive clients, which is blocked again and again."""

HOSTS = 200
GHOSTS, TRIES = 20, 10
"""Strangers: each has a name, a wrong password and a network, and comes so often before the next
one does, as a router would that has an old password. Only the first try costs argon2."""

GUESTS = 50  # names of accounts that come and go
NAMES, NETWORKS = 5000, 1200
"""More of each than the server's tables hold."""

TIMEOUT = 30.0


def settings(turn: int) -> str:
    """Bounded tables are small, so that they are full before anything is judged; what changes with
    every *turn* is of no consequence."""
    return f"""
[dns.rate_limit]
responses_per_second = 10000000
table_size = 1024
[http]
idle_time = {60 + turn % 2}
[abuse]
change_burst = 20
change_interval = 0.2
refusals = 30
[requests]
per_host = {3 + turn % 2}
failed_per_host = 2
rows = 2000
[store]
journal_rows = 2000
[api]
calls_per_minute = 1000000
[registration]
quarantine_days = 0.0001
"""


class Mixture:
    """Activities for a server that runs; *updates* is how many there are to be in a second."""

    def __init__(self, server: Server, updates: float) -> None:
        self.server = server
        self._prepare()
        ways = {**UPDATES, "record_set": self._record_set}
        each = len(ways) / updates
        self.updates = [
            Activity(f"updates, {way}", each, partial(self._update, update, count()))
            for way, update in ways.items()
        ]
        self.query = Activity("queries, one by one", 0.1, self._query)
        self.activities = [
            *self.updates,
            self.query,
            Activity("wrong passwords", 1.0, partial(self._ghost, count())),
            Activity("unknown hosts", 1.0, self._unknown_host),
            Activity("pests", 0.1, self._pest),
            Activity("blocks lifted", 20.0, self._lift),
            Activity("connections dropped", 0.1, self._drop),
            Activity("hosts come and go", 1.0, self._host_comes_and_goes),
            Activity(
                "accounts that come and go", 2.0, partial(self._account_comes_and_goes, count())
            ),
            Activity("logins", 2.0, self._log_in),
            Activity("reloads", 5.0, partial(self._reload, count(1))),
            Activity("imports", 10.0, partial(self._import, count())),
            Activity("exports", 10.0, self._export),
            Activity("backups", 10.0, self._back_up),
        ]

    def _prepare(self) -> None:
        server = self.server
        server.call("zone_add", origin=ZONE)
        server.call("account_add", name=ACCOUNT, password=PASSWORD)
        server.call("account_add", name=PESTS)
        self.secrets = keys(server)
        self._pests_key = server.call("key_add", account=PESTS)["key"]
        first = [{"type": "A", "rdata": "192.0.2.1"}]  # activates it for DonDNS
        for host in [_host(number) for number in range(HOSTS)]:
            server.call("host_add", name=host, account=ACCOUNT, records=first)
        server.call("host_add", name=f"pest.{ZONE}", account=PESTS)
        self._fill_caches()

    def _fill_caches(self) -> None:
        """Names and addresses that the server has seen lately, which in a quiet life takes it an
        hour."""
        login = f"{ACCOUNT}:{self.secrets.update}"
        for first in range(0, NAMES, 20):
            hosts = ",".join(f"u{number}.{ZONE}" for number in range(first, first + 20))
            reply = self.server.update(login, hosts, "192.0.2.5")
            _expect(reply.body == "nohost\n" * 20, reply.body)
        for number in range(NETWORKS):
            connect(self.server.miniupdate_port, number).close()

    def time_for(self, name: str, seconds: float) -> bool:
        """Return whether an activity must have been done within so long."""
        periods = {one.name: one.period for one in self.activities}
        return seconds > 2 * periods.get(name, 0.0)

    def questions(self) -> str:
        """For dnsperf: what is there, what is not, what is elsewhere."""
        chance = random.Random(1)
        lines = []
        for _ in range(10_000):
            known = _host(chance.randrange(HOSTS))
            made_up = f"x{chance.getrandbits(64):x}"
            lines += [f"{known} A", f"{known} AAAA", f"{known} ANY", f"{ZONE} SOA"]
            lines += [f"{known} A", f"{made_up}.{ZONE} A", f"{made_up}.elsewhere.example A"]
        return "\n".join(lines) + "\n"

    # Those who must succeed --------------------------------------------------------------------

    def _update(self, update: Callable[..., tuple[bool, str]], turn: Iterator[int]) -> None:
        number = next(turn)
        host = _host(number % HOSTS)
        done, said = update(self.server, self.secrets, _address(random.getrandbits(22)), host)
        _expect(done, said)

    @staticmethod
    def _record_set(server: Server, secrets: Secrets, address: str, host: str) -> tuple[bool, str]:
        answer = server.call("record_set", owner=host, type="A", rdatas=[address])
        return answer["rdatas"] == [address], str(answer)

    def _query(self) -> None:
        host = _host(random.randrange(HOSTS))
        tcp = random.random() < 0.3
        answer = self.server.ask(host, tcp=tcp, timeout=TIMEOUT)
        _expect(len(answer.answer) == 1, str(answer))

    def _host_comes_and_goes(self) -> None:
        server, host = self.server, f"g{random.getrandbits(40):x}.{ZONE}"
        server.call("host_add", name=host, account=ACCOUNT)
        reply = server.update(f"{ACCOUNT}:{self.secrets.update}", host, "192.0.2.2")
        _expect(reply.body == "good 192.0.2.2\n", reply.body)
        _expect(server.answers(host) == ["192.0.2.2"], "DNS does not answer what was promised")
        server.call("host_remove", name=host)
        _expect(server.answers(host) == [], "DNS answers for a host that has gone")

    def _account_comes_and_goes(self, turn: Iterator[int]) -> None:
        server, account = self.server, f"guest{next(turn) % GUESTS}"
        host = f"{account}.{ZONE}"
        server.call("account_add", name=account)
        key = server.call("key_add", account=account, kind="dondns")["key"]
        first = [{"type": "A", "rdata": "192.0.2.1"}]  # activates it
        server.call("host_add", name=host, account=account, records=first)
        path = "/plain/?" + urlencode({"user": account, "apikey": key, "host": host})
        reply = server.get(path + "&ip=192.0.2.3")
        _expect(reply.body.startswith("OK\n"), reply.body)
        server.call("host_remove", name=host)
        server.call("account_remove", name=account)
        reply = server.get(path + "&ip=192.0.2.4")
        _expect(not reply.body.startswith("OK\n"), reply.body)

    def _log_in(self) -> None:
        """Half of them never log out."""
        connection = http.client.HTTPConnection("127.0.0.1", self.server.http_port, timeout=TIMEOUT)
        try:
            token = HttpClient(connection, "/api").call("log_in", name=ACCOUNT, password=PASSWORD)
            headers = {"Authorization": f"Bearer {token['token']}"}
            person = HttpClient(connection, "/api", headers)
            host = _host(random.randrange(HOSTS))
            person.call("host_show", name=host)
            person.call("host_history", name=host)
            if random.random() < 0.5:
                person.call("log_out")
        finally:
            connection.close()

    # The operator ------------------------------------------------------------------------------

    def _reload(self, turn: Iterator[int]) -> None:
        self.server.config.write_text(settings(next(turn)))
        answer = self.server.call("reload")
        _expect(len(answer["changed"]) == 2, str(answer))

    def _import(self, turn: Iterator[int]) -> None:
        """Add, replace and remove a zone."""
        first, path = next(turn), self.server.folder / "zone"
        lines = [f"$ORIGIN {IMPORTED}.", "$TTL 300"]
        lines += ["@ IN SOA ns1 hostmaster 1 3600 600 1209600 10", "@ IN NS ns1"]
        lines += [f"r{number} IN A {_address(first + number)}" for number in range(3000)]
        for added in ("ns1 IN A 192.0.2.1", "ns1 IN A 192.0.2.2"):
            path.write_text("\n".join([*lines, added]) + "\n")
            self.server.ddns("zone", "import", str(path))
            answers = self.server.answers(f"r5.{IMPORTED}")
            _expect(answers == [_address(first + 5)], f"not what was imported: {answers}")
        self.server.call("zone_remove", origin=IMPORTED)

    def _export(self) -> None:
        """Export a zone to its end, or abort in the middle."""
        client = SocketClient(socket_path(self.server.database))
        rows = client.rows(ZONE)
        first = next(rows)
        if random.random() < 0.5:
            _expect(len(list(rows)) >= HOSTS, f"only a part is exported after {first}")

    def _back_up(self) -> None:
        answer = self.server.call("backup", file=str(self.server.folder / "copy"), force=True)
        _expect(answer["zones"] >= 1, str(answer))
        _expect(self.server.call("check")["faults"] == [], "the check finds something")

    def _lift(self) -> None:
        """The pests are blocked after a few seconds."""
        self.server.call("account_unblock", name=PESTS)

    # Those who fail ----------------------------------------------------------------------------

    def _ghost(self, turn: Iterator[int]) -> None:
        number = next(turn) // TRIES % GHOSTS
        user = ACCOUNT if number % 2 else f"ghost{number}"
        connection = http.client.HTTPConnection(
            "127.0.0.1",
            self.server.http_port,
            timeout=TIMEOUT,
            source_address=(f"127.9.{number}.1", 0),
        )
        try:
            headers = {"User-Agent": "ghost/1", "Authorization": basic(f"{user}:wrong{number}")}
            connection.request("GET", f"/nic/update?hostname={_host(number)}", headers=headers)
            said = connection.getresponse().read()
        finally:
            connection.close()
        _expect(said == b"badauth\n", repr(said))

    def _unknown_host(self) -> None:
        host = f"u{random.getrandbits(40):x}.{ZONE}"
        reply = self.server.update(f"{ACCOUNT}:{self.secrets.update}", host, "192.0.2.5")
        _expect(reply.body == "nohost\n", reply.body)

    def _pest(self) -> None:
        path = {"opcode": "ADD", "host": f"pest.{ZONE}", "ip": _address(random.getrandbits(22))}
        who = {"username": PESTS, "password": self._pests_key}
        for _ in range(3):
            reply = self.server.get("/areg.php?" + urlencode({**path, **who}))
            _expect(reply.status in (200, 503), reply.body)

    def _drop(self) -> None:
        """Open and abort a connection, in one of several ways."""
        server = self.server
        port, begun = random.choice(
            [
                (server.http_port, b"GET /nic/update?hostname="),
                (server.http_port, b"POST /api/v1/sessions HTTP/1.1\r\nContent-Length: 9\r\n\r\n{"),
                (server.miniupdate_port, b"AGENT x"),
                (server.miniupdate_port, b"AGENT soak/1\nLOGIN alice digest-md5-text\n"),
                (server.dns_port, b"\0\x20abc"),
                (server.dns_port, b""),
            ]
        )
        with connect(port, random.randrange(NETWORKS)) as dropped:
            dropped.sendall(begun)
            if random.random() < 0.5:  # with a reset
                dropped.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def connect(port: int, network: int) -> socket.socket:
    """A connection from a network of that number."""
    source = f"127.{10 + network // 256}.{network % 256}.1"
    return socket.create_connection(("127.0.0.1", port), TIMEOUT, (source, 0))


def _host(number: int) -> str:
    return f"h{number}.{ZONE}"


def _address(number: int) -> str:
    return f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"


def _expect(true: bool, said: str) -> None:
    if not true:
        raise RuntimeError(said)
