"""Who comes too often or guesses, at the running server, in every dialect."""

from __future__ import annotations

import http.client
import itertools
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from tests.conftest import ACCOUNT, HOST, ZONE, Launch
from tests.processes import Server, basic, eventually, get_with, update_path
from tests.programs import PATIENCE
from tests.service.dialects import UPDATES, Secrets, keys
from tests.service.guessing import BEHIND_A_PROXY, guessing

every_dialect = pytest.mark.parametrize("way", UPDATES)

TOO_OFTEN = {
    "dyndns2": "911\n",
    "SecuritySpace": "911\n",
    "areg.php": "auth_fail. Too many changes in too short a time.\n",
    "DonDNS, JSON": "Demasiados cambios",
    "DonDNS, XML": "Demasiados cambios",
    "DonDNS, plain": "ERROR\nDemasiados cambios",
    "miniupdate": "",
}
BLOCKED = {
    "dyndns2": "abuse\n",
    "SecuritySpace": "blocked\n",
    "areg.php": "auth_fail. Updates are blocked.\n",
    "DonDNS, JSON": "bloqueadas",
    "DonDNS, XML": "bloqueadas",
    "DonDNS, plain": "ERROR\nLas actualizaciones",
    "miniupdate": "ERR Updates are barred until somebody lifts it",
}
"""What clients are told."""

PASSWORD = "a password that nobody guesses"


@dataclass(frozen=True)
class Client:
    """A client of an account that nobody else uses, with one host."""

    server: Server
    secrets: Secrets
    host: str

    def update(self, way: str, address: str) -> tuple[bool, str]:
        """Update the host; see :data:`UPDATES`."""
        return UPDATES[way](self.server, self.secrets, address, self.host)

    def add_host(self) -> None:
        """Add the host as one that every dialect may update."""
        first = [{"type": "A", "rdata": "127.0.0.1"}, {"type": "AAAA", "rdata": "::1"}]
        self.server.call("host_add", name=self.host, account=self.secrets.user, records=first)


Start = Callable[[str], Client]


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Start]:
    """Gives a client of a server with these settings, which tests share."""
    servers: dict[str, Server] = {}
    numbers = itertools.count(1)

    def start(settings: str) -> Client:
        if settings not in servers:
            server = Server(tmp_path_factory.mktemp("abuse"), "--no-sample").with_miniupdate()
            servers[settings] = server.with_settings(f"[abuse]\n{settings}\n").start()
            server.call("zone_add", origin=ZONE)
        server, name = servers[settings], f"{ACCOUNT}{next(numbers)}"
        server.call("account_add", name=name, password=PASSWORD)
        client = Client(server, keys(server, name), f"{name}.{ZONE}")
        client.add_host()
        return client

    yield start
    for server in servers.values():
        server.clean_up()


@every_dialect
def test_changes_that_come_too_often(start: Start, way: str) -> None:
    """They are refused, what was there stays, and the other family is not meant."""
    client = start("change_burst = 2\nchange_interval = 600")
    for number in (1, 2):
        assert client.update(way, f"198.51.100.{number}")[0]
    for _ in range(3):
        done, said = client.update(way, "198.51.100.3")
        assert not done
        assert TOO_OFTEN[way] in said
        assert TOO_OFTEN[way] or not said
    server, host = client.server, client.host
    assert server.answers(host) == server.stored(host) == ["198.51.100.2"]
    assert client.update(way, "2001:db8::7")[0]


@every_dialect
def test_the_next_one_is_taken_when_it_is_time(start: Start, way: str) -> None:
    client = start("change_burst = 1\nchange_interval = 0.3\nrefusals = 0")
    assert client.update(way, "198.51.100.1")[0]
    refused = 0
    while not client.update(way, "198.51.100.2")[0]:
        refused += 1
        assert refused < 10_000
    assert client.server.answers(client.host) == ["198.51.100.2"]


@every_dialect
def test_who_does_not_stop_is_blocked_until_it_is_lifted(start: Start, way: str) -> None:
    client = start("change_burst = 1\nchange_interval = 600\nrefusals = 3\nblock_time = 0")
    server, account = client.server, client.secrets.user
    assert client.update(way, "198.51.100.1")[0]
    for _ in range(3):
        assert TOO_OFTEN[way][:8] in client.update(way, "198.51.100.3")[1]
    server.call("host_remove", name=client.host)
    client.add_host()
    server.kill()
    server.start()
    for address in ("198.51.100.3", "2001:db8::7"):
        done, said = client.update(way, address)
        assert not done
        assert BLOCKED[way] in said
    shown = server.try_ddns("account", "show", account).stdout
    assert "until it is lifted: 3 updates were refused because they came too often" in shown
    assert server.answers(client.host) == ["127.0.0.1"]
    assert "ddns account unblock" not in server.log
    server.ddns("account", "unblock", account)
    assert client.update(way, "198.51.100.4")[0]
    assert server.answers(client.host) == ["198.51.100.4"]


def test_a_block_may_end_by_itself(start: Start) -> None:
    client = start("change_burst = 1\nchange_interval = 600\nrefusals = 1\nblock_time = 0.5")
    assert client.update("dyndns2", "198.51.100.1")[0]
    assert not client.update("dyndns2", "198.51.100.2")[0]
    tries = 0
    while not client.update("dyndns2", "2001:db8::7")[0]:
        tries += 1
        assert tries < 10_000
    assert tries > 0


@every_dialect
def test_a_refused_network(start: Start, way: str) -> None:
    client = start("refused_networks = ['127.0.0.0/8']")
    done, said = client.update(way, "198.51.100.1")
    assert not done
    assert BLOCKED[way] in said
    assert client.server.answers(client.host) == ["127.0.0.1"]


def test_a_thousand_guesses_leave_the_owner_alone(start: Start) -> None:
    """From one place, in three ways, while the owner updates from there by key and from another by
    password."""
    client = start("failures_noticed = 100")
    server, account = client.server, client.secrets.user
    over = threading.Event()
    guessed = []

    def guess(offset: int) -> None:
        number = offset
        while not over.is_set() and number < 1000:
            wrong = f"guess-{number}"
            one = Secrets(wrong, wrong, wrong[:15], account)
            # one in a hundred is a password, which costs the server 0.1 s
            way = "miniupdate" if number % 2 else "DonDNS, plain" if number % 100 else "dyndns2"
            assert not UPDATES[way](server, one, "203.0.113.9", client.host)[0]
            guessed.append(number)
            number += 8

    threads = [threading.Thread(target=guess, args=(offset,), daemon=True) for offset in range(8)]
    for thread in threads:
        thread.start()
    for number, way in enumerate(["dyndns2", "DonDNS, JSON", "miniupdate"] * 2):
        done, said = client.update(way, f"198.51.100.{number}")
        assert done, said
    elsewhere = http.client.HTTPConnection(
        "127.0.0.1", server.http_port, timeout=PATIENCE, source_address=("127.0.0.2", 0)
    )
    reply = get_with(elsewhere, update_path(client.host, "198.51.100.77"), f"{account}:{PASSWORD}")
    elsewhere.close()
    assert reply.body == "good 198.51.100.77\n"
    for thread in threads:
        thread.join()
    assert len(guessed) == 1000
    assert server.answers(client.host) == ["198.51.100.77"]
    assert f"100 wrong credentials for account {account}" in server.log
    assert "guess-" not in server.log
    assert server.call("account_show", name=account)["blocked"] is None


OWNERS = [f"owner{number}" for number in range(3)]


def owner_asks(server: Server, way: str, name: str) -> bool:
    """Whether an account's owner gets through once, by dyndns2 or by logging in to the API."""
    connection = http.client.HTTPConnection("127.0.0.1", server.http_port, timeout=PATIENCE)
    headers = {"X-Forwarded-For": f"203.0.{OWNERS.index(name)}.7", "User-Agent": "owner/1.0"}
    if way == "dyndns2":
        headers["Authorization"] = basic(f"{name}:{PASSWORD} {name}")
        connection.request("GET", update_path(f"{name}.{ZONE}", "198.51.100.7"), headers=headers)
    else:
        login = json.dumps({"name": name, "password": f"{PASSWORD} {name}"})
        connection.request("POST", "/api/v1/sessions", login, headers)
    reply = connection.getresponse()
    said = reply.read()
    connection.close()
    return said.startswith((b"good", b"nochg")) if way == "dyndns2" else reply.status == 200


@pytest.mark.parametrize("way", ["dyndns2", "log-in"])
def test_guesses_from_ever_new_networks_keep_no_owner_out(make_server: Launch, way: str) -> None:
    """Whoever was right from there before the start gets through at once. That others do by lot is
    shown without a clock, in tests/updates/test_authenticator.py."""
    settings = f"{BEHIND_A_PROXY}[abuse]\nchange_interval = 0\n"
    server = make_server().with_settings(settings).start()
    server.call("zone_add", origin=ZONE)
    for name in OWNERS:
        server.call("account_add", name=name, password=f"{PASSWORD} {name}")
        server.call("host_add", name=f"{name}.{ZONE}", account=name)
    assert all(owner_asks(server, way, name) for name in OWNERS)
    server.restart()
    with guessing(server, OWNERS, 40):
        others = (server.update(f"nobody:{number}", HOST).status for number in itertools.count())
        eventually(lambda: next(others) == 503, "too many guess")
        assert all(owner_asks(server, way, name) for name in OWNERS)
