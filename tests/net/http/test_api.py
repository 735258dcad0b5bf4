"""The API on the public listeners: who may do what with which token, and nobody's dialect is in the
way."""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher

from ddns.api.arguments import SECRETS, parameters
from ddns.api.routes import ROUTES
from ddns.dialects import DIALECTS
from ddns.net.http.api import ApiResource
from ddns.net.http.bearer import BearerAuthenticator
from ddns.net.http.site import LimitedSite
from ddns.net.http.updates import UpdateResource
from ddns.net.proxy.trust import NOBODY, Proxies
from ddns.policy import secrets
from ddns.policy.addresses import NetworkSet
from ddns.policy.token_bucket import Buckets
from tests.api.coming import EMAIL, PASSWORD, token_in
from tests.authenticators import Authenticator
from tests.house import House, house_at
from tests.net.http_clients import LOGIN, TARGET, Answer, Pipeline, Serving, request
from tests.net.pipelines import opened
from tests.net.reactors import RunningReactor


@pytest.fixture
def house(
    running: RunningReactor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[House]:
    quick = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(secrets, "_HASHER", quick)
    with house_at(running, tmp_path / "ddns.sqlite") as house:
        house.load()
        yield house


@pytest.fixture
def site(house: House, running: RunningReactor) -> Iterator[Serving]:
    with serving(house, running) as site:
        yield site


@contextmanager
def serving(
    house: House,
    running: RunningReactor,
    refused: str = "192.0.2.0/24",
    most: int | None = None,
    proxies: Proxies = NOBODY,
    url: str = "",
) -> Iterator[Serving]:
    """The API, which takes nothing from some network and *most* calls a minute."""

    async def ready() -> None:
        pass

    pipeline = Pipeline()
    gate = BearerAuthenticator(
        house.account_service.caller,
        lambda: house.time,
        refused=NetworkSet([ipaddress.ip_network(refused)]),
        calls=Buckets(most, 60.0) if most else None,
    )
    api = ApiResource(house.operations, gate, "api", ready, lambda: url)
    resource = UpdateResource(opened(pipeline.perform), DIALECTS, {b"api": api})
    site = LimitedSite(resource, running.reactor, proxies=proxies)
    port: Any = running.call(lambda: running.reactor.listenTCP(0, site, interface="127.0.0.1"))
    yield Serving(running, site, pipeline, port.getHost().port)
    running.call(site.abort_connections)
    running.call(port.stopListening)


def ask(
    site: Serving, method: str, path: str, *headers: str, session: str = "", **body: Any
) -> tuple[int, Any, Answer]:
    if session:
        headers = (*headers, f"Authorization: Bearer {session}")
    with site.connect() as client:
        octets = json.dumps(body).encode() if body else b""
        answer = client.ask(f"/api{path}", *headers, method=method, body=octets)
    assert answer.header("Content-Type") == "application/json"
    assert answer.header("Cache-Control") == "no-store"
    assert answer.header("X-Content-Type-Options") == "nosniff"
    assert answer.header("Server") == "ddns"
    assert answer.header("Set-Cookie") is None
    assert not [name for name, _ in answer.headers if name.startswith("access-control")]
    return answer.status, json.loads(answer.body), answer


def logged_in(site: Serving, house: House) -> str:
    new = {"name": "alice", "password": PASSWORD, "email": EMAIL}
    assert ask(site, "POST", "/v1/registrations", **new)[0] == 200
    token = token_in(house.letters.pop())
    assert ask(site, "POST", "/v1/confirmations", token=token)[0] == 200
    status, answer, _ = ask(site, "POST", "/v1/sessions", name="alice", password=PASSWORD)
    assert status == 200
    return str(answer["token"])


def test_from_nobody_to_somebody_and_back(site: Serving, house: House) -> None:
    session = logged_in(site, house)
    status, answer, _ = ask(site, "DELETE", "/v1/session", session=session)
    assert (status, answer) == (200, {"account": "alice"})
    status, answer, raw = ask(site, "DELETE", "/v1/session", session=session)
    assert (status, answer["error"]["code"]) == (401, "unauthenticated")
    assert raw.header("WWW-Authenticate") == "Bearer"


def test_without_a_token(site: Serving) -> None:
    status, answer, raw = ask(site, "GET", "/v1/zones")
    assert (status, answer["error"]["code"]) == (401, "unauthenticated")
    assert raw.header("WWW-Authenticate") == "Bearer"


def test_what_only_the_operator_may(site: Serving, house: House) -> None:
    session = logged_in(site, house)
    for method, path in (
        ("POST", "/v1/zones"),
        ("GET", "/v1/accounts"),
        ("PUT", "/v1/accounts/alice/password"),
        ("PUT", "/v1/accounts/alice/email"),
        ("POST", "/v1/zones/example.net/rows?stage=a"),
    ):
        status, answer, _ = ask(site, method, path, session=session)
        assert (status, answer["error"]["code"]) == (403, "forbidden"), path


@pytest.mark.parametrize(
    "header",
    [
        "Bearer",
        "Bearer ",
        "Bearer nonsense",
        "Bearer " + "x" * 43,
        "Bearer " + "x" * 5000,
        "Bearer \xff",
        "Basic YWxpY2U6cmlnaHQ=",
        "Digest x",
        "",
    ],
)
def test_a_bad_token_is_refused_whatever_is_asked(site: Serving, header: str) -> None:
    for method, path in (("GET", "/v1/zones"), ("POST", "/v1/sessions")):
        status, answer, raw = ask(site, method, path, f"Authorization: {header}")
        assert (status, answer["error"]["code"]) == (401, "unauthenticated")
        assert raw.header("WWW-Authenticate") == "Bearer"


def test_one_header_only(site: Serving, house: House) -> None:
    session = logged_in(site, house)
    header = f"Authorization: Bearer {session}"
    assert ask(site, "DELETE", "/v1/session", header, header)[0] == 401
    assert ask(site, "DELETE", "/v1/session", header)[0] == 200


def test_keys_and_passwords_do_not_count_as_tokens(site: Serving, house: House) -> None:
    logged_in(site, house)
    key = house.api("key_add", account="alice")["key"]
    for secret in (key, PASSWORD):
        assert ask(site, "DELETE", "/v1/session", session=secret)[0] == 401
    assert ask(site, "POST", "/v1/sessions", name="alice", password=key)[0] == 401


def test_a_token_in_the_query_does_not_count(site: Serving, house: House) -> None:
    session = logged_in(site, house)
    status, _, _ = ask(site, "DELETE", f"/v1/session?access_token={session}")
    assert status == 401


def raw(
    site: Serving, method: str, target: str, session: str = "", body: bytes = b""
) -> tuple[int, str]:
    with site.connect() as client:
        headers = (f"Authorization: Bearer {session}",) if session else ()
        answer = client.ask(f"/api{target}", *headers, method=method, body=body)
    return answer.status, answer.body.decode()


def test_an_argument_stands_once(site: Serving, house: House) -> None:
    """What a proxy has looked at is what is done."""
    session = logged_in(site, house)
    house.api("account_add", name="bob")
    assert raw(site, "GET", "/v1/keys?account=alice", session)[0] == 200
    for method, target, body in (
        ("GET", "/v1/accounts/alice?name=bob", b""),
        ("GET", "/v1/accounts/alice?name=alice", b""),
        ("GET", "/v1/keys?account=alice&account=bob", b""),
        ("POST", "/v1/accounts/alice/leave", b'{"name": "bob", "password": "x"}'),
        ("POST", "/v1/keys?kind=update", b'{"kind": "dondns"}'),
        ("POST", "/v1/keys", b'{"kind": "update", "kind": "dondns"}'),
        ("POST", "/v1/keys?kind=update&kind=dondns", b""),
    ):
        status, said = raw(site, method, target, session, body)
        assert (status, "twice" in said) == (400, True), (target, said)
    assert house.api("key_list") == {"keys": []}


def test_no_secret_in_a_query(site: Serving, house: House) -> None:
    session = logged_in(site, house)
    for target in (
        f"/v1/sessions?name=alice&password={PASSWORD}",
        f"/v1/accounts/alice/leave?password={PASSWORD}",
        f"/v1/password?old={PASSWORD}&new=battery%20staple",
        "/v1/confirmations?token=x",
        f"/v1/password/resets?token=x&password={PASSWORD}",
        "/v1/memberships?code=x",
    ):
        status, said = raw(site, "POST", target.replace(" ", "%20"), session)
        assert (status, "belongs in the body" in said) == (400, True), (target, said)
        assert PASSWORD not in said
    assert raw(site, "GET", "/v1/accounts/alice", session)[0] == 200


def test_every_secret_argument_is_known() -> None:
    """A new one has to be named as one, or not look like one."""
    named = {name for route in ROUTES for name in parameters(route.operation)}
    assert named >= SECRETS
    assert {name for name in named if re.search("pass|secret|token|code", name)} <= SECRETS


@pytest.mark.parametrize("url", ["", "https://localhost"])
def test_passkeys_are_for_the_site_that_the_browser_sees(
    house: House, running: RunningReactor, url: str
) -> None:
    """That of the public URL, where a proxy has ended TLS."""
    device = Authenticator(url or "http://localhost")
    with serving(house, running, url=url) as site:
        session = logged_in(site, house)
        path = "/v1/passkeys/options"
        _, answer, _ = ask(site, "POST", path, session=session, password=PASSWORD)
        credential = device.make(answer["options"])
        status, answer, _ = ask(
            *(site, "POST", "/v1/passkeys"), session=session, name="phone", credential=credential
        )
        assert (status, len(answer["recovery_codes"])) == (200, 10)
        _, answer, _ = ask(site, "POST", "/v1/passkey_logins/options")
        credential = device.use(answer["options"])
        status, answer, _ = ask(site, "POST", "/v1/passkey_logins", credential=credential)
        assert (status, answer["account"]) == (200, "alice")
        status, answer, _ = ask(site, "POST", "/v1/sessions", name="alice", password=PASSWORD)
        assert (status, answer["error"]["ways"]) == (401, ["passkey", "recovery"])


@pytest.mark.parametrize("header", ["Sec-Fetch-Site: cross-site", "Origin: https://evil.example"])
def test_no_call_for_another_site(site: Serving, house: House, header: str) -> None:
    """Neither what takes a session nor what anybody may ask for."""
    session = logged_in(site, house)
    new = {"name": "eve", "password": PASSWORD, "email": "eve@example.org"}
    for given, path, body in (
        (session, "/v1/keys", {}),
        ("", "/v1/registrations", new),
        ("", "/v1/password/requests", {"name_or_email": "alice"}),
        ("", "/v1/sessions", {"name": "alice", "password": PASSWORD}),
    ):
        status, answer, _ = ask(site, "POST", path, header, session=given, **body)
        assert (status, answer["error"]["code"]) == (403, "forbidden")
    assert house.letters == []
    assert house.api("key_list") == {"keys": []}
    assert ask(site, "DELETE", "/v1/session", header, session=session)[0] == 403
    assert ask(site, "GET", "/v1/keys", header, session=session)[0] == 200


def test_too_many(site: Serving, house: House) -> None:
    for _ in range(5):
        ask(site, "POST", "/v1/password/requests", name_or_email="alice")
    status, answer, raw = ask(site, "POST", "/v1/password/requests", name_or_email="alice")
    assert (status, answer["error"]["code"]) == (429, "too_many")
    assert 0 < int(raw.header("Retry-After") or 0) <= 720


def test_who_asks_is_counted_by_address(site: Serving, house: House) -> None:
    ask(site, "POST", "/v1/password/requests", name_or_email="alice")
    assert list(house.account_service.limits.by_network._full_at) == [bytes((127, 0, 0, 1))]


def test_behind_a_proxy_it_is_the_clients_address_that_counts(
    house: House, running: RunningReactor
) -> None:
    proxies = Proxies(NetworkSet([ipaddress.ip_network("127.0.0.1")]), header="Forwarded")
    with serving(house, running, most=2, proxies=proxies) as site:
        for last, status in ((7, 401), (7, 401), (7, 429), (8, 401), (8, 401), (8, 429)):
            header = f"Forwarded: for=203.0.113.{last}, for=198.51.100.{last}"
            assert ask(site, "GET", "/v1/zones", header)[0] == status
        header = "Forwarded: for=192.0.2.66"
        assert ask(site, "GET", "/v1/zones", header)[0] == 403
        who = "Forwarded: for=198.51.100.9"
        ask(site, "POST", "/v1/password/requests", who, name_or_email="alice")
    assert list(house.account_service.limits.by_network._full_at) == [bytes((198, 51, 100, 9))]


def test_the_journal_knows_who_did_it_and_how(site: Serving, house: House) -> None:
    session = logged_in(site, house)
    ask(site, "POST", "/v1/password", session=session, old=PASSWORD, new="another password")
    events = house.running.call(lambda: house.store.changes_since(0))
    assert [(event.author.who, event.author.via) for event in events] == [
        ("nobody", "api"),
        ("alice", "api"),
    ]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/v1/nothing", 404), ("PUT", "/v1/zones", 405), ("GET", "", 404), ("GET", "/", 404)],
)
def test_what_is_not_there(site: Serving, method: str, path: str, status: int) -> None:
    assert ask(site, method, path)[0] == status


def test_a_body_that_is_too_large(site: Serving) -> None:
    with site.connect() as client:
        answer = client.ask("/api/v1/sessions", method="POST", body=b"x" * 8193)
    assert answer.status == 413


# The dialects beside it ------------------------------------------------------------------------


def test_dialects_stay_as_they_are(site: Serving, house: House) -> None:
    session = logged_in(site, house)
    with site.connect() as client:
        assert client.ask(TARGET, LOGIN).body == b"good 127.0.0.1\n"
        answer = client.ask(TARGET, f"Authorization: Bearer {session}")
        assert answer.body == b"badauth\n"
        assert client.ask("/apis").status == 404
        assert client.ask("/v1/zones").status == 404
        assert client.ask("/").body == b"There is nothing here.\n"


def test_requests_at_once_are_answered_in_order(site: Serving) -> None:
    """The API's answers and those of dialects go out by different ways."""
    paths = ["/api/v1/zones", "/ip", "/api/openapi.json", "/api/v1/zones", "/ip"]
    with site.connect() as client:
        client.send(b"".join(map(request, paths)))
        answers = [client.answer() for _ in paths]
        assert [answer.status for answer in answers] == [401, 200, 200, 401, 200]
        addresses = [
            path for path, got in zip(paths, answers, strict=True) if got.body[:4] == b"127."
        ]
        assert addresses == ["/ip", "/ip"]


def test_a_server_without_it(site: Serving, running: RunningReactor) -> None:
    bare = UpdateResource(opened(site.pipeline.perform), DIALECTS)
    running.call(setattr, site.site, "resource", bare)
    with site.connect() as client:
        answer = client.ask("/api/v1/zones")
        assert (answer.status, answer.body) == (404, b"There is nothing here.\n")


def test_a_dialect_below_api_comes_first(site: Serving, running: RunningReactor) -> None:
    class Odd:
        name = "odd"
        paths = ("/api/v1/zones",)
        parse = DIALECTS[-1].parse
        render = DIALECTS[-1].render

    resource: Any = site.site.resource
    both = UpdateResource(opened(site.pipeline.perform), (*DIALECTS, Odd()), resource._beside)
    running.call(setattr, site.site, "resource", both)
    with site.connect() as client:
        assert client.ask("/api/v1/zones").header("Content-Type") != "application/json"
        assert client.ask("/api/v1/hosts").header("Content-Type") == "application/json"


def test_a_refused_network(house: House, running: RunningReactor) -> None:
    with serving(house, running, refused="127.0.0.0/8") as site:
        for method, path in (("GET", "/v1/zones"), ("POST", "/v1/sessions")):
            status, answer, _ = ask(site, method, path)
            assert (status, answer["error"]["code"]) == (403, "forbidden")


def test_so_many_calls_a_minute(house: House, running: RunningReactor) -> None:
    """Counted by account, or by network for who has not logged in."""
    with serving(house, running, most=5) as site:
        session = logged_in(site, house)
        asked = [ask(site, "GET", "/v1/zones", session="wrong") for _ in range(4)]
        assert [status for status, _, _ in asked] == [401, 401, 429, 429]
        assert asked[-1][2].header("Retry-After") == "12"
        asked = [ask(site, "GET", "/v1/zones", session=session) for _ in range(6)]
        assert [status for status, _, _ in asked] == [200] * 5 + [429]
        house.time += 12
        assert ask(site, "GET", "/v1/zones", session=session)[0] == 200
        assert ask(site, "GET", "/v1/zones", session=session)[0] == 429
        assert ask(site, "GET", "/v1/zones")[0] == 401
