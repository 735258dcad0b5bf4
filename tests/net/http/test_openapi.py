"""The API as its description has it: whatever the description lets somebody send, or not, a server
on a TCP port answers as described, and never with a mistake of its own."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from hypothesis.strategies import booleans, sampled_from
from schemathesis import Case
from schemathesis.checks import CHECKS, load_all_checks
from twisted.web.resource import Resource
from twisted.web.server import Request

from ddns import __version__
from ddns.api import openapi
from ddns.api.caller import NOBODY, OPERATOR, Caller
from ddns.net.http.api import ApiResource
from ddns.net.http.limits import HttpLimits
from ddns.net.http.site import LimitedSite
from tests.house import House, house_at
from tests.net.reactors import PATIENCE, RunningReactor

EXAMPLES = 10
"""Calls of each operation, by callers and with arguments of all kinds."""

THERE = {
    "zone": "dyn.example",
    "origin": "dyn.example",
    "name": "home.dyn.example",
    "owner": "home.dyn.example",
    "account": "alice",
    "number": 1,
}
"""Arguments that mean something which is there."""

load_all_checks()
WANTED = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "unsupported_method",
    "allow_header_conformance",
)
CHECKED: list[Any] = [CHECKS.get_one(name) for name in WANTED]
STRICT: list[Any] = [*CHECKED, CHECKS.get_one("negative_data_rejection")]

schema = schemathesis.openapi.from_dict(openapi.document(__version__))
rejection = schema.config.checks.negative_data_rejection
rejection.expected_statuses = [*rejection.expected_statuses, "413", "431"]


def caller_of(request: Request) -> Caller:
    """Whoever the bearer token names."""
    token = (request.getHeader(b"authorization") or b"").removeprefix(b"Bearer ").decode("latin-1")
    if token == "operator":
        return OPERATOR
    return Caller(token) if token in ("alice", "bob") else NOBODY


@pytest.fixture(scope="module")
def house(running: RunningReactor, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with house_at(running, tmp_path_factory.mktemp("openapi") / "ddns.sqlite") as house:
        house.load()
        yield house


@pytest.fixture(scope="module")
def port(house: House) -> Iterator[int]:
    """Where the API is served: at the root, and below a path of a site that has more."""
    resource = ApiResource(house.operations, caller_of, "api")
    site = LimitedSite(Below(resource), house.running.reactor, HttpLimits())
    listening: Any = house.running.call(
        lambda: house.running.reactor.listenTCP(0, site, interface="127.0.0.1")
    )
    yield listening.getHost().port
    house.running.call(site.abort_connections)
    house.running.call(listening.stopListening)


class Below(Resource):
    """A resource for every path but ``/api``, below which it is as well."""

    def __init__(self, api: ApiResource) -> None:
        super().__init__()
        self._api = api

    def getChild(self, path: bytes, request: Request) -> Resource:
        if path != b"api":
            assert request.prepath is not None
            request.postpath = [request.prepath.pop(), *(request.postpath or [])]
        return self._api


def furnish(house: House) -> None:
    """See to it that :data:`THERE` is there, whatever calls have removed."""
    accounts = {account["name"] for account in house.api("account_list")["accounts"]}
    for name in {"alice", "bob"} - accounts:
        house.api("account_add", name=name)
    zones = {zone["origin"] for zone in house.api("zone_list")["zones"]}
    for origin, account in (("dyn.example", None), ("alice.example", "alice")):
        if origin not in zones:
            house.api("zone_add", origin=origin, account=account)
    house.api("zone_set", origin="dyn.example", registration="open")
    if not house.api("host_list", account="alice")["hosts"]:
        house.api("host_add", name=THERE["name"], account="alice")
    if not house.api("key_list")["keys"]:
        house.api("key_add", account="alice")


def at_something(given: Any) -> Any:
    """Arguments that are :data:`THERE`, the others as they are."""
    if not isinstance(given, dict):
        return given
    return {key: THERE.get(key, value) for key, value in given.items()}


@schema.parametrize()
@schema.given(caller=sampled_from(["operator", "alice", "nobody"]), aimed=booleans())
@settings(max_examples=EXAMPLES, suppress_health_check=list(HealthCheck), deadline=None)
def test_any_call_is_answered_as_described(
    case: Case, house: House, port: int, caller: str, aimed: bool
) -> None:
    furnish(house)
    if aimed:
        case.path_parameters = at_something(case.path_parameters)
        case.query = at_something(case.query)
        case.body = at_something(case.body)
    headers = {"Authorization": f"Bearer {caller}"}
    case.call_and_validate(
        base_url=f"http://127.0.0.1:{port}",
        headers=headers,
        checks=CHECKED if aimed else STRICT,  # what is aimed may have been wrong before
        timeout=PATIENCE,
    )


def test_what_is_too_long_is_refused_as_described(port: int) -> None:
    long = "a" * 2 * HttpLimits().body
    for status, case in (
        (431, schema["/v1/hosts"]["GET"].Case(query={"account": long})),
        (413, schema["/v1/accounts"]["POST"].Case(body={"name": long})),
    ):
        response = case.call(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE)
        assert response.status_code == status
        case.validate_response(response, checks=CHECKED)


# The document and methods ----------------------------------------------------------------------


def ask(port: int, method: str, target: str) -> tuple[http.client.HTTPResponse, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    connection.request(method, target, headers={"Authorization": "Bearer operator"})
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer, body


def test_anybody_gets_the_document(port: int) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    connection.request("GET", "/openapi.json")
    answer = connection.getresponse()
    assert (answer.status, answer.headers["Content-Type"]) == (200, "application/json")
    assert json.loads(answer.read()) == json.loads(json.dumps(openapi.document(__version__)))
    connection.request("GET", "/v1/zones")
    answer = connection.getresponse()
    assert (answer.status, answer.headers["WWW-Authenticate"]) == (401, "Bearer")
    connection.close()


def test_the_document_tells_where_the_api_is(port: int) -> None:
    for base, target in (("/", "/openapi.json"), ("/api", "/api/openapi.json")):
        _, body = ask(port, "GET", target)
        assert json.loads(body)["servers"] == [{"url": base}]
    assert ask(port, "GET", "/api/v1/zones")[1] == ask(port, "GET", "/v1/zones")[1]


@pytest.mark.parametrize(
    "target", ["/openapi.json", "/v1/zones", "/v1/hosts", "/v1/zones/alice.example/rows"]
)
def test_head_is_get_without_a_body(house: House, port: int, target: str) -> None:
    furnish(house)
    got, body = ask(port, "GET", target)
    head, nothing = ask(port, "HEAD", target)
    assert body
    assert nothing == b""
    assert (got.status, head.status) == (200, 200)
    for header in ("Content-Type", "Content-Length"):
        assert head.headers[header] == got.headers[header]


@pytest.mark.parametrize(
    ("target", "allowed"),
    [
        ("/openapi.json", "HEAD, GET"),
        ("/v1/zones", "HEAD, GET, POST"),
        ("/v1/zones/a.example", "HEAD, GET, PATCH, DELETE"),
        ("/v1/keys/1/enable", "POST"),
    ],
)
def test_what_cannot_be_done_with_a_path(port: int, target: str, allowed: str) -> None:
    for method in ("PUT", "OPTIONS", "TRACE", "BREW"):
        answer, body = ask(port, method, target)
        assert (answer.status, answer.headers["Allow"]) == (405, allowed)
        assert json.loads(body)["error"]["code"] == "method_not_allowed"
    answer, _ = ask(port, "GET", "/v1/none")
    assert (answer.status, answer.headers["Allow"]) == (404, None)
