"""Why a router is not updated: what the host's owner is shown, for every dialect."""

from __future__ import annotations

import sqlite3
from urllib.parse import quote

import pytest

from tests.clients.miniupdate_client import MiniupdateClient
from tests.conftest import ACCOUNT, HOST, Launch
from tests.processes import Server
from tests.service.dialects import UPDATES, Secrets, Update, filled, keys

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
    for secret in (*secrets.all, *WRONG.all):
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


EXCHANGED = {
    "dyndns2": "/nic/update?hostname={host}&username={key}&password=alice&myip=198.51.100.7",
    "dyndns2, short": "/v3/update?hostname={host}&user={key}&pass=alice&myip=198.51.100.7",
    "dyndns2, no host": "/nic/update?username={key}&password=alice&myip=198.51.100.7",
    "SecuritySpace": "/dns/dynamic.html?hostname={host}&username={key}&password=alice",
    "areg.php": "/areg.php?opcode=ADD&host={host}&username={key}&password=alice",
    "areg.php, as host": "/areg.php?opcode=ADD&host={key}&username={key}&password=alice",
    "DonDNS, JSON": "/json/?user={key}&apikey=alice&host={host}",
    "DonDNS, XML": "/xml/?user={key}&password=alice&host={host}",
    "DonDNS, plain": "/plain/?user={key}&apikey=alice&host={host}&ip={key}",
}


@pytest.mark.parametrize("secret", ["canary.of.a.password", "canary of+a/pass%word"])
def test_a_key_in_the_place_of_the_user_is_kept_nowhere(make_server: Launch, secret: str) -> None:
    """By whatever clients or people exchange them in."""
    settings = "[requests]\nfailed_per_host = 1000\n"
    server = filled(make_server().with_miniupdate().with_settings(settings))
    secrets = keys(server)
    exchanged = (*secrets.all, secret)
    for key in exchanged:
        for path in EXCHANGED.values():
            said = server.get(path.format(host=HOST, key=quote(key)))
            assert key not in said.body
        for path in (f"/nic/update?hostname={HOST}", f"/dns/dynamic.html?hostname={HOST}"):
            assert server.get(path, login=f"{key}:alice").status == 401
        assert server.get("/nic/update", login=f"{key}:alice").status == 401
        with MiniupdateClient("127.0.0.1", server.miniupdate_port) as client:
            assert client.login(key.replace(" ", ""), "alice").startswith("ERR")
        server.call("password_reset_request", name_or_email=key.split()[0])
    found = server.ddns("host", "show", HOST)["requests"]
    assert len(found) > len(EXCHANGED)
    assert {one["user"] for one in found} == {"…"}
    copy = server.database.with_name("copy")
    server.ddns("backup", str(copy))
    everything = copy.read_bytes() + server.log.encode() + repr(found).encode()
    for file in server.database.parent.glob(f"{server.database.name}*"):
        if file.is_file():
            everything += file.read_bytes()
    with sqlite3.connect(server.database) as connection:
        everything += "\n".join(connection.iterdump()).encode()
    for key in exchanged:
        for form in (key, quote(key), quote(key, safe=""), key.replace(" ", "+"), key.split()[0]):
            assert form.encode() not in everything
