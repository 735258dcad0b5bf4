"""A server in a process of its own, as people run it: ``twistd -n ddns`` on free ports."""

from __future__ import annotations

import base64
import http.client
import itertools
import json
import os
import random
import signal
import socket
import sqlite3
import subprocess
import time
import tomllib
import unittest.mock
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import dns.exception
import dns.message
import dns.query
import dns.rdatatype

from ddns.cli.client import CallFailed, NoServer, SocketClient
from ddns.cli.main import main
from ddns.system.files import socket_path
from tests.forked import Forked, run_forked
from tests.programs import PATIENCE, program, run, script

Json = dict[str, Any]

ZONE = "example.net"


def eventually(true: Callable[[], Any], what: str, within: float = PATIENCE) -> Any:
    """The first true value of a function, asked again and again."""
    until = time.monotonic() + within
    while not (value := true()):
        assert time.monotonic() < until, f"it never came true: {what}"
        time.sleep(0.01)
    return value


PORTS, SLICES = range(10_000, 32_000), 8
"""Ports below those that the system gives to outgoing connections, so that a port stays free while
its server restarts, and how many workers of one run share them out. What one of them has chosen is
not bound at once, so another might choose it as well."""

_worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % SLICES
_mine = PORTS[_worker::SLICES]
_next = itertools.count(random.randrange(len(_mine)))


def free_port(host: str = "127.0.0.1") -> int:
    """A port free for UDP and TCP, which no other test of this run gets meanwhile."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for _ in range(100):
        port = _mine[next(_next) % len(_mine)]
        if can_bind(host, port, family):
            return port
    raise AssertionError("no free port found")


def can_bind(host: str, port: int, family: int = socket.AF_INET) -> bool:
    """Whether nobody has this port, over UDP or over TCP."""
    with (
        socket.socket(family, socket.SOCK_DGRAM) as udp,
        socket.socket(family, socket.SOCK_STREAM) as tcp,
    ):
        tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as servers do
        try:
            udp.bind((host, port))
            tcp.bind((host, port))
            tcp.listen()
        except OSError:
            return False
    return True


@dataclass(frozen=True)
class Reply:
    """An HTTP answer."""

    status: int
    body: str


class Server:
    """One server on one database; it may be started again and again.

    ``options`` are those of ``twistd ddns`` after database and listeners; listeners given there
    replace ours. What the process writes is in ``log``. Tests ask far more often than a client
    would, all from one address, and update hosts as often, so the limits on both are off, unless
    :meth:`with_settings` says otherwise.
    """

    def __init__(self, folder: Path, *options: str, database: Path | None = None) -> None:
        self.folder = folder
        self.database = database or folder / "ddns.sqlite"
        self.dns_port = free_port()
        self.http_port = free_port()
        self.options = list(options)
        self.process: Forked | subprocess.Popen[bytes] | None = None
        self.config = folder / "ddns.toml"
        self.config.write_text(
            "[dns.rate_limit]\nresponses_per_second = 0\n[abuse]\nchange_interval = 0\n"
        )
        self._log = folder / "log"

    def with_settings(self, text: str) -> Server:
        """Have it use these settings instead of those that suit most tests."""
        self.config.write_text(text)
        return self

    def with_miniupdate(self) -> Server:
        """Have it serve miniupdate as well, on ``miniupdate_port``."""
        self.miniupdate_port = free_port()
        self.options += ["--miniupdate", f"tcp:{self.miniupdate_port}:interface=127.0.0.1"]
        return self

    def with_gnudip(self) -> Server:
        """Have it serve GnuDIP over TCP as well, on ``gnudip_port``."""
        self.gnudip_port = free_port()
        self.options += ["--gnudip", f"tcp:{self.gnudip_port}:interface=127.0.0.1"]
        return self

    def with_https(self, certificate: Path, private_key: Path) -> Server:
        """Have it serve HTTPS as well, on ``https_port``."""
        self.https_port = free_port()
        self.options += ["--https", f"tcp:{self.https_port}:interface=127.0.0.1"]
        self.options += ["--certificate", str(certificate), "--private-key", str(private_key)]
        return self

    def with_metrics(self) -> Server:
        """Have it be watched, on ``metrics_port``."""
        self.metrics_port = free_port()
        listen = f'listen = ["tcp:{self.metrics_port}:interface=127.0.0.1"]'
        self.config.write_text(f"{self.config.read_text()}[metrics]\n{listen}\n")
        return self

    def with_registration(self, relay: int) -> Server:
        """Have people register themselves; mail goes to a relay on this port."""
        self.config.write_text(
            self.config.read_text()
            + '[accounts]\nregistration = "open"\n'
            + f'[api]\nurl = "http://127.0.0.1:{self.http_port}"\n'
            + f'[mail]\nrelay = "127.0.0.1:{relay}"\ntls = "off"\nsender = "ddns@{ZONE}"\n'
        )
        return self

    # Life ------------------------------------------------------------------------------------

    def command(self) -> list[str]:
        """What starts it."""
        given = ["--config", str(self.config)]
        if self._is_ours("dns"):
            given += ["--dns", f"127.0.0.1:{self.dns_port}"]
        if self._is_ours("http"):
            given += ["--http", f"tcp:{self.http_port}:interface=127.0.0.1"]
        if self._is_ours("miniupdate"):
            given += ["--miniupdate", "off"]
        given += ["--database", str(self.database), *self.options]
        return [script("twistd"), "-n", "--pidfile=", "ddns", *given]

    def _is_ours(self, service: str) -> bool:
        """Whether neither options nor settings say where a service listens."""
        settings = tomllib.loads(self.config.read_text())
        return f"--{service}" not in self.options and "listen" not in settings.get(service, {})

    def spawn(self) -> None:
        """Start without waiting."""
        assert self.process is None, "it runs already"
        program, *arguments = self.command()
        with open(self._log, "ab") as log, open(os.devnull, "rb") as nothing:
            if program == script("twistd"):
                self.process = Forked(
                    "twistd",
                    arguments,
                    folder=self.folder,
                    environment=os.environ,
                    stdin=nothing,
                    stdout=log,
                    stderr=log,
                )
            else:
                self.process = subprocess.Popen(
                    [program, *arguments], cwd=self.folder, stdin=nothing, stdout=log, stderr=log
                )

    def start(self) -> Server:
        """Start and wait until it answers everywhere."""
        self.spawn()
        self.wait_until_ready()
        return self

    def wait_until_ready(self) -> None:
        """Wait until it answers DNS, HTTP and the command, as far as it is to."""
        until = time.monotonic() + PATIENCE
        while not self.is_ready():
            assert self.process is not None
            assert self.process.poll() is None, f"the server has ended:\n{self.log}"
            assert time.monotonic() < until, f"the server does not answer:\n{self.log}"
            time.sleep(0.01)

    def is_ready(self) -> bool:
        """Whether it answers now."""
        try:
            SocketClient(socket_path(self.database)).call("zone_list")
        except (NoServer, CallFailed):  # who answers for it may be another, that is ending
            return False
        try:
            if self._is_ours("dns"):
                self.ask("ready.invalid", timeout=0.2)
            if self._is_ours("http"):
                self.get("/ip")
        except (OSError, dns.exception.Timeout):
            return False
        return True

    def kill(self) -> None:
        """End it with no chance to do anything about it."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()
        self.process = None

    def terminate(self) -> int:
        """Ask it to end; its exit status."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(PATIENCE)
        self.process = None
        return status

    def restart(self) -> None:
        """End it in order and start it again."""
        assert self.terminate() == 0, self.log
        self.start()

    def clean_up(self) -> None:
        """End it if it runs, stopped or not."""
        if self.process is not None:
            self.kill()

    @property
    def log(self) -> str:
        """All that the process has written."""
        return self._log.read_text(errors="replace") if self._log.exists() else ""

    # The command -----------------------------------------------------------------------------

    def ddns_command(self, group: str, command: str, *args: str) -> list[str]:
        """A call of the ``ddns`` command on this database."""
        return [script("ddns"), group, command, "--database", str(self.database), *args]

    def try_ddns(self, *args: str, text_in: str = "") -> subprocess.CompletedProcess[str]:
        """Run the ``ddns`` command, whatever comes of it."""
        command = self.ddns_command(*args)
        return run_forked("ddns", command[1:], text_in=text_in, folder=self.folder)

    def ddns(self, *args: str) -> Json:
        """Run the ``ddns`` command; its answer, which must not be a refusal."""
        done = self.try_ddns(*args, "--json")
        assert done.returncode == 0, f"{args}: {done.stderr}\n{self.log}"
        answer: Json = json.loads(done.stdout)
        return answer

    def import_zones(self, *files: Path) -> None:
        """Have the command import these here: in a process of its own it gives way to all else that
        this machine does, so that beside other tests it might never end."""
        with unittest.mock.patch("ddns.cli.zones.give_way"):
            command = self.ddns_command("zone", "import", *map(str, files))
            assert main(command[1:]) == 0, "see standard error"

    def call(self, operation: str, **arguments: Any) -> Json:
        """The same through the control socket without a process, where a test is about something
        else."""
        return SocketClient(socket_path(self.database)).call(operation, **arguments)

    def export(self, origin: str) -> list[str]:
        """The zone as the command exports it."""
        records: list[str] = self.ddns("zone", "export", origin)["records"]
        return records

    def stored(self, host: str, kind: str = "A") -> list[str]:
        """A host's rdata of a type in the database."""
        return [
            rdata
            for record in self.call("host_show", name=host)["records"]
            if record["type"] == kind and record["owner"] == host
            for rdata in record["rdatas"]
        ]

    # Clients ---------------------------------------------------------------------------------

    def get(self, path: str, *, login: str | None = None, timeout: float = PATIENCE) -> Reply:
        """A GET, with ``user:secret`` or without."""
        connection = http.client.HTTPConnection("127.0.0.1", self.http_port, timeout=timeout)
        try:
            return get_with(connection, path, login)
        finally:
            connection.close()

    def update(self, login: str, hostname: str, myip: str = "", **more: str) -> Reply:
        """A dyndns2 update."""
        return self.get(update_path(hostname, myip, **more), login=login)

    def ask(
        self, name: str, kind: str = "A", *, timeout: float = PATIENCE, tcp: bool = False
    ) -> dns.message.Message:
        """One DNS question, no retry."""
        query = dns.message.make_query(name, kind)
        send = dns.query.tcp if tcp else dns.query.udp
        return send(query, "127.0.0.1", port=self.dns_port, timeout=timeout)

    def answers(self, name: str, kind: str = "A") -> list[str]:
        """The rdata that DNS answers with, in order."""
        number = dns.rdatatype.from_text(kind)
        answer = self.ask(name, kind).answer
        return sorted(str(rdata) for rrset in answer for rdata in rrset if rrset.rdtype == number)

    def serial(self, origin: str, *, timeout: float = PATIENCE) -> int:
        """The zone's serial as DNS tells it."""
        (rrset,) = self.ask(origin, "SOA", timeout=timeout).answer
        return int(rrset[0].serial)

    def dig(self, name: str, kind: str = "A") -> list[str]:
        """What dig prints with +short, in order."""
        where = ["@127.0.0.1", "-p", str(self.dns_port)]
        done = run([program("dig"), *where, name, kind, "+short", "+tries=1", "+time=20"])
        assert done.returncode == 0, done.stdout
        return sorted(done.stdout.split())


def get_with(connection: http.client.HTTPConnection, path: str, login: str | None) -> Reply:
    """A GET on a connection that may be in use already."""
    headers = {"User-Agent": "ddns-tests/1.0"}
    if login is not None:
        headers["Authorization"] = basic(login)
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    return Reply(answer.status, answer.read().decode())


def basic(login: str) -> str:
    """The value of an Authorization header for ``user:secret``."""
    return "Basic " + base64.b64encode(login.encode()).decode()


def update_path(hostname: str, myip: str = "", **more: str) -> str:
    """The path and query of a dyndns2 update."""
    given = {"hostname": hostname, **({"myip": myip} if myip else {}), **more}
    return "/nic/update?" + urlencode(given)


def integrity(database: Path) -> str:
    """What SQLite finds in a database that no server has open; "ok" where nothing is wrong."""
    connection = sqlite3.connect(database)
    try:
        (found,) = connection.execute("pragma integrity_check").fetchone()
        return str(found)
    finally:
        connection.close()


def mode_of(path: Path) -> int:
    """A file's permissions."""
    return os.stat(path).st_mode & 0o777
