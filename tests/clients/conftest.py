"""A server with every listener, for the configurations of docs/clients.md."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import certificates
from tests.clients.documented import Place
from tests.conftest import ACCOUNT, HOST, ZONE, Launch


@pytest.fixture
def place(make_server: Launch, tmp_path: Path) -> Place:
    """The host has an address already, as DonDNS wants it."""
    pair = certificates.make(tmp_path)
    server = make_server().with_https(pair.certificate, pair.private_key).with_miniupdate().start()
    server.call("zone_add", origin=ZONE)
    server.call("account_add", name=ACCOUNT)
    server.call("host_add", name=HOST, account=ACCOUNT)
    server.call("record_set", owner=HOST, type="A", rdatas=["127.0.0.1"])
    keys = {
        kind: server.call("key_add", account=ACCOUNT, kind=kind)["key"]
        for kind in ("update", "dondns", "miniupdate")
    }
    return Place(server, pair, keys["update"], keys["dondns"], keys["miniupdate"])
