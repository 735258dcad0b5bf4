"""NSD, Knot, BIND and PowerDNS as our secondaries: each answers exactly what we answer."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.conftest import ACCOUNT, HOST, ZONE, Launch
from tests.name_servers import PROGRAMS, NameServer, agree, powerdns_tool
from tests.processes import Server
from tests.programs import program, run
from tests.service.watching import sample, settled

NAMES = 1000
LEAST = 20 * NAMES
"""Octets of the whole zone, at least."""

Secondary = Callable[[str, bool], NameServer]

every_program = pytest.mark.parametrize("name", PROGRAMS)


@pytest.fixture
def primary(make_server: Launch) -> Server:
    """A server with a zone of many names."""
    server = make_server().with_metrics().start()
    fill(server, "h")
    server.call("account_add", name=ACCOUNT)
    server.call("host_add", name=HOST, account=ACCOUNT)
    return server


def fill(server: Server, prefix: str) -> None:
    """Replace the zone by one of that many names, which begin so."""
    text = f"$ORIGIN {ZONE}.\n$TTL 60\n@ SOA ns1 h 1 3600 600 86400 60\n@ NS ns1\n"
    text += f"ns1 A 192.0.2.1\n{prefix}4000 MX 10 mx\n*.w AAAA 2001:db8::1\n"
    text += "".join(f"{prefix}{n} A 192.0.2.{n % 256}\n" for n in range(NAMES))
    (server.folder / "zone").write_text(text)
    server.import_zones(server.folder / "zone")


@pytest.fixture
def secondary(primary: Server, tmp_path: Path) -> Iterator[Secondary]:
    """Starts a secondary of that server."""
    with ExitStack() as exit:

        def start(name: str, signed: bool) -> NameServer:
            listed, key = "127.0.0.1", None
            if signed:
                made = primary.call(
                    "key_add", account=ACCOUNT, kind="tsig", name="xfr.example", rights=["notify"]
                )
                listed, key = f"{listed},xfr.example", ("xfr.example", "hmac-sha256", made["key"])
            primary.call("zone_set", origin=ZONE, secondaries=[listed])
            server = NameServer(name, tmp_path / name, primary.dns_port, [ZONE], key)
            exit.callback(server.stop)
            server.start()
            return server

        yield start


def sent(primary: Server) -> float:
    """Octets that it has sent over TCP since it was started."""
    return settled(primary)[sample("ddns_dns_sent_bytes_total", transport="tcp")]


def change(primary: Server, last: int) -> None:
    """Changes of many kinds: addresses, a TTL, a name that comes and one that goes."""
    primary.call("record_set", owner=HOST, type="A", rdatas=[f"198.51.100.{last}"])
    mail = [f"10 mx.{ZONE}", f"{20 + last} mx2.{ZONE}"]
    primary.call("record_set", owner=f"h4000.{ZONE}", type="MX", ttl=600 + last, rdatas=mail)
    primary.call("record_set", owner=f"new{last}.{ZONE}", type="TXT", rdatas=['"a b"', '"c"'])
    if last > 1:
        primary.call("record_delete", owner=f"new{last - 1}.{ZONE}")
    primary.call("record_delete", owner=f"h{last}.{ZONE}", type="A")


@pytest.mark.parametrize(
    ("name", "signed"), [*((name, True) for name in PROGRAMS), ("knot", False)]
)
def test_it_follows(primary: Server, secondary: Secondary, name: str, signed: bool) -> None:
    """The whole zone first, then differences, also over a restart of either side; but NSD writes
    a zone to disk once an hour, and has none after a restart before that."""
    server = secondary(name, signed)
    server.follows_to(ZONE, primary.serial(ZONE))
    whole = sent(primary)
    assert whole > LEAST
    for last in range(1, 8):
        if last == 4:
            assert sent(primary) - whole < LEAST / 2, server.log
            primary.restart()
        elif last == 6:
            server.stop()
        change(primary, last)
        if last == 6:
            server.start()
        server.follows_to(ZONE, primary.serial(ZONE))
    assert sent(primary) < LEAST / 2 + (whole if name == "nsd" else 0), server.log
    agree(primary, server, ZONE)


@every_program
def test_it_takes_the_whole_zone_where_differences_are_missing(
    primary: Server, secondary: Secondary, name: str
) -> None:
    """It was away while the zone was replaced."""
    server = secondary(name, False)
    server.follows_to(ZONE, primary.serial(ZONE))
    server.stop()
    fill(primary, "x")
    fill(primary, "other")
    fill(primary, "more")
    server.start()
    server.follows_to(ZONE, primary.serial(ZONE))
    agree(primary, server, ZONE)


CHECKS = {
    "nsd": ["nsd-checkconf", "conf"],
    "knot": ["knotc", "-c", "conf", "conf-check"],
    "bind": ["named-checkconf", "conf"],
}
"""What says whether a file is one of their configurations."""


def documented(name: str) -> str:
    """What the document has for a program."""
    document = (Path(__file__).parents[2] / "docs" / "secondaries.md").read_text()
    (text,) = re.findall(rf"```{name}\n(.*?)```", document, re.DOTALL)
    return str(text).replace("SECRET", base64.b64encode(bytes(32)).decode())


@pytest.mark.parametrize("what", ["", "-catalog"])
@pytest.mark.parametrize("name", CHECKS)
def test_the_configuration_in_the_document(name: str, what: str, tmp_path: Path) -> None:
    text = documented(name + what)
    if name + what == "nsd-catalog":  # which the checked version does not know
        text, lines = re.subn(r"  catalog(-member-pattern: members|: consumer)\n", "", text)
        assert lines == 2
    (tmp_path / "conf").write_text(text)
    command, *options = CHECKS[name]
    done = run([program(command), *options], folder=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("what", "zone", "told"),
    [
        ("powerdns", "dyn.example.net", ("xfr.example.net", "IXFR\t1")),
        ("powerdns-catalog", "catalog.invalid", ("Consumer",)),
    ],
)
def test_the_commands_in_the_document(
    what: str, zone: str, told: tuple[str, ...], tmp_path: Path
) -> None:
    pdnsutil = powerdns_tool(tmp_path)
    for line in documented(what).splitlines():
        name, *words = line.split()
        assert name == "pdnsutil"
        pdnsutil(*words)
    shown = pdnsutil("show-zone", zone)
    for part in ("Primary: 203.0.113.5", *told):
        assert part in shown
