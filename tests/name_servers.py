"""NSD, Knot, BIND and PowerDNS as secondaries on loopback, each in a folder of its own."""

from __future__ import annotations

import contextlib
import socket
import sqlite3
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import dns.flags
import dns.message
import dns.name
import dns.opcode
import dns.query
import dns.rdatatype
import dns.xfr
import dns.zone

from tests.processes import Server, eventually, free_port
from tests.programs import PATIENCE, program, run

CATALOG = "catalog.invalid"
"""A zone of this name is a catalog to Knot, BIND and PowerDNS; NSD knows them since 4.9."""

POWERDNS_SCHEMA = Path("/usr/share/doc/pdns-backend-sqlite3/schema.sqlite3.sql")

TsigSecret = tuple[str, str, str]
"""Name, algorithm and secret in Base64."""


def nsd(
    folder: Path, port: int, primary: int, zones: list[str], key: TsigSecret | None
) -> list[str]:
    """NSD's configuration, and the command that starts it."""
    text = f"""server:
    server-count: 1
    ip-address: 127.0.0.1@{port}
    zonesdir: "{folder}"
    database: ""
    pidfile: "{folder}/nsd.pid"
    xfrdfile: "{folder}/xfrd.state"
    xfrdir: "{folder}"
    zonelistfile: "{folder}/zone.list"
    cookie-secret-file: "{folder}/cookie"
    username: ""
    verbosity: 2
remote-control:
    control-enable: no
"""
    if key:
        text += f'key:\n    name: {key[0]}\n    algorithm: {key[1]}\n    secret: "{key[2]}"\n'
    for zone in zones:
        text += f"""zone:
    name: {zone}
    zonefile: {zone}.zone
    request-xfr: 127.0.0.1@{primary} {key[0] if key else "NOKEY"}
    allow-notify: 127.0.0.1 NOKEY
    provide-xfr: 127.0.0.1 NOKEY
"""
        text += f"    allow-notify: 127.0.0.1 {key[0]}\n" if key else ""
    (folder / "nsd.conf").write_text(text)
    return [program("nsd"), "-d", "-c", str(folder / "nsd.conf")]


def knot(
    folder: Path, port: int, primary: int, zones: list[str], key: TsigSecret | None
) -> list[str]:
    """Knot's configuration, and the command that starts it."""
    text = f"""server:
    rundir: "{folder}"
    listen: 127.0.0.1@{port}
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
log:
  - target: stderr
    any: info
database:
    storage: "{folder}"
"""
    if key:
        text += f"key:\n  - id: {key[0]}\n    algorithm: {key[1]}\n    secret: {key[2]}\n"
    text += f"remote:\n  - id: primary\n    address: 127.0.0.1@{primary}\n"
    text += f"    key: {key[0]}\n" if key else ""
    text += """acl:
  - id: local
    address: 127.0.0.1
    action: [notify, transfer]
  - id: signed
    address: 127.0.0.1
    action: notify
"""
    text += f"    key: {key[0]}\n" if key else ""
    text += f"""template:
  - id: default
    storage: "{folder}"
    master: primary
    acl: [local, signed]
zone:
"""
    for zone in zones:
        text += f"  - domain: {zone}\n"
        text += "    catalog-role: interpret\n" if zone == CATALOG else ""
        text += "    catalog-template: default\n" if zone == CATALOG else ""
    (folder / "knot.conf").write_text(text)
    return [program("knotd"), "-c", str(folder / "knot.conf")]


def bind(
    folder: Path, port: int, primary: int, zones: list[str], key: TsigSecret | None
) -> list[str]:
    """BIND's configuration, and the command that starts it."""
    text = f"""options {{ directory "{folder}"; listen-on port {port} {{ 127.0.0.1; }};
    listen-on-v6 {{ none; }}; recursion no; pid-file none; session-keyfile none; notify no;
    allow-transfer {{ 127.0.0.1; }}; allow-notify {{ 127.0.0.1; }};
"""
    primaries = f"primaries {{ 127.0.0.1 port {primary}{f' key {key[0]}' if key else ''}; }};"
    if CATALOG in zones:
        text += f'    catalog-zones {{ zone "{CATALOG}" default-{primaries} }};\n'
    text += "};\ncontrols { };\n"
    if key:
        text += f'key "{key[0]}" {{ algorithm {key[1]}; secret "{key[2]}"; }};\n'
    for zone in zones:
        text += f'zone "{zone}" {{ type secondary; file "{zone}.zone"; {primaries} }};\n'
    (folder / "named.conf").write_text(text)
    return [program("named"), "-g", "-n", "1", "-c", str(folder / "named.conf")]


def powerdns(
    folder: Path, port: int, primary: int, zones: list[str], key: TsigSecret | None
) -> list[str]:
    """PowerDNS's configuration, and the command that starts it."""
    pdnsutil = powerdns_tool(folder, f"local-address=127.0.0.1\nlocal-port={port}\n")
    if key:
        pdnsutil("import-tsig-key", *key)
    for zone in zones:
        pdnsutil("create-secondary-zone", zone, f"127.0.0.1:{primary}")
        if key:
            pdnsutil("activate-tsig-key", zone, key[0], "secondary")
        if zone == CATALOG:  # with IXFR set, it would never ask for its changes
            pdnsutil("set-kind", zone, "consumer")
        else:
            pdnsutil("set-meta", zone, "IXFR", "1")
    return [program("pdns_server"), f"--config-dir={folder}"]


def powerdns_tool(folder: Path, settings: str = "") -> Callable[..., str]:
    """Make a database for PowerDNS; what runs pdnsutil on it and returns what that says."""
    program("libgsqlite3backend.so")
    database = folder / "pdns.sqlite3"
    (folder / "pdns.conf").write_text(
        f"launch=gsqlite3\ngsqlite3-database={database}\nsecondary=yes\n{settings}"
        f"socket-dir={folder}\nreceiver-threads=1\ndistributor-threads=1\nguardian=no\ndaemon=no\n"
        "setuid=\nsetgid=\ncache-ttl=0\nquery-cache-ttl=0\nnegquery-cache-ttl=0\n"
    )
    with contextlib.closing(sqlite3.connect(database)) as connection:
        connection.executescript(POWERDNS_SCHEMA.read_text())

    def pdnsutil(*words: str) -> str:
        done = run([program("pdnsutil"), f"--config-dir={folder}", *words])
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    return pdnsutil


PROGRAMS: dict[str, Callable[..., list[str]]] = {
    "nsd": nsd,
    "knot": knot,
    "bind": bind,
    "powerdns": powerdns,
}


class NameServer:
    """One of them, a secondary of the server on a port, for these zones."""

    def __init__(
        self, name: str, folder: Path, primary: int, zones: list[str], key: TsigSecret | None
    ) -> None:
        folder.mkdir()
        self.folder = folder
        self.port = free_port()
        self.command = PROGRAMS[name](folder, self.port, primary, zones, key)
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        assert self.process is None
        with open(self.folder / "log", "ab") as log:
            self.process = subprocess.Popen(
                self.command, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )

    def stop(self) -> None:
        """Ask it to end, if it runs, and wait for it."""
        if self.process is not None:
            self.process.terminate()
            try:
                self.process.wait(PATIENCE)
            finally:
                self.process.kill()
                self.process = None

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text(errors="replace")

    def notify(self, zone: str) -> None:
        """Tell it that a zone has changed, and do not wait for its answer."""
        message = dns.message.make_query(zone, "SOA")
        message.set_opcode(dns.opcode.NOTIFY)
        message.flags |= dns.flags.AA
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.sendto(message.to_wire(), ("127.0.0.1", self.port))

    def serial(self, zone: str) -> int | None:
        """The serial it answers with, None if it does not."""
        with contextlib.suppress(OSError, dns.exception.Timeout):
            query = dns.message.make_query(zone, "SOA")
            answer = dns.query.udp(query, "127.0.0.1", port=self.port, timeout=2).answer
            if answer and answer[0].rdtype == dns.rdatatype.SOA:
                return int(answer[0][0].serial)
        return None

    def follows_to(self, zone: str, serial: int) -> None:
        """Wait until it answers with that serial, having told it once a second, which is as often
        as NSD likes to be told."""
        told = float("-inf")

        def there() -> bool:
            nonlocal told
            if self.serial(zone) == serial:
                return True
            if time.monotonic() > told + 1.0:
                told = time.monotonic()
                self.notify(zone)
            return False

        eventually(there, f"{self.command[0]} has serial {serial}; see {self.folder}")


def contents(port: int, zone: str) -> list[str]:
    """All records of a zone, as a server gives them to 127.0.0.1."""
    found = dns.zone.Zone(dns.name.from_text(zone), relativize=False)
    dns.query.inbound_xfr("127.0.0.1", found, port=port, lifetime=PATIENCE)
    return sorted(
        f"{name} {rdataset.ttl} {dns.rdatatype.to_text(rdataset.rdtype)} {rdata}"
        for name, rdataset in found.iterate_rdatasets()
        for rdata in rdataset
    )


def agree(primary: Server, secondary: NameServer, zone: str) -> None:
    """Both have the same records."""
    primary.call("zone_set", origin=zone, secondaries=["127.0.0.1"])  # this test, without a key
    assert contents(secondary.port, zone) == contents(primary.dns_port, zone)
