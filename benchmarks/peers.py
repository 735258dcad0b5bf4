"""What a user would run instead, on loopback, on one core, with the zone of the benchmark.

Each function writes a configuration into a directory and returns the command that runs the server
in the foreground; :func:`running` runs it.
"""

from __future__ import annotations

import base64
import contextlib
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import dns.message
import dns.query

SERVER_CORE = 0
LOAD_CORE = 1
ZONE = "bench.example"

TSIG_KEY = ("bench-key", "hmac-sha256", base64.b64encode(bytes(range(32))).decode())
"""Name, algorithm and secret of what may update the zone where updates are signed."""


def free_port() -> int:
    """A port that is free for UDP and TCP."""
    with socket.socket() as tcp:
        tcp.bind(("127.0.0.1", 0))
        return int(tcp.getsockname()[1])


def zone_text(hosts: int) -> str:
    """A zone with so many hosts: an A record each, every second one an AAAA too."""
    lines = [
        f"$ORIGIN {ZONE}.",
        "$TTL 10",
        "@ IN SOA ns1 hostmaster 1 3600 600 1209600 10",
        "@ IN NS ns1",
        "ns1 IN A 127.0.0.1",
    ]
    for number in range(hosts):
        lines.append(f"h{number} IN A 10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}")
        if number % 2:
            lines.append(f"h{number} IN AAAA 2001:db8::{number >> 16 & 65535:x}:{number & 65535:x}")
    return "\n".join(lines) + "\n"


def _write_zones(directory: Path, zone: str, origins: Sequence[str]) -> None:
    for origin in origins:
        (directory / f"{origin}.zone").write_text(zone)


def bind(
    directory: Path, port: int, zone: str, origins: Sequence[str] = (ZONE,), signed: bool = False
) -> list[str]:
    """BIND 9, updates allowed from loopback, or *signed* ones only."""
    _write_zones(directory, zone, origins)
    name, algorithm, secret = TSIG_KEY
    key = f'key "{name}" {{ algorithm {algorithm}; secret "{secret}"; }};'
    updates = f"allow-update {{ {f'key {name}' if signed else '127.0.0.1'}; }};"
    (directory / "named.conf").write_text(
        f"""options {{ directory "{directory}"; listen-on port {port} {{ 127.0.0.1; }};
        listen-on-v6 {{ none; }}; recursion no; pid-file none; session-keyfile none;
        allow-transfer {{ none; }}; notify no; }};
        controls {{ }};
        {key}
        """
        + "\n".join(
            f'zone "{origin}" {{ type primary; file "{origin}.zone"; {updates} }};'
            for origin in origins
        )
    )
    return ["/usr/sbin/named", "-g", "-n", "1", "-c", str(directory / "named.conf")]


def knot(
    directory: Path, port: int, zone: str, origins: Sequence[str] = (ZONE,), signed: bool = False
) -> list[str]:
    """Knot DNS, updates allowed from loopback, or *signed* ones only."""
    _write_zones(directory, zone, origins)
    name, algorithm, secret = TSIG_KEY
    who = f"key: {name}" if signed else "address: 127.0.0.1"
    (directory / "knot.conf").write_text(
        f"""server:
    rundir: "{directory}"
    listen: 127.0.0.1@{port}
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
database:
    storage: "{directory}"
key:
  - id: {name}
    algorithm: {algorithm}
    secret: {secret}
acl:
  - id: local
    {who}
    action: update
template:
  - id: default
    storage: "{directory}"
zone:
"""
        + "".join(f"  - domain: {origin}\n    acl: local\n" for origin in origins)
    )
    return ["/usr/sbin/knotd", "-c", str(directory / "knot.conf")]


def nsd(directory: Path, port: int, zone: str, origins: Sequence[str] = (ZONE,)) -> list[str]:
    """NSD."""
    _write_zones(directory, zone, origins)
    (directory / "nsd.conf").write_text(
        f"""server:
    server-count: 1
    ip-address: 127.0.0.1@{port}
    zonesdir: "{directory}"
    database: ""
    pidfile: "{directory}/nsd.pid"
    xfrdfile: "{directory}/xfrd.state"
    zonelistfile: "{directory}/zone.list"
    cookie-secret-file: "{directory}/cookie"
    username: ""
    rrl-ratelimit: 0
remote-control:
    control-enable: no
"""
        + "".join(f"zone:\n    name: {origin}\n    zonefile: {origin}.zone\n" for origin in origins)
    )
    return ["/usr/sbin/nsd", "-d", "-c", str(directory / "nsd.conf")]


def powerdns(directory: Path, port: int, zone: str, caches: bool = True) -> list[str]:
    """PowerDNS on SQLite, its caches as they come or off."""
    off = "" if caches else "cache-ttl=0\nquery-cache-ttl=0\nnegquery-cache-ttl=0\n"
    database = directory / "pdns.sqlite3"
    (directory / "zone").write_text(zone)
    (directory / "pdns.conf").write_text(
        f"""launch=gsqlite3
gsqlite3-database={database}
local-address=127.0.0.1
local-port={port}
socket-dir={directory}
receiver-threads=1
distributor-threads=1
reuseport=no
daemon=no
guardian=no
setuid=
setgid=
{off}"""
    )
    schema = Path("/usr/share/doc/pdns-backend-sqlite3/schema.sqlite3.sql")
    if not schema.exists():
        schema = Path("/usr/share/pdns-backend-sqlite3/schema/schema.sqlite3.sql")
    subprocess.run(["sqlite3", str(database)], input=schema.read_bytes(), check=True)
    subprocess.run(
        ["pdnsutil", f"--config-dir={directory}", "load-zone", ZONE, str(directory / "zone")],
        check=True,
        capture_output=True,
    )
    return ["/usr/sbin/pdns_server", f"--config-dir={directory}"]


def twisted_names(directory: Path, port: int, zone: str) -> list[str]:
    """twisted.names as it comes, with the zone as a dictionary of records."""
    (directory / "zone").write_text(zone)
    return [
        sys.executable,
        str(Path(__file__).with_name("stock_names.py")),
        str(directory / "zone"),
        str(port),
    ]


def echo(directory: Path, port: int, zone: str) -> list[str]:
    """No server, but the limit for all of them: a program that sends everything back."""
    program = directory / "echo"
    source = Path(__file__).with_name("echo.c")
    subprocess.run(["cc", "-O2", "-o", str(program), str(source)], check=True)
    return [str(program), str(port)]


UNREACHED = (
    "[dns.rate_limit]\nresponses_per_second = 10000000\n[abuse]\nchange_interval = 0.000001\n"
)
"""Limits that count every packet and every update, and that nobody reaches."""


def ddns(
    directory: Path, port: int, http_port: int | None = None, settings: str = UNREACHED
) -> list[str]:
    """This project."""
    (directory / "ddns.toml").write_text(settings)
    http = "off" if http_port is None else f"tcp:{http_port}:interface=127.0.0.1"
    return [
        str(Path(sys.executable).with_name("twistd")),
        "--pidfile=",
        "-n",
        "ddns",
        f"--config={directory / 'ddns.toml'}",
        "--no-sample",
        f"--database={directory / 'ddns.sqlite'}",
        f"--dns=127.0.0.1:{port}",
        f"--http={http}",
        "--miniupdate=off",
    ]


@contextlib.contextmanager
def running(command: list[str], directory: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """Run a server on its core until it answers for the zone's SOA or refuses; then yield it."""
    with open(directory / "log", "wb") as log:
        server = subprocess.Popen(
            ["taskset", "-c", str(SERVER_CORE), *command], stdout=log, stderr=log, cwd=directory
        )
    try:
        deadline = time.monotonic() + 120
        query = dns.message.make_query(ZONE, "SOA")
        while True:
            if server.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(
                    f"{command[0]} does not run: {(directory / 'log').read_text()[-2000:]}"
                )
            with contextlib.suppress(OSError, dns.exception.DNSException):
                if dns.query.udp(query, "127.0.0.1", port=port, timeout=0.3).rcode() in (0, 5):
                    break
            time.sleep(0.1)
        yield server
    finally:
        server.terminate()
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def cpu_seconds(pid: int) -> float:
    """Processor time of a process and its children that run, in seconds."""
    total = 0.0
    for process in [pid, *_children(pid)]:
        with contextlib.suppress(OSError):
            fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
            total += (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return total


def resident(pid: int) -> int:
    """Resident memory of a process and its children, in KiB."""
    total = 0
    for process in [pid, *_children(pid)]:
        with contextlib.suppress(OSError):
            for line in Path(f"/proc/{process}/status").read_text().splitlines():
                if line.startswith("VmRSS:"):
                    total += int(line.split()[1])
    return total


def _children(pid: int) -> list[int]:
    found = []
    with contextlib.suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                found += [int(child), *_children(int(child))]
    return found


def missing(*programs: str) -> list[str]:
    """Those of the programs that are not installed."""
    return [
        program
        for program in programs
        if shutil.which(program, path=os.defpath + ":/usr/sbin:/sbin") is None
    ]
