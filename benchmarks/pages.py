"""A host's page: how many a second, beside nsupdate.info's, and what they cost DNS queries.

    python -m benchmarks.pages [--hosts N] [--seconds N] [--rounds N] [--nsupdate ENVIRONMENT]

Its host is one of a million, and 200 requests are kept for it. wrk asks for the page with a
session's cookie, dnsperf sends 20,000 queries a second, idle and while pages are served in turn.
ENVIRONMENT is a virtual environment with the packages ``nsupdate``, ``argon2-cffi`` and
``gunicorn``; both servers have one core and one process, and take turns.
"""

from __future__ import annotations

import argparse
import asyncio
import http.client
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import NamedTuple

from benchmarks import peers
from benchmarks.latency import Latencies
from benchmarks.load import HttpRun
from benchmarks.queries import questions
from benchmarks.size import fill

PASSWORD = "a password of some length"
HOST = f"h0000000.{peers.ZONE}"
REQUESTS = 200
SETTINGS = f"{peers.UNREACHED}[requests]\nper_host = {REQUESTS}\n[pages]\nrequests_per_minute = 0\n"


class Pages(NamedTuple):
    """Pages a second, and milliseconds of processor time for one."""

    rate: float
    cost: float

    def __str__(self) -> str:
        return f"{self.rate:8.1f} a second, {self.cost:6.2f} ms of processor time each"


class Load:
    """A wrk that asks the server of a process for one page over four connections, beside something
    else."""

    def __init__(self, server: int, url: str, cookie: str, seconds: int) -> None:
        self._server = server
        answer = self._once(url, cookie)
        self.octets = len(answer)
        self._used = peers.cpu_seconds(server)
        ask = ["wrk", "-t1", "-c4", f"-d{seconds}", "--timeout=30", "-H", f"Cookie: {cookie}", url]
        # At a low priority: what is measured is the servers, not what asks them.
        self._process = subprocess.Popen(
            ["taskset", "-c", str(peers.LOAD_CORE), "nice", "-n", "19", *ask],
            stdout=subprocess.PIPE,
            text=True,
        )

    @staticmethod
    def _once(url: str, cookie: str) -> bytes:
        """The page; anything else would be measured as quickly as it is wrong."""
        host, _, path = url.removeprefix("http://").partition("/")
        connection = http.client.HTTPConnection(host, timeout=30)
        connection.request("GET", f"/{path}", headers={"Cookie": cookie})
        answer = connection.getresponse()
        body = answer.read()
        if answer.status != 200 or HOST.partition(".")[0].encode() not in body:
            raise RuntimeError(f"{url}: {answer.status}")
        return body

    def finish(self) -> Pages:
        """Wait for the end.

        :raises RuntimeError: if some were refused.
        """
        text, _ = self._process.communicate()
        if "Non-2xx" in text:
            raise RuntimeError(text)
        used = peers.cpu_seconds(self._server) - self._used
        number = int(re.findall(r"(\d+) requests in", text)[0])
        rate = float(re.findall(r"Requests/sec: +([\d.]+)", text)[0])
        return Pages(rate, used / number * 1000)


def session(port: int) -> str:
    """Log in as the account of all hosts; return the cookie."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    body = json.dumps({"name": "user", "password": PASSWORD})
    connection.request("POST", "/api/v1/sessions", body, {"Content-Type": "application/json"})
    return f"ddns={json.loads(connection.getresponse().read())['token']}"


@contextmanager
def nsupdate_info(
    environment: Path, directory: Path, dns_port: int
) -> Iterator[tuple[int, str, str]]:
    """Run nsupdate.info; yield its process, the URL of a host's page, and a session's cookie."""
    place, port = directory / "nsupdate.info", peers.free_port()
    place.mkdir()
    program = Path(__file__).with_name("nsupdate_info.py")
    surroundings = {**os.environ, "DNS_PORT": str(dns_port)}
    done = subprocess.run(
        [environment / "bin" / "python", program, HOST],
        cwd=place,
        env=surroundings,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    number, token = done.stdout.split()[-2:]
    command = [environment / "bin" / "gunicorn", "-w", "1", "-b", f"127.0.0.1:{port}"]
    command += ["--pythonpath", str(program.parent), "nsupdate_info:application"]
    with open(place / "log", "wb") as log:
        server = subprocess.Popen(
            ["taskset", "-c", str(peers.SERVER_CORE), *command],
            cwd=place,
            env=surroundings,
            stdout=log,
            stderr=log,
        )
    try:
        _wait_for(port)
        yield server.pid, f"http://127.0.0.1:{port}/host/{number}/", f"sessionid={token}"
    finally:
        server.terminate()
        server.wait()


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
            connection.request("GET", "/")
            connection.getresponse()
            return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def main() -> None:
    """Measure pages alone, pages beside queries, and the peer's pages."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--hosts", type=int, default=1_000_000)
    options.add_argument("--seconds", type=int, default=10)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--nsupdate", type=Path, metavar="ENVIRONMENT")
    args = options.parse_args()
    with tempfile.TemporaryDirectory() as made:
        directory, port, web = Path(made), peers.free_port(), peers.free_port()
        data, log = directory / "queries", directory / "dnsperf.log"
        data.write_text(questions(args.hosts, 100_000))
        fill(directory / "ddns.sqlite", args.hosts)

        def command(*words: str, text_in: str = "") -> dict[str, str]:
            program = Path(sys.executable).with_name("ddns")
            done = subprocess.run(
                [program, *words, "--json", f"--database={directory / 'ddns.sqlite'}"],
                check=True,
                capture_output=True,
                input=text_in,
                text=True,
            )
            return json.loads(done.stdout)  # type: ignore[no-any-return]

        with peers.running(peers.ddns(directory, port, web, SETTINGS), directory, port) as server:
            command("account", "set-password", "user", "--password-stdin", text_in=f"{PASSWORD}\n")
            key = command("key", "add", "user")["key"]
            asyncio.run(HttpRun(web, "user", key, REQUESTS).run([HOST], 1))
            time.sleep(2)  # until the request log is written
            url, cookie = f"http://127.0.0.1:{web}/hosts/{HOST}", session(web)
            ours, idle, busy, theirs = [], [], [], []
            for _ in range(args.rounds):
                load = Load(server.pid, url, cookie, args.seconds)
                ours.append(load.finish())
                print(f"pages alone     {ours[-1]}, of {load.octets} octets")
                run = Latencies(port, data, args.seconds, log)
                run.finish()
                idle.append(run.report("queries, idle"))
                run = Latencies(port, data, args.seconds, log)
                pages = Load(server.pid, url, cookie, args.seconds).finish()
                run.finish()
                busy.append(run.report(f"with {pages.rate:.0f} pages/s"))
            if args.nsupdate:
                with nsupdate_info(args.nsupdate, directory, port) as (peer, url, cookie):
                    for _ in range(args.rounds):
                        theirs.append(Load(peer, url, cookie, args.seconds).finish())
                        print(f"nsupdate.info   {theirs[-1]}")
            print(
                f"pages           {_median(ours)}; p99 of queries {median(busy):.3f} ms, to idle"
                f" {median(busy) / median(idle):.2f}"
            )
            if theirs:
                rate = _median(ours).rate / _median(theirs).rate
                print(f"nsupdate.info   {_median(theirs)}; ours to it {rate:.1f}")


def _median(pages: Sequence[Pages]) -> Pages:
    return Pages(median(one.rate for one in pages), median(one.cost for one in pages))


if __name__ == "__main__":
    main()
