"""NSD, Knot, BIND and PowerDNS follow because they are told, and add and remove zones by our
catalog."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.conftest import ACCOUNT, ZONE
from tests.name_servers import CATALOG, PROGRAMS, NameServer, TsigSecret, agree
from tests.processes import Json, Server, eventually

KEY = "xfr.example.net"
NEW = "new.example"

Start = Callable[[str, list[str]], NameServer]


@pytest.fixture
def key(server: Server) -> TsigSecret | None:
    """What signs everything; unsigned ones are what tests/service/test_secondaries.py sends."""
    made = server.call("key_add", account=ACCOUNT, kind="tsig", name=KEY, rights=["notify"])
    return KEY, "hmac-sha256", made["key"]


@pytest.fixture
def start(server: Server, tmp_path: Path, key: TsigSecret | None) -> Iterator[Start]:
    """Starts a secondary of these zones. PowerDNS does not use a catalog's key for its members."""
    with ExitStack() as exit:

        def start(name: str, zones: list[str]) -> NameServer:
            with_it = None if (name, zones) == ("powerdns", [CATALOG]) else key
            secondary = NameServer(name, tmp_path / name, server.dns_port, zones, with_it)
            exit.callback(secondary.stop)
            secondary.start()
            return secondary

        yield start


def listed(secondary: NameServer, key: TsigSecret | None) -> str:
    return f"127.0.0.1#{secondary.port}" + (f",{key[0]}" if key else "")


def state(server: Server, zone: str = ZONE) -> Json:
    (found,) = server.ddns("zone", "show", zone)["followed_by"]
    return dict(found)


def has(secondary: NameServer, zone: str, serial: int | None) -> None:
    eventually(lambda: secondary.serial(zone) == serial, f"{zone} is at {serial} there")


@pytest.mark.parametrize("name", PROGRAMS)
def test_it_follows_each_change(
    server: Server, start: Start, name: str, key: TsigSecret | None
) -> None:
    secondary = start(name, [ZONE])
    where = listed(secondary, key)
    server.ddns("zone", "set", ZONE, "--secondary", where)
    has(secondary, ZONE, server.serial(ZONE))
    for last in range(1, 4):
        server.ddns("record", "set", f"www.{ZONE}", "A", f"192.0.2.{last}")
        has(secondary, ZONE, server.serial(ZONE))
    found = eventually(lambda: (one := state(server))["told"] and one, "it has replied")
    assert found.pop("told")
    assert found == {
        "secondary": where,
        "serial": server.serial(ZONE),
        "seconds_behind": 0.0,
        "problem": None,
    }
    secondary.stop()
    server.ddns("record", "set", f"www.{ZONE}", "A", "192.0.2.99")
    found = eventually(lambda: (one := state(server))["seconds_behind"] and one, "it is behind")
    assert (found["serial"], found["problem"][-9:]) == (None, "no answer")
    secondary.start()
    has(secondary, ZONE, server.serial(ZONE))


@pytest.mark.parametrize("name", ["knot", "bind", "powerdns"])
def test_zones_come_and_go_by_the_catalog(
    server: Server, start: Start, name: str, key: TsigSecret | None
) -> None:
    secondary = start(name, [CATALOG])
    where = listed(secondary, None if name == "powerdns" else key)
    server.ddns("zone", "add", CATALOG, "--catalog", "--secondary", where)
    has(secondary, ZONE, server.serial(ZONE))
    server.ddns("zone", "add", NEW)
    has(secondary, NEW, 1)
    server.ddns("record", "set", f"www.{NEW}", "A", "192.0.2.1")
    has(secondary, NEW, 2)
    server.ddns("zone", "remove", NEW)
    has(secondary, NEW, None)
    server.ddns("zone", "add", NEW)
    has(secondary, NEW, 3)
    assert eventually(lambda: (one := state(server, NEW))["seconds_behind"] == 0 and one, "level")
    assert state(server, CATALOG)["problem"] == ("REFUSED" if name == "knot" else None)


def test_they_follow_a_backup_that_is_restored(
    server: Server, start: Start, key: TsigSecret | None
) -> None:
    """They are ahead of it, over the database that they have followed and where that is lost."""
    secondaries = [start(name, [ZONE]) for name in ("nsd", "knot", "bind")]
    places = [listed(one, key) for one in secondaries]
    server.call("zone_set", origin=ZONE, secondaries=places)
    server.ddns("backup", "copy")
    for lost in (False, True):
        for last in range(1, 4):
            server.call("record_set", owner=f"www.{ZONE}", type="A", rdatas=[f"192.0.2.{last}"])
        ahead = server.serial(ZONE)
        for one in secondaries:
            has(one, ZONE, ahead)
        assert server.terminate() == 0
        if lost:
            server.database.unlink()
        server.ddns("restore", "copy")
        server.start()
        serial = server.serial(ZONE)
        assert ahead < serial
        for one in secondaries:
            has(one, ZONE, serial)
    for one in secondaries:
        agree(server, one, ZONE)


@pytest.mark.parametrize("name", PROGRAMS)
def test_one_that_expects_another_key(server: Server, start: Start, name: str) -> None:
    """It says so, each in its own way."""
    server.call("key_add", account=ACCOUNT, kind="tsig", name="other.example.net")
    secondary = start(name, [ZONE])
    where = f"127.0.0.1#{secondary.port},other.example.net"
    server.ddns("zone", "set", ZONE, "--secondary", where)
    told = ("REFUSED", "NOTAUTH", "BADKEY")

    def refused() -> bool:
        return any(f"NOTIFY: {word}" in str(state(server)["problem"]) for word in told)

    eventually(refused, "it does not take what it is told")
