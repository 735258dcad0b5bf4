"""The table of routes has each operation once, and paths carry any argument there and back."""

from __future__ import annotations

import inspect
from urllib.parse import unquote

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ddns.api.operations import Operations
from ddns.api.routes import BY_OPERATION, ROUTES, Route, find, methods

FOR_PAGES = {"host_diagnosed", "host_overview", "backup_download", "notice_link"}
"""Operations that return what only pages can use: objects for the reader's language, what a link is
about, and a copy of the database."""


def test_every_operation_has_a_route() -> None:
    operations = {
        name
        for name, member in inspect.getmembers(Operations, inspect.iscoroutinefunction)
        if not name.startswith("_")
    }
    assert operations - FOR_PAGES == set(BY_OPERATION)
    assert len(BY_OPERATION) == len(ROUTES)


def test_every_operation_says_what_it_does() -> None:
    assert [name for name in BY_OPERATION if not getattr(Operations, name).__doc__] == []


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.operation)
def test_routes_name_arguments_of_their_operation(route: Route) -> None:
    known = inspect.signature(getattr(Operations, route.operation)).parameters
    named = {part[1:-1] for part in route.path.split("/") if part.startswith("{")}
    assert named <= known.keys()


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.operation)
@settings(max_examples=15)  # for each of a hundred routes
@given(st.text(min_size=1, max_size=20))
@example(".")
@example("..")
@example("a/b?c#d%2F&=+ \\é")
@example("*.home.example.net")
def test_a_path_carries_its_arguments(route: Route, value: str) -> None:
    try:
        value.encode()
    except UnicodeEncodeError:
        return
    named = [part[1:-1] for part in route.path.split("/") if part.startswith("{")]
    arguments = {**dict.fromkeys(named, value), "other": 5}
    path, rest = route.fill(arguments)
    assert rest == {"other": 5}
    assert path.isascii()
    assert not set("?# ") & set(path)
    found = find(route.method, path)
    assert found is not None
    assert found == (route, dict.fromkeys(named, value))


def test_numbers_are_filled_in() -> None:
    assert BY_OPERATION["key_revoke"].fill({"number": 5}) == ("/v1/keys/5", {})


@given(st.sampled_from(["GET", "POST", "PUT", "DELETE", "get"]), st.text(max_size=30))
@example("GET", "/v1/zones/")
@example("GET", "/v1/zones/a/rows/")
@example("DELETE", "/v1/zones")
@example("PUT", "/v1/zones")
def test_any_path_is_found_or_not(method: str, path: str) -> None:
    found = find(method, path)
    assert (found is not None) is (method in methods(path))
    if found is not None:
        route, arguments = found
        assert route.method == method
        assert unquote(route.fill(arguments)[0]) == unquote(path)


def test_what_a_path_can_do() -> None:
    assert methods("/v1/zones") == ["HEAD", "GET", "POST"]
    assert methods("/v1/hosts/a.b") == ["HEAD", "GET", "PATCH", "DELETE"]
    assert methods("/v1/memberships") == ["POST"]
    assert methods("/v1/sessions/code") == ["POST"]  # and no session that is called so
    assert methods("/v1/sessions/c0de") == ["DELETE"]
    assert methods("/v1/hosts/") == methods("/v1") == methods("") == []
