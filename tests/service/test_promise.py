"""The promise: when a client reads ``good``, the change is answered by this server's DNS."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.conftest import ACCOUNT, HOST, ZONE
from tests.processes import Server, get_with, update_path
from tests.programs import PATIENCE

CLIENTS = 12


class Client:
    """A client with a connection that stays, and a host of its own."""

    def __init__(self, server: Server, login: str, host: str) -> None:
        self.server, self.login, self.host = server, login, host
        self.last = ""
        self.connection = http.client.HTTPConnection(
            "127.0.0.1", server.http_port, timeout=PATIENCE
        )

    def update_and_look(self, address: str) -> None:
        """Update, and ask DNS as soon as the answer is there."""
        reply = get_with(self.connection, update_path(self.host, address), self.login)
        kind = "AAAA" if ":" in address else "A"
        assert reply.body == f"good {address}\n"
        assert self.server.answers(self.host, kind) == [address], f"{self.host} {address}"
        self.last = address


def clients_of(server: Server, login: str, zone: str = ZONE) -> list[Client]:
    hosts = [f"c{number}.{zone}" for number in range(CLIENTS)]
    for host in hosts:
        server.call("host_add", name=host, account=ACCOUNT)
    return [Client(server, login, host) for host in hosts]


def all_at_once(clients: list[Client], work: Callable[[Client], None]) -> None:
    with ThreadPoolExecutor(len(clients)) as pool:
        list(pool.map(work, clients))  # raises what went wrong in any of them


def test_with_many_clients_at_once(server: Server, login: str) -> None:
    def work(client: Client) -> None:
        for number in range(15):
            client.update_and_look(f"198.51.100.{number}")
            client.update_and_look(f"2001:db8::{number + 1}")

    before = server.serial(ZONE)
    all_at_once(clients_of(server, login), work)
    assert server.serial(ZONE) > before


def test_with_several_hosts_in_one_request(server: Server, login: str) -> None:
    hosts = [client.host for client in clients_of(server, login)]
    for number in range(10):
        address = f"198.51.100.{number}"
        reply = server.update(login, ",".join(hosts), address)
        assert reply.body == f"good {address}\n" * len(hosts)
        assert [server.answers(host) for host in hosts] == [[address]] * len(hosts)


def test_offline_is_gone_and_back(server: Server, login: str) -> None:
    for _ in range(5):
        assert server.update(login, HOST, "198.51.100.7").body == "good 198.51.100.7\n"
        assert server.answers(HOST) == ["198.51.100.7"]
        assert server.update(login, HOST, offline="YES").body.startswith("good ")
        assert server.answers(HOST) == []


BIG = 20_000


def big_zone(path: Path, origin: str) -> None:
    with open(path, "w") as file:
        file.write(f"$ORIGIN {origin}.\n$TTL 300\n")
        file.write("@ IN SOA ns1 hostmaster 2030010100 3600 600 1209600 10\n@ IN NS ns1\n")
        file.write("ns1 IN A 192.0.2.1\n")
        for number in range(BIG):
            file.write(f"r{number} IN A 10.{number >> 16}.{number >> 8 & 255}.{number & 255}\n")


def test_while_a_big_zone_is_imported(
    server: Server, login: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Half of the clients update hosts in the very zone that is imported, half in another one."""
    big = "big.example"
    path = tmp_path / "big.zone"
    big_zone(path, big)
    server.ddns("zone", "add", big)
    clients = clients_of(server, login, big)[::2] + clients_of(server, login)[::2]
    done = threading.Event()
    rounds: list[int] = []

    def work(client: Client) -> None:
        number = 0
        while not done.is_set() or number < 3:
            number += 1
            client.update_and_look(f"198.51.{number >> 8}.{number & 255}")
        rounds.append(number)

    with ThreadPoolExecutor(len(clients)) as pool:
        working = [pool.submit(work, client) for client in clients]
        try:
            server.import_zones(path)
            answered = [server.answers(f"r{number}.{big}") for number in (0, 4711, BIG - 1)]
        finally:
            done.set()
        for future in working:
            future.result()
    assert f"{BIG + 3} RRsets written" in capsys.readouterr().out
    assert answered == [["10.0.0.0"], ["10.0.18.103"], ["10.0.78.31"]]
    assert len(rounds) == len(clients)
    assert server.serial(big) > 2030010100
    server.restart()
    assert server.answers(f"r{BIG - 1}.{big}") == ["10.0.78.31"]
    for client in clients:
        assert server.answers(client.host) == server.stored(client.host) == [client.last]
