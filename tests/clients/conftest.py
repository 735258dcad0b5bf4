"""A server with every listener, for the configurations of docs/clients.md."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests import certificates
from tests.clients.documented import Place
from tests.conftest import ACCOUNT, HOST, ZONE, Launch


@pytest.fixture
def make_place(make_server: Launch, tmp_path: Path) -> Callable[[str], Place]:
    """Makes a place whose server has these settings, or those that suit most tests."""

    def make(settings: str) -> Place:
        pair = certificates.make(tmp_path)
        server = (
            make_server()
            .with_https(pair.certificate, pair.private_key)
            .with_miniupdate()
            .with_gnudip()
        )
        if settings:
            server.with_settings(settings)
        server.start()
        server.call("zone_add", origin=ZONE)
        server.call("account_add", name=ACCOUNT)
        server.call("host_add", name=HOST, account=ACCOUNT)
        server.call("record_set", owner=HOST, type="A", rdatas=["192.0.2.1"])
        keys = {
            kind: server.call("key_add", account=ACCOUNT, kind=kind)["key"]
            for kind in ("update", "dondns", "miniupdate")
        }
        return Place(server, pair, keys["update"], keys["dondns"], keys["miniupdate"])

    return make


@pytest.fixture
def place(make_place: Callable[[str], Place]) -> Place:
    """The host has an address already, as DonDNS wants it."""
    return make_place("")
