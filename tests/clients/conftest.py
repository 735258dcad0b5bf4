"""A server with every listener, for the configurations of docs/clients.md."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests import certificates
from tests.clients.documented import Place
from tests.conftest import ACCOUNT, HOST, ZONE, Launch
from tests.processes import Server


def start(server: Server, folder: Path) -> certificates.Pair:
    """Start a server with every listener and a zone."""
    pair = certificates.make(folder)
    server.with_https(pair.certificate, pair.private_key).with_miniupdate().with_gnudip().start()
    server.call("zone_add", origin=ZONE)
    return pair


def furnish(server: Server, pair: certificates.Pair) -> Place:
    """Add account and host, which has an address already, as DonDNS wants it."""
    server.call("account_add", name=ACCOUNT)
    server.call("host_add", name=HOST, account=ACCOUNT)
    server.call("record_set", owner=HOST, type="A", rdatas=["192.0.2.1"])
    keys = {
        kind: server.call("key_add", account=ACCOUNT, kind=kind)["key"]
        for kind in ("update", "dondns", "miniupdate")
    }
    return Place(server, pair, keys["update"], keys["dondns"], keys["miniupdate"])


@pytest.fixture
def make_place(make_server: Launch, tmp_path: Path) -> Callable[[str], Place]:
    """Makes a place whose server, its own, has these settings."""

    def make(settings: str) -> Place:
        server = make_server().with_settings(settings)
        return furnish(server, start(server, tmp_path))

    return make


@pytest.fixture(scope="module")
def shared_server(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[Server, certificates.Pair]]:
    folder = tmp_path_factory.mktemp("place")
    server = Server(folder, "--no-sample")
    try:
        yield server, start(server, folder)
    finally:
        server.clean_up()


@pytest.fixture
def place(shared_server: tuple[Server, certificates.Pair]) -> Iterator[Place]:
    """A place whose server others have had before, but neither this account nor its host."""
    server, pair = shared_server
    yield furnish(server, pair)
    server.call("account_remove", name=ACCOUNT)
