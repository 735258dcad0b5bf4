"""A certificate for many names through each door, while routers update their hosts.

    python -m benchmarks.certificates [--names N] [--rounds N]

500 dyndns2 updates a second come over keep-alive HTTP, idle and while lego (through the acme-dns
API certbot, since Debian's lego does not speak it) has Pebble validate the names. The ACME client
and Pebble have a low priority: what is measured is the server.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from functools import partial
from multiprocessing import Event, Pipe, Process
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Event as EventType
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

from benchmarks import peers
from benchmarks.load import HttpRun, Tally
from tests.pebble import Authority, pebble

RATE = 500
HOSTS = 100
ROUTERS = "dyn.example"
AUTH = "auth.example"
IDLE_SECONDS = 10
SETTINGS = f'{peers.UNREACHED}[acme_dns]\nzone = "{AUTH}"\nregistration = "closed"\n'


class Place(NamedTuple):
    """A server, and what clients need to use it."""

    directory: Path
    dns: int
    http: int
    authority: Authority
    names: list[str]

    def ddns(self, *words: str) -> Any:
        """Run the command on the load's core, at a low priority."""
        program = Path(sys.executable).with_name("ddns")
        there = ["taskset", "-c", str(peers.LOAD_CORE), "nice", "-n", "19", str(program)]
        database = f"--database={self.directory / 'ddns.sqlite'}"
        done = subprocess.run([*there, *words, "--json", database], check=True, capture_output=True)
        return json.loads(done.stdout)

    def run(self, command: list[str], environment: Mapping[str, str]) -> None:
        """Run a client of the authority on the load's core."""
        low = ["taskset", "-c", str(peers.LOAD_CORE), "nice", "-n", "19"]
        given = {**os.environ, **environment}
        done = subprocess.run([*low, *command], env=given, capture_output=True, cwd=self.directory)
        if done.returncode:
            raise RuntimeError((done.stdout + done.stderr).decode()[-3000:])

    def lego(self, provider: str, **environment: str) -> None:
        """Have lego get the certificate."""
        with tempfile.TemporaryDirectory(dir=self.directory) as files:
            command = ["lego", "--accept-tos", "--email", "a@example.org", "--path", files]
            command += ["--server", self.authority.directory, "--dns", provider]
            command += ["--dns.disable-cp", "--dns.resolvers", f"127.0.0.1:{self.dns}"]
            for name in self.names:
                command += ["-d", name]
            ca = {"LEGO_CA_CERTIFICATES": str(self.authority.ca)}
            self.run([*command, "run"], {**ca, **environment})


def by_update(place: Place) -> None:
    """DNS UPDATE with TSIG."""
    key = place.ddns("key", "add", "owner", "--kind", "tsig")
    place.lego(
        "rfc2136",
        RFC2136_NAMESERVER=f"127.0.0.1:{place.dns}",
        RFC2136_TSIG_KEY=f"{key['name']}.",
        RFC2136_TSIG_ALGORITHM=f"{key['algorithm']}.",
        RFC2136_TSIG_SECRET=key["key"],
        RFC2136_SEQUENCE_INTERVAL="1",
    )


def by_powerdns(place: Place) -> None:
    """PowerDNS's API."""
    key = place.ddns("key", "add", "owner")["key"]
    place.lego("pdns", PDNS_API_KEY=key, PDNS_API_URL=f"http://127.0.0.1:{place.http}")


def by_httpreq(place: Place) -> None:
    """httpreq."""
    key = place.ddns("key", "add", "owner")["key"]
    url = f"http://127.0.0.1:{place.http}"
    place.lego("httpreq", HTTPREQ_ENDPOINT=url, HTTPREQ_USERNAME="owner", HTTPREQ_PASSWORD=key)


def by_acme_dns(place: Place) -> None:
    """acme-dns's API, with certbot."""
    registrations = {}
    for name in place.names:
        made = place.ddns("acme-dns", "add")
        place.ddns("record", "set", f"_acme-challenge.{name}", "CNAME", f"{made['fulldomain']}.")
        registrations[name] = made
    (place.directory / "registrations.json").write_text(json.dumps(registrations))
    credentials = place.directory / "acmedns.ini"
    credentials.write_text(
        f"dns_acmedns_api_url = http://127.0.0.1:{place.http}/acme-dns\n"
        f"dns_acmedns_registration_file = {place.directory / 'registrations.json'}\n"
    )
    credentials.chmod(0o600)
    with tempfile.TemporaryDirectory(dir=place.directory) as files:
        command = [str(Path(sys.executable).with_name("certbot")), "certonly", "--agree-tos"]
        command += ["--non-interactive", "-m", "a@example.org", "--no-eff-email"]
        command += ["--server", place.authority.directory, "--authenticator", "dns-acmedns"]
        command += ["--dns-acmedns-credentials", str(credentials)]
        command += ["--dns-acmedns-propagation-seconds", "0"]
        for option in ("config", "work", "logs"):
            command += [f"--{option}-dir", f"{files}/{option}"]
        for name in place.names:
            command += ["-d", name]
        place.run(command, {"REQUESTS_CA_BUNDLE": str(place.authority.ca)})


DOORS: dict[str, Callable[[Place], None]] = {
    "DNS UPDATE": by_update,
    "PowerDNS's API": by_powerdns,
    "httpreq": by_httpreq,
    "acme-dns's API": by_acme_dns,
}


def _update(port: int, key: str, ended: EventType, results: Connection) -> None:
    """Update hosts until it has ended, and send what came of it."""
    os.sched_setaffinity(0, {peers.LOAD_CORE})
    hosts = [f"h{number}.{ROUTERS}" for number in range(HOSTS)]
    run = HttpRun(port, "user", key, sys.maxsize, pace=RATE)

    async def until_then() -> Tally:
        running = asyncio.create_task(run.run(hosts, 20))
        await asyncio.get_running_loop().run_in_executor(None, ended.wait)
        run.left = 0
        return await running

    tally = asyncio.run(until_then())
    results.send((tally.rate, tally.answers, tally.percentile(0.5), tally.percentile(0.99)))


def under_updates(place: Place, key: str, what: str, work: Callable[[], None]) -> float:
    """Do some work while hosts are updated; show how that went, and return the 99th percentile of
    their latencies in milliseconds."""
    ended, (mine, theirs) = Event(), Pipe()
    load = Process(target=_update, args=(place.http, key, ended, theirs))
    load.start()
    try:
        work()
    finally:
        ended.set()
        rate, answers, half, most = mine.recv()
        load.join()
    failed = sum(count for word, count in answers.items() if word != "good")
    print(f"{what:20} {rate:6.0f} updates/s, {failed} failed, p50 {half:6.2f} p99 {most:6.2f} ms")
    return float(most)


def main() -> None:
    """Measure each door beside an idle server."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--names", type=int, default=100)
    options.add_argument("--rounds", type=int, default=3)
    args = options.parse_args()
    with tempfile.TemporaryDirectory() as made:
        directory, dns, http = Path(made), peers.free_port(), peers.free_port()
        names = [f"n{number}.{peers.ZONE}" for number in range(args.names)]
        with (
            peers.running(peers.ddns(directory, dns, http, SETTINGS), directory, dns),
            pebble(dns, directory) as authority,
        ):
            place = Place(directory, dns, http, authority, names)
            place.ddns("account", "add", "owner")
            place.ddns("account", "add", "user")
            place.ddns("zone", "add", peers.ZONE, "--account", "owner")
            for origin in (ROUTERS, AUTH):
                place.ddns("zone", "add", origin)
            for number in range(HOSTS):
                place.ddns("host", "add", f"h{number}.{ROUTERS}", "--account", "user")
            key = place.ddns("key", "add", "user")["key"]
            ratios: dict[str, list[float]] = {}
            for _ in range(args.rounds):
                for door, issue in DOORS.items():
                    idle = under_updates(place, key, "idle", partial(time.sleep, IDLE_SECONDS))
                    busy = under_updates(place, key, door, partial(issue, place))
                    ratios.setdefault(door, []).append(busy / idle)
            for door, found in ratios.items():
                print(f"{door:20} p99 to idle {median(found):.2f}")


if __name__ == "__main__":
    main()
