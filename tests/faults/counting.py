"""Clients that count upwards in their hosts' addresses, by every way to change something, so that
what is lost or out of order can be seen."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import dns.exception

from ddns.cli.client import CallFailed, NoServer
from ddns.model import names, records
from ddns.model.records import NS, SOA, A
from ddns.model.rows import Row, pack_rows
from tests.conftest import ACCOUNT, ZONE
from tests.processes import Server, get_with, update_path
from tests.programs import PATIENCE
from tests.service.dialects import UPDATES, keys

IMPORTED = "imported.example"
"""A zone that is replaced again and again."""

SETTINGS = """
[dns.rate_limit]
responses_per_second = 0
[abuse]
change_interval = 0
"""

Told = Callable[[Server, str], tuple[bool, str]]
"""Has the server set an address; whether it says that it is done, and all that it says."""

GONE = (OSError, http.client.HTTPException, NoServer)
"""What a client hears of a server that was killed."""

CUT_OFF = ("the server went away", "the server's answer ends early")
"""The same from a client of the API."""


def address_of(number: int) -> str:
    return f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"


def number_of(rdata: bytes) -> int:
    return int.from_bytes(rdata[1:], "big")


@dataclass
class Counter:
    """A client that gives all of its hosts the next number in one go; what it knows outlives the
    server. It may be cut off, but never refused, not even by a server that is about to stop."""

    way: str
    hosts: tuple[str, ...]
    update: Told
    pause: float = 0.0
    attempted: int = 0
    acknowledged: list[int] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    def work(self, server: Server, over: threading.Event) -> None:
        """Update for as long as there is a server."""
        while not over.wait(self.pause):
            self.attempted += 1
            address = address_of(self.attempted)
            try:
                done, said = self.update(server, address)
            except GONE:
                over.wait(0.01)
                continue
            except CallFailed as failed:
                if str(failed).startswith(CUT_OFF):
                    over.wait(0.01)
                    continue
                done, said = False, str(failed)
            except Exception as error:
                done, said = False, repr(error)
            if done:
                self.acknowledged.append(self.attempted)
            elif said:  # a line-based client reads nothing when the server has gone
                self.failures.append(f"{self.way}, {address}: {said}")


class KeepingAlive:
    """dyndns2 on a connection that stays for as long as it works."""

    def __init__(self, host: str, login: str) -> None:
        self._host, self._login = host, login
        self._connection: http.client.HTTPConnection | None = None

    def __call__(self, server: Server, address: str) -> tuple[bool, str]:
        if self._connection is None:
            self._connection = http.client.HTTPConnection(
                "127.0.0.1", server.http_port, timeout=PATIENCE
            )
        try:
            reply = get_with(self._connection, update_path(self._host, address), self._login)
        except BaseException:
            self._connection.close()
            self._connection = None
            raise
        return reply.body == f"good {address}\n", reply.body


def several(
    server: Server, address: str, *, path: str, hosts: tuple[str, ...], login: str
) -> tuple[bool, str]:
    """One request for several hosts."""
    reply = server.get(f"{path}?hostname={','.join(hosts)}&myip={address}", login=login)
    return reply.body == f"good {address}\n" * len(hosts), reply.body


def record_set(server: Server, address: str, *, owner: str) -> tuple[bool, str]:
    """The API on the control socket."""
    answer = server.call("record_set", owner=owner, type="A", rdatas=[address])
    return answer["rdatas"] == [address], str(answer)


def zone_import(server: Server, address: str, *, hosts: tuple[str, ...]) -> tuple[bool, str]:
    """A whole zone in two parts, all of its hosts at the same address."""
    packed = records.pack_rdatas((records.address_from_text(address) or b"",))
    rows = [(names.from_text(host), A, 300, packed) for host in hosts]
    send = partial(server.call, "zone_import", origin=IMPORTED, stage=address)
    send(rows=pack_rows([*FRAME, *rows[::2]]), part=0, last=False)
    answer = send(rows=pack_rows(rows[1::2]), part=1, last=True)
    return answer.get("origin") == IMPORTED, str(answer)


def _frame() -> list[Row]:
    origin = names.from_text(IMPORTED)
    given = {SOA: f"ns1.{IMPORTED}. hostmaster.{IMPORTED}. 0 3600 600 1209600 10"}
    given[NS] = f"ns1.{IMPORTED}."
    return [
        (origin, number, 300, records.pack_rdatas((records.rdata_from_text(number, text),)))
        for number, text in given.items()
    ]


FRAME = _frame()
"""What every zone needs."""


def counters(server: Server) -> list[Counter]:
    """One client for each way, on a server that runs and has nothing yet."""
    server.call("zone_add", origin=ZONE)
    server.call("account_add", name=ACCOUNT)
    secrets = keys(server)
    login = f"{ACCOUNT}:{secrets.update}"
    made: list[Counter] = []

    def hosts(count: int) -> tuple[str, ...]:
        given = tuple(f"k{len(made)}-{number}.{ZONE}" for number in range(count))
        first = [{"type": "A", "rdata": address_of(0)}]  # activates it for DonDNS
        for host in given:
            server.call("host_add", name=host, account=ACCOUNT, records=first)
        return given

    for way, update in UPDATES.items():
        (host,) = hosts(1)

        def told(
            server: Server, address: str, update: object = update, host: str = host
        ) -> tuple[bool, str]:
            return update(server, secrets, address, host)  # type: ignore[operator]

        made.append(Counter(way, (host,), told))
    (host,) = hosts(1)
    made.append(Counter("dyndns2, kept alive", (host,), KeepingAlive(host, login)))
    for way, path in (("dyndns2", "/nic/update"), ("SecuritySpace", "/dns/dynamic.html")):
        group = hosts(4)
        told_several = partial(several, path=path, hosts=group, login=login)
        made.append(Counter(f"{way}, 4 hosts", group, told_several))
    (host,) = hosts(1)
    made.append(Counter("API, record_set", (host,), partial(record_set, owner=host)))
    group = tuple(f"r{number}.{IMPORTED}" for number in range(20))
    assert zone_import(server, address_of(0), hosts=group)[0]
    made.append(Counter("API, zone_import", group, partial(zone_import, hosts=group), pause=0.05))
    return made


class SerialWatcher:
    """Asks DNS for the serials of zones as long as there is an answer."""

    def __init__(self, *origins: str) -> None:
        self.highest = dict.fromkeys(origins, 0)
        self.failures: list[str] = []

    def work(self, server: Server, over: threading.Event) -> None:
        while not over.wait(0.005):
            try:
                self.look(server, timeout=0.2)
            except (OSError, dns.exception.Timeout):  # the server is gone
                over.wait(0.01)

    def look(self, server: Server, timeout: float = PATIENCE) -> None:
        for origin, highest in self.highest.items():
            serial = server.serial(origin, timeout=timeout)
            if serial < highest:
                self.failures.append(f"{origin}: serial {serial} after {highest}")
            self.highest[origin] = max(highest, serial)
