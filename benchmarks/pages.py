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
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from benchmarks import peers
from benchmarks.latency import Latencies
from benchmarks.load import HttpRun
from benchmarks.queries import questions
from benchmarks.size import fill

PASSWORD = "a password of some length"
HOST = f"h0000000.{peers.ZONE}"
REQUESTS = 200
SETTINGS = f"{peers.UNREACHED}[requests]\nper_host = {REQUESTS}\n[pages]\nrequests_per_minute = 0\n"


class Load:
    """A wrk that asks for one page over four connections, beside something else."""

    def __init__(self, url: str, cookie: str, seconds: int) -> None:
        answer = self._once(url, cookie)
        self.octets = len(answer)
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

    def rate(self) -> float:
        """Wait for the end; return pages a second.

        :raises RuntimeError: if some were refused.
        """
        text, _ = self._process.communicate()
        if "Non-2xx" in text:
            raise RuntimeError(text)
        return float(re.findall(r"Requests/sec: +([\d.]+)", text)[0])


def session(port: int) -> str:
    """Log in as the account of all hosts; return the cookie."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    body = json.dumps({"name": "user", "password": PASSWORD})
    connection.request("POST", "/api/v1/sessions", body, {"Content-Type": "application/json"})
    return f"ddns={json.loads(connection.getresponse().read())['token']}"


@contextmanager
def nsupdate_info(environment: Path, directory: Path, dns_port: int) -> Iterator[tuple[str, str]]:
    """Run nsupdate.info; yield the URL of a host's page, and a session's cookie."""
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
        yield f"http://127.0.0.1:{port}/host/{number}/", f"sessionid={token}"
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

        with peers.running(peers.ddns(directory, port, web, SETTINGS), directory, port):
            command("account", "set-password", "user", "--password-stdin", text_in=f"{PASSWORD}\n")
            key = command("key", "add", "user")["key"]
            asyncio.run(HttpRun(web, "user", key, REQUESTS).run([HOST], 1))
            time.sleep(2)  # until the request log is written
            url, cookie = f"http://127.0.0.1:{web}/hosts/{HOST}", session(web)
            rates, idle, busy, theirs = [], [], [], []
            for _ in range(args.rounds):
                load = Load(url, cookie, args.seconds)
                rates.append(load.rate())
                print(f"pages alone              {rates[-1]:8.0f} a second of {load.octets} octets")
                run = Latencies(port, data, args.seconds, log)
                run.finish()
                idle.append(run.report("queries, idle"))
                run = Latencies(port, data, args.seconds, log)
                rate = Load(url, cookie, args.seconds).rate()
                run.finish()
                busy.append(run.report(f"with {rate:.0f} pages/s"))
            if args.nsupdate:
                with nsupdate_info(args.nsupdate, directory, port) as (url, cookie):
                    for _ in range(args.rounds):
                        load = Load(url, cookie, args.seconds)
                        theirs.append(load.rate())
                        print(f"nsupdate.info            {theirs[-1]:8.1f} a second")
            print(
                f"pages {median(rates):.0f} a second, p99 of queries {median(busy):.3f} ms,"
                f" to idle {median(busy) / median(idle):.2f}"
            )
            if theirs:
                print(
                    f"nsupdate.info {median(theirs):.1f} a second, ours to it"
                    f" {median(rates) / median(theirs):.1f}"
                )


if __name__ == "__main__":
    main()
