"""The API of acme-dns: who registers, and who sets which records."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from ddns.model import names
from ddns.model.acme_dns import OpenTo
from ddns.model.journal import Author
from ddns.model.leases import DAY
from ddns.policy.acme_dns import NOTED_EVERY, AcmeDnsRules
from ddns.tools.acme_dns.api import AcmeDns
from ddns.tools.acme_dns.register import Register
from ddns.tools.acme_dns.update import CHANGES, Update
from ddns.updates.keyed_update import KeyedUpdate
from tests.house import ORIGIN, House
from tests.tools.asking import PEER, Answered, admission_of, ask, pipeline_of, texts

ONE, TWO, THREE = (letter * 43 for letter in "abc")
NOBODY = "1e0a2b3c-0000-4000-8000-000000000000"


class Client:
    """Asks without credentials, unless told otherwise."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.pipeline = pipeline_of(house)
        self.perform = self.pipeline.perform_records
        self.rule()

    def rule(self, open_to: OpenTo = OpenTo.OPEN, **changed: Any) -> None:
        """Have these rules from now on."""
        rules = AcmeDnsRules(**{"zone": ORIGIN, "open_to": open_to, **changed})
        self.house.rule(acme_dns=rules)
        admission = admission_of(self.house)
        self.tool = AcmeDns(
            Register(self.house.operations, admission, lambda: self.house.time),
            Update(self._perform, self.house.store, admission, lambda: self.house.time),
        )

    async def _perform(self, update: KeyedUpdate) -> Any:
        return await self.perform(update)

    def register(self, body: Any = None, **more: Any) -> Answered:
        return ask(self.house, self.tool, "acme-dns/register", body, **more)

    def update(self, made: Any, txt: Any, subdomain: Any = None, **more: Any) -> Answered:
        given = {"subdomain": made["subdomain"] if subdomain is None else subdomain, "txt": txt}
        headers = {"x_api_user": made["username"], "x_api_key": made["password"]}
        return ask(self.house, self.tool, "acme-dns/update", given, **{**headers, **more})

    def key(self, **terms: Any) -> tuple[str, str]:
        return "alice", self.house.api("key_add", account="alice", **terms)["key"]

    def listed(self) -> list[Any]:
        found: list[Any] = self.house.api("acme_dns_list")["registrations"]
        return found


@pytest.fixture
def client(house: House) -> Client:
    return Client(house)


@pytest.fixture
def made(client: Client) -> Any:
    return client.register().body


def test_health(client: Client) -> None:
    assert ask(client.house, client.tool, "acme-dns/health", method="GET")[:2] == (200, None)
    assert ask(client.house, client.tool, "acme-dns/health").status == 405
    for path in ("acme-dns", "acme-dns/other", "acme-dns/update/x"):
        answered = ask(client.house, client.tool, path)
        assert (answered.status, answered.body["error"]) == (404, "not_found")


@pytest.mark.parametrize(
    ("body", "networks"),
    [
        (None, []),
        ({}, []),
        ({"allowfrom": None}, []),
        ({"allowfrom": ["192.0.2.9/24", "[2001:db8::]/32"]}, ["192.0.2.0/24", "2001:db8::/32"]),
    ],
)
def test_registering(client: Client, body: Any, networks: list[str]) -> None:
    answered = client.register(body)
    assert (answered.status, answered.body["allowfrom"]) == (201, networks)
    made = answered.body
    assert list(made) == ["username", "password", "fulldomain", "subdomain", "allowfrom"]
    assert made["fulldomain"] == f"{made['subdomain']}.example.net"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"{", "malformed_json_payload"),
        (b"[]", "malformed_json_payload"),
        ({"allowfrom": "192.0.2.0/24"}, "malformed_json_payload"),
        ({"allowfrom": [1]}, "malformed_json_payload"),
        ({"allowfrom": ["192.0.2.0/33"]}, "invalid_allowfrom_cidr"),
    ],
)
def test_registrations_that_cannot_be(client: Client, body: Any, code: str) -> None:
    answered = client.register(body)
    assert (answered.status, answered.body["error"]) == (400, code)
    assert client.listed() == []


@pytest.mark.parametrize(
    ("open_to", "stranger", "account", "wrong"),
    [("closed", 403, 403, 401), ("account", 401, 201, 401), ("open", 201, 201, 401)],
)
def test_who_may_register(
    client: Client, open_to: str, stranger: int, account: int, wrong: int
) -> None:
    client.rule(OpenTo(open_to))
    login = client.key()
    assert client.register().status == stranger
    assert client.register(login=login).status == account
    assert client.register(login=("alice", "wrong")).status == wrong
    for terms in ({"hosts": ["home.example.net"]}, {"types": ["TXT"]}, {"rights": ["update"]}):
        assert client.register(login=client.key(**terms)).status == 403
    owners = [one["account"] for one in client.listed()]
    assert owners.count(None) == (stranger == 201)
    assert owners.count("alice") == (account == 201)


def test_strangers_may_have_so_many_a_day(client: Client) -> None:
    client.rule(per_day=2)
    client.register({"allowfrom": ["x"]})  # does not count
    assert [client.register().status for _ in range(3)] == [201, 201, 429]
    assert client.register(peer="192.0.2.78").status == 201
    assert client.register(login=client.key()).status == 201
    client.house.time += DAY / 2
    assert client.register().status == 201


def test_where_there_is_no_zone(client: Client) -> None:
    client.rule(zone=names.from_text("auth.example.net"))
    answered = client.register()
    assert (answered.status, answered.body["error"]) == (503, "db_error")
    assert "no zone auth.example.net" in answered.body["message"]


def test_the_two_newest_values_stay(client: Client, made: Any) -> None:
    for value in (ONE, TWO, ONE, THREE):
        assert client.update(made, value)[:2] == (200, {"txt": value})
    assert texts(client.house, made["fulldomain"]) == [ONE, THREE]
    assert client.house.in_memory() == client.house.on_disk()
    (rrset,) = client.house.api("record_show", owner=made["fulldomain"])["records"]
    assert rrset["ttl"] == 1


def test_upper_case(client: Client, made: Any) -> None:
    user = made["username"].upper()
    assert client.update(made, ONE, user, x_api_user=user).status == 200


@pytest.mark.parametrize(
    ("changed", "status", "code"),
    [
        ({"x_api_key": "wrong"}, 401, "forbidden"),
        ({"x_api_key": ""}, 401, "forbidden"),
        ({"x_api_user": NOBODY}, 401, "forbidden"),
        ({"x_api_user": "x"}, 401, "forbidden"),
        ({"subdomain": NOBODY}, 401, "forbidden"),
        ({"subdomain": "../x"}, 400, "bad_subdomain"),
        ({"subdomain": 7}, 400, "bad_subdomain"),
        ({"txt": "a" * 42}, 400, "bad_txt"),
        ({"txt": "a" * 42 + "="}, 400, "bad_txt"),
        ({"txt": None}, 400, "bad_txt"),
    ],
)
def test_updates_that_are_refused(
    client: Client, made: Any, changed: dict[str, Any], status: int, code: str
) -> None:
    answered = client.update(made, **{"txt": ONE, **changed})
    assert (answered.status, answered.body["error"]) == (status, code)
    assert texts(client.house, made["fulldomain"]) == []
    assert client.listed()[0]["used"] is None


def test_the_whole_name_as_subdomain(client: Client, made: Any) -> None:
    answered = client.update(made, ONE, made["fulldomain"])
    assert (answered.status, answered.body["error"]) == (400, "bad_subdomain")
    assert "first label of fulldomain" in answered.body["message"]


def test_names_in_the_case_that_goacmedns_sends(client: Client) -> None:
    made = client.register({"AllowFrom": ["192.0.2.0/24"]}).body
    assert made["allowfrom"] == ["192.0.2.0/24"]
    headers = {"x_api_user": made["username"], "x_api_key": made["password"]}
    body = {"SubDomain": made["subdomain"], "Txt": ONE}
    for more, status in (({}, 200), ({"txt": TWO}, 400)):
        answered = ask(client.house, client.tool, "acme-dns/update", {**body, **more}, **headers)
        assert answered.status == status
    assert texts(client.house, made["fulldomain"]) == [ONE]


def test_what_is_no_json(client: Client, made: Any) -> None:
    headers = {"x_api_user": made["username"], "x_api_key": made["password"]}
    answered = ask(client.house, client.tool, "acme-dns/update", b"{", **headers)
    assert (answered.status, answered.body["error"]) == (400, "malformed_json_payload")


def test_nobody_else_updates_it(client: Client, made: Any) -> None:
    other = client.register().body
    assert client.update(made, ONE, x_api_user=other["username"]).status == 401
    assert client.update(other, ONE, made["subdomain"]).status == 401
    assert texts(client.house, made["fulldomain"]) == []


def test_only_from_these_networks(client: Client) -> None:
    made = client.register({"allowfrom": ["192.0.2.0/28", "2001:db8::/32"]}).body
    for peer, status in ((PEER, 401), ("192.0.2.1", 200), ("2001:db8::1", 200), ("::1", 401)):
        assert client.update(made, ONE, peer=peer).status == status


def test_a_use_is_noted_once_an_hour(client: Client, made: Any) -> None:
    def used(txt: str) -> str:
        client.update(made, txt)
        return str(client.listed()[0]["used"])

    first = used(ONE)
    client.house.time += NOTED_EVERY - 1
    assert used(TWO) == first
    client.house.time += 1
    assert used(THREE) != first


def test_a_registration_that_goes_meanwhile_leaves_nothing(client: Client, made: Any) -> None:
    """It is removed after its password was found right, and before the change is made."""

    async def perform(update: KeyedUpdate) -> Any:
        author = Author("operator", "test", client.house.time)
        await client.house.store.transact(author, lambda t: t.remove_acme_dns(made["subdomain"]))
        return await client.pipeline.perform_records(update)

    client.perform = perform  # type: ignore[method-assign, assignment]
    answered = client.update(made, ONE)
    assert (answered.status, answered.body["error"]) == (401, "forbidden")
    assert texts(client.house, made["fulldomain"]) == []


def test_a_blocked_account_changes_nothing(client: Client) -> None:
    made = client.register(login=client.key()).body
    client.house.api("account_block", name="alice", reason="spam")
    answered = client.update(made, ONE)
    assert (answered.status, "spam" in answered.body["message"]) == (401, True)
    assert texts(client.house, made["fulldomain"]) == []


def test_so_many_changes(client: Client, made: Any) -> None:
    values = [f"{number:043d}" for number in range(CHANGES + 1)]
    statuses = [client.update(made, value).status for value in values]
    assert statuses == [200] * CHANGES + [429]
    assert client.update(client.register().body, ONE).status == 200


def test_what_the_request_log_shows(client: Client, made: Any) -> None:
    shown = []

    async def perform(update: KeyedUpdate) -> Any:
        shown.append(update.shown())
        return await client.pipeline.perform_records(update)

    client.perform = perform  # type: ignore[method-assign, assignment]
    assert client.update(made, ONE).status == 200
    assert shown == [f"POST /acme-dns/update {made['subdomain']}"]


def test_whose_changes_they_are(client: Client, made: Any) -> None:
    alices = client.register(login=client.key()).body
    client.update(made, ONE)
    client.update(alices, TWO)
    events = client.house.running.call(client.house.store.changes_since, 0)
    authors = [dataclasses.astuple(event.author)[:2] for event in events[-2:]]
    assert authors == [("nobody", "acme-dns"), ("alice", "acme-dns")]
