"""Why a router is not updated: what the host's owner is shown, for every dialect."""

from __future__ import annotations

import dataclasses
import sqlite3

import pytest

from tests.conftest import ACCOUNT, HOST, Launch
from tests.processes import Server
from tests.service.dialects import UPDATES, Secrets, Update
from tests.service.test_dialects import filled

every_dialect = pytest.mark.parametrize("update", UPDATES.values(), ids=UPDATES)

WRONG = Secrets("canary-one-wrong", "canary-two-wrong", "canary-3-wrong")


@pytest.fixture
def server(make_server: Launch) -> Server:
    return filled(make_server().with_miniupdate())


@every_dialect
def test_a_host_shows_its_last_requests(server: Server, secrets: Secrets, update: Update) -> None:
    said = [update(server, given, "198.51.100.7")[1] for given in (secrets, WRONG, secrets)]
    found = server.ddns("host", "show", HOST)["requests"]
    account = server.ddns("account", "show", ACCOUNT)["requests"]
    mine = [one for one in found if not one["failed"]]
    assert len(mine) == 2
    for one, told in zip(mine, (said[2], said[0]), strict=True):
        assert one["answer"].removeprefix("200 ").strip()[:60] == told.strip()[:60]
        assert HOST in one["asked"]
        assert "198.51.100.7" in one["asked"]
        assert (one["peer"], one["user"]) == ("127.0.0.1", ACCOUNT)
    wrong = [one for one in (*found, *account) if one["failed"]]
    assert len(wrong) == 1  # miniupdate's client does not come as far as to name the host
    shown = server.try_ddns("host", "show", HOST).stdout + repr((found, account))
    everything = server.database.read_bytes() + server.log.encode() + shown.encode()
    with sqlite3.connect(server.database) as connection:
        everything += "\n".join(connection.iterdump()).encode()
    for secret in (*dataclasses.astuple(secrets), *dataclasses.astuple(WRONG)):
        assert secret.encode() not in everything
    server.kill()
    server.start()
    assert server.ddns("host", "show", HOST)["requests"] == found


def test_a_name_that_is_wrong_is_shown_with_the_account(server: Server, secrets: Secrets) -> None:
    login = f"{ACCOUNT}:{secrets.update}"
    assert server.update(login, "hmoe.example.net", "198.51.100.7").body == "nohost\n"
    (one,) = server.ddns("account", "show", ACCOUNT)["requests"]
    assert one["asked"] == "/nic/update?hostname=hmoe.example.net&myip=198.51.100.7"
    assert one["answer"] == "200 nohost"
    shown = server.try_ddns("account", "show", ACCOUNT).stdout
    told = "  told: 200 nohost\n  because: there is no such host to update\n"
    assert f"{told}  program: ddns-tests/1.0\n" in shown


def test_what_no_dialect_knows_is_left_out(server: Server, secrets: Secrets) -> None:
    login = f"{ACCOUNT}:{secrets.update}"
    path = f"/nic/update?hostname={HOST}&password=canary&token=canary&canary=1&myip=198.51.100.7"
    assert server.get(path, login=login).body == "good 198.51.100.7\n"
    (one,) = server.ddns("host", "show", HOST)["requests"]
    assert one["asked"] == f"/nic/update?hostname={HOST}&…&…&…&myip=198.51.100.7"


def test_the_first_401_of_wget_is_no_request(server: Server) -> None:
    assert server.get(f"/nic/update?hostname={HOST}").status == 401
    assert server.ddns("host", "show", HOST)["requests"] == []
