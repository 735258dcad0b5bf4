"""httpreq: who adds and takes away which values."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

import pytest

from ddns.model.update import Outcome
from ddns.tools.httpreq import HttpReq
from ddns.updates.keyed_update import KeyedUpdate
from tests.house import House
from tests.tools.asking import Answered, admission_of, ask, pipeline_of, texts

NAME = "_acme-challenge.home.example.net"
ONE, TWO = "a" * 43, "-_" + "B" * 41


class Client:
    """Asks with a key of alice's, unless told otherwise."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.pipeline = pipeline_of(house)
        self.tool = HttpReq(self._perform, house.store, admission_of(house))
        self.shown: list[str] = []
        self.login = ("alice", self.key())

    async def _perform(self, update: KeyedUpdate) -> Outcome:
        self.shown.append(update.shown())
        return await self.pipeline.perform_records(update)

    def key(self, account: str = "alice", **terms: Any) -> str:
        made: str = self.house.api("key_add", account=account, **terms)["key"]
        return made

    def ask(self, path: str, body: Any = None, **more: Any) -> Answered:
        return ask(self.house, self.tool, path, body, **{"login": self.login, **more})

    def present(self, value: str, fqdn: str = f"{NAME}.", **more: Any) -> Answered:
        return self.ask("present", {"fqdn": fqdn, "value": value}, **more)

    def cleanup(self, value: str, fqdn: str = f"{NAME}.", **more: Any) -> Answered:
        return self.ask("cleanup", {"fqdn": fqdn, "value": value}, **more)


@pytest.fixture
def client(house: House) -> Client:
    return Client(house)


def test_each_value_comes_and_goes_by_itself(client: Client) -> None:
    for value in (ONE, TWO, ONE):
        assert client.present(value)[:2] == (200, {})
    assert sorted(texts(client.house, NAME)) == sorted([ONE, TWO])
    assert client.cleanup(ONE).status == 200
    assert texts(client.house, NAME) == [TWO]
    for _ in range(2):  # also what is not there any more
        assert client.cleanup(TWO).status == 200
    assert texts(client.house, NAME) == []
    assert client.house.in_memory() == client.house.on_disk()


@pytest.mark.parametrize("domain", ["home.example.net", "*.home.example.net"])
def test_raw_mode(client: Client, domain: str) -> None:
    body = {"domain": domain, "token": "t", "keyAuth": "t.thumb"}
    digest = hashlib.sha256(b"t.thumb").digest()
    assert client.ask("present", body).status == 200
    assert texts(client.house, NAME) == [base64.urlsafe_b64encode(digest).decode().rstrip("=")]
    assert client.ask("cleanup", body).status == 200
    assert texts(client.house, NAME) == []


def test_what_the_request_log_shows(client: Client) -> None:
    """The name, and neither values nor secrets."""
    client.present(ONE)
    client.ask("cleanup", {"domain": "*.home.example.net", "token": "t", "keyAuth": "t.thumb"})
    assert client.shown == [f"POST /present {NAME}", f"POST /cleanup {NAME}"]


def test_who_may(client: Client) -> None:
    hosts = client.key(hosts=["home.example.net"], types=["TXT"])
    assert client.present(ONE, login=("home.example.net", hosts)).status == 200
    for login, status in (
        (None, 401),
        (("alice", "wrong"), 401),
        (("bob", client.login[1]), 401),
        (("alice", client.key(rights=["update"])), 403),
        (("bob", client.key("bob")), 403),
    ):
        for answered in (client.present(TWO, login=login), client.cleanup(ONE, login=login)):
            assert answered.status == status
            assert isinstance(answered.body["error"], str)
            assert ("WWW-Authenticate" in answered.headers) == (status == 401)
    assert texts(client.house, NAME) == [ONE]


@pytest.mark.parametrize(
    ("fqdn", "status"),
    [
        ("_acme-challenge.bobs.example.net", 403),
        ("_acme-challenge.example.net", 403),
        ("home.example.net", 403),
        ("_acme-challenge.example.org", 404),
        ("a..b", 400),
        (7, 400),
        (None, 400),
    ],
)
def test_names_that_it_is_not_for(client: Client, fqdn: Any, status: int) -> None:
    before = client.house.on_disk()
    assert client.present(ONE, fqdn).status == status
    assert client.cleanup(ONE, fqdn).status == status
    assert client.house.on_disk() == before


@pytest.mark.parametrize(
    "value", ["", "a" * 42, "a" * 44, "a" * 42 + "=", "a" * 42 + "é", "\n" * 43]
)
def test_values_that_answer_no_challenge(client: Client, value: str) -> None:
    assert client.present(value).status == 422
    assert texts(client.house, NAME) == []


@pytest.mark.parametrize(
    "body", [None, b"{", b"[]", {"fqdn": NAME}, {"value": ONE}, {"domain": "a"}]
)
def test_what_makes_no_sense(client: Client, body: Any) -> None:
    answered = client.ask("present", body)
    assert (answered.status, list(answered.body)) == (400, ["error"])


@pytest.mark.parametrize("key_authorization", ["t.thümb", "\ud800"])
def test_what_is_no_key_authorization(client: Client, key_authorization: str) -> None:
    body = {"domain": "home.example.net", "token": "t", "keyAuth": key_authorization}
    assert client.ask("present", body).status == 422
    assert texts(client.house, NAME) == []


@pytest.mark.parametrize("mode", ["fqdn", "domain"])
def test_half_a_character(client: Client, mode: str) -> None:
    body = {mode: "\ud800.example.net", "value": ONE, "keyAuth": "t.thumb"}
    assert client.ask("present", body).status == 400


def test_the_nearest_zone(client: Client) -> None:
    client.house.api("zone_add", origin="sub.example.net", account="alice")
    assert client.present(ONE, "_acme-challenge.sub.example.net").status == 200
    assert texts(client.house, "_acme-challenge.sub.example.net") == [ONE]


def test_other_paths_and_methods(client: Client) -> None:
    assert client.ask("present/more").status == 404
    answered = client.ask("present", method="GET")
    assert (answered.status, answered.headers["Allow"]) == (405, "POST")
