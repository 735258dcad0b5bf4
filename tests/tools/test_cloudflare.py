"""Cloudflare's API: what a key finds, and which addresses it sets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ddns.config.settings import AbuseSettings, RequestsSettings
from ddns.model.request_log import LoggedRequest
from ddns.tools.cloudflare import Cloudflare
from ddns.updates.request_log import RequestLog
from tests.house import HOME, House, house_at
from tests.net.reactors import RunningReactor
from tests.tools.asking import Answered, admission_of, ask, pipeline_of

ZONE = "client/v4/zones/example.net."
A, AAAA = (f"{ZONE}/dns_records/{kind}.home.example.net" for kind in ("A", "AAAA"))
NUMBER = 28
"""The type AAAA."""


class Client:
    """Asks with a key of alice's, unless told otherwise."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.pipeline = pipeline_of(house)
        self.pipeline.requests = RequestLog(house.store, house.running.reactor, RequestsSettings())
        self.logged: list[LoggedRequest] = []
        self.pipeline.requests.subscribe(self.logged.append)
        self.tool = Cloudflare(self.pipeline, house.store, admission_of(house))
        self.secret = self.key()

    def key(self, account: str = "alice", **terms: Any) -> str:
        made: str = self.house.api("key_add", account=account, **terms)["key"]
        return made

    def ask(self, path: str, body: Any = None, **more: Any) -> Answered:
        headers = more if "x_auth_key" in more else {"authorization": f"Bearer {self.secret}"}
        method = "GET" if body is None else "PATCH"
        answered = ask(self.house, self.tool, path, body, **{"method": method, **headers, **more})
        assert answered.body["success"] == (answered.status == 200)
        assert (answered.body["result"] is None) == bool(answered.body["errors"])
        assert bool(answered.body["errors"]) != answered.body["success"]
        return answered

    def found(self, path: str, **more: Any) -> list[tuple[str, str]]:
        """Id and content, or name, of what is listed."""
        answered = self.ask(path, **more)
        assert answered.status == 200
        assert answered.body["result_info"]["total_count"] == len(answered.body["result"])
        return [(one["id"], one.get("content", one["name"])) for one in answered.body["result"]]

    def put(self, content: Any, path: str = A, **more: Any) -> int:
        return self.ask(path, {"content": content}, **more).status

    def flush(self) -> None:
        """Have the log written, and its timer end."""
        assert self.pipeline.requests is not None
        self.house.running.call(self.pipeline.requests.stop)


@pytest.fixture
def client(house: House) -> Any:
    client = Client(house)
    yield client
    client.flush()


def test_the_way_of_a_client(client: Client) -> None:
    """A new host has no address yet, and a record for each family all the same."""
    assert client.found("client/v4/zones/?name=example.net") == [("example.net.", "example.net")]
    for path, kind, address in ((A, "A", "198.51.100.7"), (AAAA, "AAAA", "2001:db8::7")):
        records = f"{ZONE}/dns_records?type={kind}&name=home.example.net"
        record = path.rpartition("/")[2]
        assert client.found(records) == [(record, "")]
        for _ in range(2):  # nothing to change is no error
            answered = client.ask(path, {"content": address})
            assert answered.status == 200
            assert client.ask(records).body["result"] == [answered.body["result"]]
        assert client.found(records) == [(record, address)]
    assert client.house.answers() == ["198.51.100.7"]
    assert client.house.answers(HOME, NUMBER) == ["2001:db8::7"]
    assert client.house.in_memory() == client.house.on_disk()
    both = client.found(f"{ZONE}/dns_records?name=home.example.net")
    assert [content for _, content in both] == ["198.51.100.7", "2001:db8::7"]


def test_a_whole_record(client: Client) -> None:
    """What is not the server's to set has no effect, and the answer says so."""
    whole = {"type": "A", "name": "HOME.example.net", "content": "198.51.100.7", "ttl": 60}
    answered = client.ask(A, {**whole, "proxied": True}, method="PUT")
    assert answered.status == 200
    assert (answered.body["result"]["ttl"], answered.body["result"]["proxied"]) == (1, False)
    assert client.house.answers() == ["198.51.100.7"]


def test_the_answer_has_the_address_as_it_is_in_dns(client: Client) -> None:
    for _ in range(2):
        answered = client.ask(AAAA, {"content": " 2001:DB8:0::7/64 "})
        assert answered.body["result"]["content"] == "2001:db8::7"
    assert client.house.answers(HOME, NUMBER) == ["2001:db8::7"]


def test_several_addresses_become_one(client: Client) -> None:
    client.house.api(
        "record_set", owner="home.example.net", type="A", rdatas=["192.0.2.1", "192.0.2.2"]
    )
    records = f"{ZONE}/dns_records?type=A&name=home.example.net"
    assert [content for _, content in client.found(records)] == ["192.0.2.1,192.0.2.2"]
    assert client.put("192.0.2.1") == 200
    assert client.house.answers() == ["192.0.2.1"]


@pytest.mark.parametrize(
    "content",
    ["", "2001:db8::7", "0.0.0.0", "home", "\ud800", "1" * 3000, "192.0.2.1,192.0.2.2", 7, None],
)
def test_what_is_no_address(client: Client, content: Any) -> None:
    before = client.house.on_disk()
    assert client.put(content) == 400
    assert client.house.on_disk() == before


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        (A, b"{", 400),
        (A, {"content": "192.0.2.1", "type": "AAAA"}, 400),
        (A, {"content": "192.0.2.1", "name": "office.example.net"}, 400),
        (A, {"content": "192.0.2.1", "name": "\ud800"}, 400),
        (A, {"content": "192.0.2.1", "name": 7}, 400),
        (f"{ZONE}/dns_records/TXT.home.example.net", {"content": "192.0.2.1"}, 404),
        (f"{ZONE}/dns_records/A", {"content": "192.0.2.1"}, 404),
        (f"{ZONE}/dns_records/A.home.example.org", {"content": "192.0.2.1"}, 404),
        ("client/v4/zones/net./dns_records/A.home.example.net", {"content": "192.0.2.1"}, 404),
        (f"{ZONE}/dns_records/A.office.example.net", {"content": "192.0.2.1"}, 404),
        (f"{ZONE}/dns_records/A.bobs.example.net", {"content": "192.0.2.1"}, 403),
        ("client/v4/zones/a..b/dns_records/A.home.example.net", {"content": "192.0.2.1"}, 404),
        ("client/v4/zones", None, 400),
        ("client/v4/zones?name=a..b", None, 400),
        (f"{ZONE}/dns_records", None, 400),
        (ZONE, None, 404),
        ("client", None, 404),
        ("client/v4/zones", {}, 405),
        (f"{ZONE}/dns_records", {}, 405),
        (A, None, 405),
    ],
)
def test_what_makes_no_sense(client: Client, path: str, body: Any, status: int) -> None:
    before = client.house.on_disk()
    answered = client.ask(path, body)
    assert (answered.status, "Allow" in answered.headers) == (status, status == 405)
    assert client.house.on_disk() == before


def test_who_may(client: Client) -> None:
    hosts = client.key(hosts=["home.example.net"], rights=["update"])
    for user in ("alice", "home.example.net"):
        assert client.put("192.0.2.7", x_auth_email=user, x_auth_key=hosts) == 200
    for more, status in (
        ({"x_auth_email": "", "x_auth_key": hosts}, 401),
        ({"x_auth_email": "bob", "x_auth_key": hosts}, 401),
        ({"x_auth_email": "alice", "x_auth_key": "wrong"}, 401),
        ({"authorization": f"Basic {client.secret}"}, 401),
        ({"authorization": "Bearer wrong"}, 401),
        ({"authorization": f"Bearer {client.key(rights=['records'])}"}, 403),
        ({"authorization": f"Bearer {client.key('bob')}"}, 403),
    ):
        answered = client.ask(A, {"content": "192.0.2.8"}, **more)
        assert (answered.status, "WWW-Authenticate" in answered.headers) == (status, status == 401)
    assert client.house.answers() == ["192.0.2.7"]


def test_only_what_a_key_reaches_is_there(client: Client) -> None:
    """Nor is a host in a zone that it is not in."""
    house = client.house
    house.api("zone_add", origin="example.org")
    house.api("zone_add", origin="sub.example.net")
    house.api("host_add", name="a.sub.example.net", account="alice")
    assert client.found("client/v4/zones?name=example.org") == []
    assert client.found(f"{ZONE}/dns_records?type=A&name=bobs.example.net") == []
    assert client.found(f"{ZONE}/dns_records?type=A&name=a.sub.example.net") == []
    assert client.found(f"{ZONE}/dns_records?type=A&name=office.example.net") == []
    assert client.found(f"{ZONE}/dns_records?type=TXT&name=home.example.net") == []
    assert client.found(f"{ZONE}/dns_records?name=home.example.net") == []
    other = f"{ZONE}/dns_records/A.a.sub.example.net"
    assert client.put("192.0.2.7", other) == 404
    assert client.put("192.0.2.7", other.replace("/example", "/sub.example")) == 200
    only_a = client.key(types=["A"])
    client.secret = only_a
    assert client.found(f"{ZONE}/dns_records?type=AAAA&name=home.example.net") == []
    assert client.put("2001:db8::7", AAAA) == 403


def test_the_owner_of_a_zone_needs_no_host(client: Client) -> None:
    client.house.api("zone_add", origin="0/25.example", account="alice")
    (zone,) = client.found("client/v4/zones?name=0%2F25.example")
    client.house.api("zone_add", origin="example.org", account="alice")
    record = "client/v4/zones/example.org./dns_records/A.example.org"
    assert client.put("192.0.2.7", record) == 200
    assert zone == ("0=2F25.example.", "0/25.example")


def test_what_its_owner_sees_of_a_request(client: Client) -> None:
    assert client.put("192.0.2.7", user_agent="ddclient/3.10.0") == 200
    assert client.put("192.0.2.256") == 400
    good, bad = (one.entry for one in client.logged)
    assert (good.dialect, good.agent, good.status) == ("cloudflare", "ddclient/3.10.0", "good")
    assert good.asked == f"PATCH /{A}"
    assert (good.answer, good.addresses) == ("200 192.0.2.7", "A=192.0.2.7")
    assert (bad.status, bad.addresses) == ("badaddress", "A=192.0.2.256")
    assert not any(client.secret in str(one) for one in client.logged)


def test_limits_hold(running: RunningReactor, tmp_path: Path) -> None:
    """What is refused for now is a 503, as everywhere; nothing to change is none."""
    limits = AbuseSettings(change_interval=600.0, change_burst=1)
    with house_at(running, tmp_path / "ddns.sqlite", limits) as house:
        house.load()
        house.fill()
        client = Client(house)
        assert client.put("192.0.2.7") == 200
        answered = client.ask(A, {"content": "192.0.2.8"})
        assert (answered.status, answered.headers["Retry-After"]) == (503, "600")
        assert client.put("192.0.2.7") == 200
        house.api("account_block", name="alice", reason="too many")
        assert client.put("192.0.2.7") == 403
        client.flush()
        assert house.answers() == ["192.0.2.7"]
