"""Which requests of tools may have a large body."""

from __future__ import annotations

import dataclasses

import pytest
from twisted.web.http_headers import Headers

from ddns.config.settings import Settings
from ddns.model.account import Account, Key, KeyKind, Right
from ddns.policy import secrets
from ddns.policy.directory import Directory
from ddns.server.tool_services import ToolServices
from ddns.updates.pipeline import Pipeline
from tests.net.http_clients import Pipeline as Performing

ZONE = b"/api/v1/servers/localhost/zones/example.net."
JSON, FORM = "application/json", "application/x-www-form-urlencoded"
KEY = Key(
    *(1, "alice", KeyKind.UPDATE, secrets.digest_key("right")), rights=frozenset({Right.RECORDS})
)
SETTINGS = Settings()


def max_body(
    method: bytes = b"PATCH",
    target: bytes = ZONE,
    secret: str | None = "right",
    kind: str = JSON,
    key: Key = KEY,
) -> int:
    directory = Directory(bytes(32))
    directory.put_account(Account("alice"))
    directory.put_key(key)
    perform = Performing().perform
    pipeline = Pipeline(perform, perform, lambda: 1000.0)  # type: ignore[arg-type]
    services = ToolServices(SETTINGS, directory, pipeline, lambda: 0.0, None)
    headers = Headers({"Content-Type": [kind]})
    if secret is not None:
        headers.addRawHeader("X-API-Key", secret)
    return services.max_body(method, target, headers)


@pytest.mark.parametrize("method", [b"PATCH", b"PUT", b"POST"])
@pytest.mark.parametrize("target", [ZONE, ZONE + b"?a=/b", b"/api/v1/servers/x/zones"])
def test_changes_of_zones_are_large(method: bytes, target: bytes) -> None:
    assert max_body(method, target) == SETTINGS.tools.body > SETTINGS.http.body


@pytest.mark.parametrize(
    ("method", "target"),
    [
        (b"GET", ZONE),
        (b"POST", b"/nic/update"),
        (b"POST", b"/present"),
        (b"POST", b"/acme-dns/update"),
        (b"POST", b"/api/v1/zones"),
        (b"POST", b"/api/v1/zones?/api/v1/servers/x"),
        (b"POST", b"*"),
    ],
)
def test_nothing_else_is(method: bytes, target: bytes) -> None:
    assert max_body(method, target) == 0


@pytest.mark.parametrize("kind", [FORM, f" {FORM.upper()}; charset=utf-8", "multipart/form-data"])
def test_twisted_reads_no_large_forms(kind: str) -> None:
    assert max_body(b"POST", kind=kind) == 0
    assert max_body(b"PATCH", kind=kind) == SETTINGS.tools.body


@pytest.mark.parametrize("secret", [None, "", "wrong"])
def test_strangers_send_no_large_bodies(secret: str | None) -> None:
    assert max_body(secret=secret) == 0


def test_keys_that_change_no_records_send_none_either() -> None:
    assert max_body(key=dataclasses.replace(KEY, enabled=False)) == 0
    assert max_body(key=dataclasses.replace(KEY, rights=frozenset({Right.UPDATE}))) == 0
