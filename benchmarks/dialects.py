"""The cost of an update through each HTTP dialect, as a ratio to dyndns2's.

python -m benchmarks.dialects [--requests N] [--rounds N]

All dialects update the same hosts of one server, each beside dyndns2 and one after the other, in
another order each round; every update is a change. GnuDIP, which asks twice for one update, and
miniupdate, whose sessions are of many lines, are left out.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import random
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks import peers
from benchmarks.load import HttpRun, Tally, addresses
from benchmarks.updates import HOST_NAMES, IN_FLIGHT, filled
from ddns.cli.client import SocketClient
from ddns.system.files import socket_path

HOSTS = HOST_NAMES[:IN_FLIGHT]
USUAL = "dyndns2"


@dataclass(frozen=True)
class Dialect:
    """How to update a host by it: the target of a request, and what the answer to a success has.

    In ``target`` and ``document``, the body of a POST, there are places for host, address, key,
    DonDNS key and the key of the host. With ``login`` user and key are in a Basic header.
    """

    target: str
    success: bytes
    login: bool = False
    document: str = ""
    agent: str = "benchmark/1"


DIALECTS = {
    "dyndns2": Dialect("/nic/update?hostname={host}&myip={address}", b"good", login=True),
    "dyndns2, POST": Dialect(
        "/nic/update", b"good", login=True, document="hostname={host}&myip={address}"
    ),
    "securityspace": Dialect(
        "/dns/dynamic.html?hostname={host}&myip={address}", b"good", login=True
    ),
    "minidns": Dialect(
        "/areg.php?opcode=ADD&host={host}&username=user&password={key}&ip={address}", b"okay."
    ),
    "dondns, JSON": Dialect("/json/?user=user&apikey={dondns}&host={host}&ip={address}", b": true"),
    "dondns, XML": Dialect("/xml/?user=user&apikey={dondns}&host={host}&ip={address}", b'="1"'),
    "dondns, plain": Dialect("/plain/?user=user&apikey={dondns}&host={host}&ip={address}", b"OK"),
    "duckdns": Dialect("/update?domains={host}&token={key}&ip={address}", b"OK"),
    "duckdns, path": Dialect("/update/{host}/{key}/{address}", b"OK"),
    "he": Dialect("/nic/update?hostname={host}&password={key}&myip={address}", b"good"),
    "desec": Dialect("/update?hostname={host}&myip={address}", b"good", login=True),
    "desec, /": Dialect("/?hostname={host}&myip={address}", b"good", login=True),
    "freemyip": Dialect("/update?token={key}&domain={host}&myip={address}", b"OK"),
    "namecheap": Dialect(
        "/update?host=@&domain={host}&password={key}&ip={address}", b"<ErrCount>0"
    ),
    "regfish": Dialect("/?fqdn={host}&token={key}&ipv4={address}", b"success"),
    "freedns": Dialect("/u/{host_key}/?address={address}", b"Updated"),
    "freedns, query": Dialect("/dynamic/update.php?{host_key}&address={address}", b"Updated"),
    "dynv6": Dialect("/api/update?zone={host}&token={key}&ipv4={address}", b"addresses updated"),
    "dyndns1": Dialect("/nic/dyndns?host_id={host}&myip={address}", b"NOERROR", login=True),
    "easydns": Dialect("/dyn/generic.php?hostname={host}&myip={address}", b"NOERROR", login=True),
    "zoneedit": Dialect("/auth/dynamic.html?host={host}&dnsto={address}", b"SUCCESS", login=True),
    "changeip": Dialect(
        "/nic/update?hostname={host}&ip={address}", b"Successful", login=True, agent="ddclient/3"
    ),
    "ipv64": Dialect("/nic/update?domain={host}&key={key}&ip={address}", b"good"),
    "dnsexit": Dialect(
        "/RemoteUpdate.sv?login=user&password={key}&host={host}&myip={address}", b"0=Success"
    ),
    "dnsexit2": Dialect(
        "/dns/",
        b'"code":0,',
        document='{{"apikey":"{key}","domain":"{host}","update":[{{"type":"A","name":"{host}",'
        '"content":"{address}"}}]}}',
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Keys:
    """What requests log in with; ``hosts`` are the keys of single hosts."""

    update: str
    dondns: str
    hosts: dict[str, str]


class DialectRun(HttpRun):
    """Updates by one dialect."""

    def __init__(self, port: int, dialect: Dialect, keys: Keys, requests: int) -> None:
        super().__init__(port, "user", keys.update, requests)
        self._dialect = dialect
        self._keys = keys

    def request(self, host: str, address: str) -> bytes:
        """Return the request that updates a host."""
        dialect, keys = self._dialect, self._keys
        told = {"host": host, "address": address, "key": keys.update, "dondns": keys.dondns}
        told["host_key"] = keys.hosts[host]
        body = dialect.document.format(**told).encode()
        head = [
            f"{'POST' if body else 'GET'} {dialect.target.format(**told)} HTTP/1.1",
            "Host: x",
            f"User-Agent: {dialect.agent}",
            *([f"Authorization: {self.authorization}"] if dialect.login else []),
            *([f"Content-Length: {len(body)}"] if body else []),
        ]
        return "\r\n".join([*head, "", ""]).encode() + body

    def word(self, answer: bytes) -> str:
        """Return what an answer counts as."""
        return "success" if self._dialect.success in answer else answer.decode()


def processor(pid: int) -> float:
    """Processor time of a process in seconds, to the nanosecond: that of its present threads."""
    total = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(OSError):  # it has ended
            total += int((task / "schedstat").read_text().split()[0])
    return total / 1e9


@dataclass(frozen=True)
class Cost:
    """What an update has cost the server in microseconds of processor time, and how long half of
    the clients waited at most, in milliseconds."""

    processor: float
    latency: float


Pair = tuple[Cost, Cost]
"""What an update costs by a dialect, and what it cost by dyndns2 beside it."""


class Server:
    """A server with hosts, and what its clients log in with."""

    def __init__(self, database: Path, port: int, pid: int) -> None:
        api = SocketClient(socket_path(database))

        def key(**given: object) -> str:
            return str(api.call("key_add", account="user", **given)["key"])

        of_hosts = {host: key(hosts=[host]) for host in HOSTS}
        self._keys = Keys(key(), key(kind="dondns"), of_hosts)
        self._port = port
        self._pid = pid
        self._addresses = addresses()

    def cost(self, name: str, requests: int) -> Cost:
        """Make so many updates by a dialect, each of which must be a success."""
        run = DialectRun(self._port, DIALECTS[name], self._keys, requests)
        run.addresses = self._addresses
        before = processor(self._pid)
        tally: Tally = asyncio.run(run.run(HOSTS, IN_FLIGHT))
        spent = processor(self._pid) - before
        if tally.answers != {"success": requests}:
            raise RuntimeError(f"{name} was answered {tally.answers}")
        return Cost(spent / requests * 1e6, tally.percentile(0.5))

    def pair(self, name: str, requests: int) -> Pair:
        """Return the cost of a dialect beside dyndns2's, in either order."""
        if random.random() < 0.5:
            return self.cost(name, requests), self.cost(USUAL, requests)
        usual = self.cost(USUAL, requests)
        return self.cost(name, requests), usual


def measure(requests: int, rounds: int) -> dict[str, list[Pair]]:
    """Return the costs of each dialect, a pair a round, in another order each."""
    found: dict[str, list[Pair]] = {name: [] for name in DIALECTS}
    with filled() as (database, _, http, pid):
        server = Server(database, http, pid)
        for name in DIALECTS:  # the first, dyndns2, sets the addresses that others want to find
            server.cost(name, IN_FLIGHT)
        for _ in range(rounds):
            for name in random.sample(list(DIALECTS), len(DIALECTS)):
                found[name].append(server.pair(name, requests))
    return found


def main() -> None:
    """Print medians of the rounds, and of their ratios."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--requests", type=int, default=100)
    options.add_argument("--rounds", type=int, default=25)
    args = options.parse_args()
    os.sched_setaffinity(0, {peers.LOAD_CORE})
    print(
        f"{'dialect':16} {'µs an update':>12} {'to dyndns2':>10} {'p50 ms':>7} {'to dyndns2':>10}"
    )
    for name, pairs in measure(args.requests, args.rounds).items():
        print(
            f"{name:16} {median(one.processor for one, _ in pairs):12.0f}"
            f" {median(one.processor / usual.processor for one, usual in pairs):10.2f}"
            f" {median(one.latency for one, _ in pairs):7.1f}"
            f" {median(one.latency / usual.latency for one, usual in pairs):10.2f}"
        )


if __name__ == "__main__":
    main()
