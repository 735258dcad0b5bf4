"""The OpenAPI document is valid and complete, and real answers conform to it."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from openapi_spec_validator import validate

from ddns.api import openapi
from ddns.api.caller import Permission
from ddns.api.errors import SecondFactorNeeded
from ddns.api.routes import ROUTES, Route
from ddns.api.schemas import ARGUMENTS, SCHEMAS
from ddns.model.certificate import CertificateState
from ddns.model.notices import Kind
from ddns.model.relays import OpenTo
from ddns.policy.relays import RelayRules
from tests.api.browsing import Browser
from tests.api.coming import OTHER_PASSWORD, PASSWORD, App, Street, token_in
from tests.house import House, change, update

ANSWERS = {route.operation: route.answer for route in ROUTES if route.answer is not None}
STATE = CertificateState(
    directory="https://ca.example/directory",
    names=("ddns.example.net",),
    wanted=("ddns.example.net",),
    key_types=("ecdsa",),
    issuer="CA",
    expires=1_800_000_000.0,
    renewal=1_790_000_000.0,
    ordering=False,
    issued_at=None,
    failed_at=None,
    problem="",
    failures=0,
)
DOCUMENT = openapi.document("1.2.3", "/api")


def described(route: Route) -> dict[str, Any]:
    found: dict[str, Any] = DOCUMENT["paths"][route.path][route.method.lower()]
    return found


def test_the_document_is_one() -> None:
    validate(DOCUMENT)
    assert DOCUMENT["info"]["version"] == "1.2.3"
    assert DOCUMENT["servers"] == [{"url": "/api"}]


def test_it_is_of_this_table_and_of_nothing_else() -> None:
    there = {
        (method.upper(), path): operation["operationId"]
        for path, methods in DOCUMENT["paths"].items()
        for method, operation in methods.items()
    }
    assert there == {
        ("GET", "/openapi.json"): "openapi",
        **{(route.method, route.path): route.operation for route in ROUTES},
    }


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.operation)
def test_every_operation_is_described(route: Route) -> None:
    operation = described(route)
    assert operation["summary"]
    assert "``" not in operation["description"]
    assert "\n" not in operation["description"]
    operators = route.permission in (Permission.OPERATOR, Permission.MACHINE)
    assert operation.get("x-operator-only", False) is operators
    assert ("security" in operation) is (route.permission is Permission.ANYBODY)
    assert {"200", "400"} < operation["responses"].keys()
    given = {parameter["name"] for parameter in operation["parameters"]}
    body = operation.get("requestBody", {}).get("content", {})
    given |= body.get("application/json", {}).get("schema", {}).get("properties", {}).keys()
    given |= {"rows"} if "application/octet-stream" in body else set()
    method = getattr(openapi.Operations, route.operation)
    assert given == inspect.signature(method).parameters.keys() - {"self"}


def test_all_that_is_said_of_arguments_and_answers_is_used() -> None:
    names = {route.operation for route in ROUTES}
    assert ANSWERS.keys() == names - {"zone_scan"}
    said = str(DOCUMENT["paths"]) + str(SCHEMAS)
    assert [name for name in SCHEMAS if f"/schemas/{name}'" not in said and name != "Error"] == []
    arguments = {
        name
        for operation in names
        for parameter in openapi.arguments.parameters(operation)
        for name in (parameter, f"{operation}.{parameter}")
    }
    assert ARGUMENTS.keys() <= arguments


def answers(operation: str, answer: Any) -> None:
    """Fail unless an answer conforms to its schema."""
    schema = {"$ref": f"#/components/schemas/{ANSWERS[operation]}", **DOCUMENT}
    jsonschema.validate(
        answer, schema, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
    )


async def renewed() -> CertificateState:
    return STATE


def test_answers_are_as_described(house: House, tmp_path: Path) -> None:
    """Call every operation at least once and check its answer."""
    house.rule(relays=RelayRules(OpenTo.OPERATOR))
    seen: set[str] = set()

    def api(operation: str, who: str | None = None, /, **arguments: Any) -> Any:
        answer = (
            house.api(operation, **arguments)
            if who is None
            else house.person(who, operation, **arguments)
        )
        answers(operation, answer)
        seen.add(operation)
        return answer

    api("zone_add", origin="bücher.example", registration="invitation")
    api("zone_add", origin="example.net", ns=[{"name": "ns.example.net", "address": "192.0.2.1"}])
    for name in ("alice", "bob"):
        house.api("account_add", name=name)
    api("account_add", name="carol", password="correct horse")
    api("account_set", name="alice", hosts=3)
    api("account_block", name="bob", reason="a reason", days=1)
    api("account_list")
    api("account_block", name="bob", reason="a reason")
    api("account_unblock", name="bob")
    api("zone_set", origin="example.net", registration="open", addresses="any")
    api("zone_list")
    assert "followed_by" in api("zone_show", origin="bücher.example")
    assert "followed_by" not in api("zone_show", origin="bücher.example", ask=False)
    invitation = api("invitation_add", origin="bücher.example", uses=3)
    api("invitation_list", origin="bücher.example")
    api("invitation_redeem", "alice", code=invitation["code"])
    api("member_list", origin="bücher.example")
    api("invitation_revoke", origin="bücher.example", number=invitation["id"])
    api("host_add", "alice", name="straße.bücher.example", wildcard=True)
    api(
        "host_import",
        "alice",
        hosts=[{"host": "straße.bücher.example"}, {"host": "home.example.net"}, {"host": "x.y"}],
    )
    for kind in ("update", "dondns", "miniupdate"):
        key = api("key_add", "alice", kind=kind, hosts=["home.example.net"])
    house.update(update("alice", key["key"], change("home.example.net", "192.0.2.7")))
    subdomain = api("acme_dns_add", account="alice", zone="example.net")["subdomain"]
    api("acme_dns_set", "alice", subdomain=subdomain, note="www")
    assert "next" not in api("acme_dns_list")
    api("acme_dns_remove", subdomain=subdomain)
    api("notice_set", "alice", mail=["changed", "silent"], silent_days=3)
    api("notice_set", "alice", host="home.example.net", targets=[])
    hook = {"way": "webhook", "url": "https://hooks.example/x"}
    made = api("notice_target_add", "alice", host="home.example.net", **hook)
    api("notice_target_add", "alice", **hook)
    assert len(api("notice_show", "alice", host="home.example.net")["sent_to"]) == 2
    api("notice_target_remove", "alice", number=made["id"])
    alice = house.directory.account("alice")
    assert alice is not None
    api("notice_off", "alice", token=house.links.token(alice, None, Kind.CHANGED, None))
    hook = {"url": "https://hook.example/"}
    relay = api("relay_add", name="home.example.net", kind="webhook", settings=hook)["id"]
    api("relay_retry", number=relay)
    assert api("relay_list", "alice", name="home.example.net")["relays"]
    api("relay_remove", "alice", number=relay)
    key = house.api("key_add", account="alice")
    house.update(update("alice", key["key"], change("home.example.net", "192.0.2.7")))
    for operation in ("key_disable", "key_enable", "key_regenerate"):
        api(operation, number=key["id"])
    api("key_list", "alice")
    api("key_revoke", number=key["id"])
    api("record_set", "alice", owner="*.home.example.net", type="TXT", rdatas=["x", "é"])
    api("host_set", "alice", name="home.example.net", ttl=70)
    api("host_set", name="home.example.net", ttl=60)
    assert len(api("host_history", "alice", name="home.example.net")["events"]) > 4
    api("host_show", name="straße.bücher.example")
    findings = api("host_diagnosis", name="straße.bücher.example")["findings"]
    assert [one["rule"] for one in findings] == ["never-heard"]
    api("host_list")
    api("record_check", owner="home.example.net", type="A", rdatas=["192.0.2.9", "x"])
    changes = api("zone_history", origin="example.net")["events"]
    api("zone_undo", origin="example.net", position=changes[0]["position"])
    api("record_show", owner="home.example.net")
    api("record_check", owner="home.example.net", type="A", rdatas=["192.0.2.1", "x"])
    assert api("zone_history", origin="example.net")["events"]
    api("record_set", owner="undo.example.net", type="TXT", rdatas=["x"])
    last = api("zone_history", origin="example.net", limit=1)["events"][0]
    assert api("zone_undo", origin="example.net", position=last["position"])["rrset"] is None
    assert "next" in api("record_list", origin="example.net", limit=1)
    api("account_show", name="alice")
    api("account_list")
    api("account_export", name="alice")
    api("account_change", "alice", language="es")
    api("record_delete", owner="*.home.example.net")
    api("host_remove", name="home.example.net")
    api("email_set", name="carol", email="carol@example.org")
    api("password_set", name="carol", password="correct horse")
    for operation, about in people(house):
        answers(operation, about)
        seen.add(operation)
    api("member_remove", "alice", origin="bücher.example", account="alice")
    api("account_remove", name="alice")
    api("account_list", search="A", limit=1)
    api("request_list", limit=1)
    house.server.secondaries = lambda: {"192.0.2.53:53": (3, 1, 2.5)}
    assert api("secondary_list")["secondaries"]
    sampled = {"seconds": 10.0, "until": "2026-11-28T17:00:00+00:00", "series": {"queries": [1.5]}}
    house.server.samples = lambda: {"hour": sampled, "day": sampled}
    api("sample_list")
    api("check")
    api("reload")
    api("status")
    house.server.certificate = lambda: STATE
    assert api("status")["certificate"]["names"] == ["ddns.example.net"]
    house.server.renew = renewed
    api("certificate_renew")
    api("backup", file=str(tmp_path / "copy"))
    api("backup_key", file=str(tmp_path / "copy.key"))
    api("zone_import", origin="new.example", rows=b"", stage="s", last=False)
    api("zone_remove", origin="bücher.example")
    assert seen == ANSWERS.keys()


def people(house: House) -> Iterator[tuple[str, Any]]:
    """Yield the answers to a person who registers, changes everything and leaves."""
    street = Street(house)
    yield "register", street.ask("register", name="dave", password=PASSWORD, email="d@example.org")
    yield "confirm", street.ask("confirm", token=token_in(street.letter()))
    session = street.ask("log_in", name="dave", password=PASSWORD)
    yield "log_in", session
    added = street.ask_as(session["token"], "totp_add", password=PASSWORD)
    yield "totp_add", added
    app = App(house, added["secret"])
    first = street.ask_as(session["token"], "totp_confirm", code=app.code())
    yield "totp_confirm", first
    yield "second_factor_show", street.ask_as(session["token"], "second_factor_show")
    with pytest.raises(SecondFactorNeeded) as half:
        street.log_in("dave")
    jsonschema.validate(half.value.as_json(), {"$ref": "#/components/schemas/Error", **DOCUMENT})
    code = first["recovery_codes"][0]
    yield "log_in_code", street.ask("log_in_code", ticket=half.value.ticket, code=code)
    codes = street.ask_as(session["token"], "recovery_codes_add", password=PASSWORD)
    yield "recovery_codes_add", codes
    browser = Browser(street, session=session["token"])
    options = browser.ask("passkey_options", password=PASSWORD)
    yield "passkey_options", options
    credential = browser.device.make(options["options"])
    added = browser.ask("passkey_add", name="phone", credential=credential)
    yield "passkey_add", added
    options = browser.ask("passkey_login_options")
    yield "passkey_login_options", options
    signed = browser.device.use(options["options"])
    yield "passkey_log_in", browser.ask("passkey_log_in", credential=signed)
    yield "passkey_list", browser.ask("passkey_list")
    yield "passkey_remove", browser.ask("passkey_remove", number=added["passkey"]["id"])
    yield "totp_disable", street.ask_as(session["token"], "totp_disable", password=PASSWORD)
    yield "second_factor_remove", house.api("second_factor_remove", name="dave")
    yield "session_list", street.ask_as(session["token"], "session_list")
    yield "session_close_others", street.ask_as(session["token"], "session_close_others")
    (other,) = street.ask_as(street.log_in("dave"), "session_list")["sessions"][1:]
    yield "session_close", street.ask_as(session["token"], "session_close", id=other["id"])
    session = street.ask("log_in", name="dave", password=PASSWORD)
    changed = street.ask_as(session["token"], "password_change", old=PASSWORD, new=OTHER_PASSWORD)
    yield "password_change", changed
    mine = {"email": "dave@example.org", "password": OTHER_PASSWORD}
    yield "email_change", street.ask_as(changed["token"], "email_change", **mine)
    house.letters.clear()
    yield "log_out", street.ask_as(changed["token"], "log_out")
    yield (
        "password_reset_request",
        street.ask("password_reset_request", name_or_email="d@example.org"),
    )
    token = token_in(street.letter())
    yield "password_reset", street.ask("password_reset", token=token, password=PASSWORD)
    leaving = {"name": "dave", "password": PASSWORD}
    yield "account_leave", street.ask_as(street.log_in("dave"), "account_leave", **leaving)
