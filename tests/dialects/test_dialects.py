"""What holds for every dialect, those to come included."""

from __future__ import annotations

import dataclasses
import itertools
import xml.etree.ElementTree as ET
from typing import Any

import pytest

from ddns.dialects import DIALECTS
from ddns.dialects.base import Dialect, Request, change_of, split_list
from ddns.model.update import SUCCESSES, Credentials, Outcome, Result, Status, Update

SUCCESS_WORDS = ("ok", "good", "true", "updated", "success", "nochg")
"""What inadyn takes for a success, in any case and anywhere in the answer."""

PATHS = [pytest.param(dialect, path, id=path) for dialect in DIALECTS for path in dialect.paths]
ERRORS = [status for status in Status if status not in SUCCESSES]


def request_to(path: str, **changed: Any) -> Request:
    request = Request(path, {}, Credentials("alice", "secret"), "192.0.2.77", "test/1.0", 0.0)
    return dataclasses.replace(request, **changed)


def test_paths_belong_to_one_dialect() -> None:
    paths = [path for dialect in DIALECTS for path in dialect.paths]
    assert len(paths) == len(set(paths))
    assert all(path.startswith("/") and not path.endswith("/") for path in paths)
    assert len({dialect.name for dialect in DIALECTS}) == len(DIALECTS)


@pytest.mark.parametrize(("dialect", "path"), PATHS)
@pytest.mark.parametrize("status", Status)
def test_every_status_has_words(dialect: Dialect, path: str, status: Status) -> None:
    change = change_of("home.example.net", ())
    for outcome in (
        Outcome(status),
        Outcome(results=(Result(change, status, ("192.0.2.1",)),), user="alice"),
        Outcome(results=(Result(change, status),) * 3, user="alice"),
    ):
        reply = dialect.render(request_to(path), outcome)
        assert reply.body.strip()
        assert 200 <= reply.status < 600
        assert reply.status != 429  # inadyn would exit, OpenWrt hammer
        assert reply.body.encode()
        if reply.status == 401:
            assert reply.headers["WWW-Authenticate"].startswith('Basic realm="')


@pytest.mark.parametrize(("dialect", "path"), PATHS)
@pytest.mark.parametrize("status", ERRORS)
def test_no_error_reads_like_a_success(dialect: Dialect, path: str, status: Status) -> None:
    change = change_of("home.example.net", ())
    for outcome in (Outcome(status), Outcome(results=(Result(change, status),))):
        reply = dialect.render(request_to(path), outcome)
        if reply.content_type.startswith(("application/", "text/xml")):
            continue  # field names are exempt
        body = reply.body.lower()
        assert not [word for word in SUCCESS_WORDS if word in body]


@pytest.mark.parametrize(("dialect", "path"), PATHS)
def test_markup_is_well_formed(dialect: Dialect, path: str) -> None:
    reply = dialect.render(request_to(path), Outcome(Status.FAILED))
    if reply.content_type.startswith(("text/html", "text/xml", "application/xml")):
        ET.fromstring(reply.body)


@pytest.mark.parametrize(("dialect", "path"), PATHS)
@pytest.mark.parametrize("credentials", [None, Credentials("", ""), Credentials("a", "\udcff")])
def test_a_request_without_anything_parses(
    dialect: Dialect, path: str, credentials: Credentials | None
) -> None:
    for agent, peer in itertools.product(("", "x"), ("192.0.2.77", "2001:db8::77")):
        request = request_to(path, credentials=credentials, agent=agent, peer=peer)
        parsed = dialect.parse(request)
        assert isinstance(parsed, Update | Outcome)
        if isinstance(parsed, Update):
            assert parsed.credentials == credentials


@pytest.mark.parametrize("peer", ["192.0.2.77", "2001:db8::77"])
def test_pages_that_tell_the_clients_address(peer: str) -> None:
    bodies = {}
    for dialect in DIALECTS:
        for path in dialect.paths:
            request = request_to(path, peer=peer, credentials=None)
            parsed = dialect.parse(request)
            if isinstance(parsed, Outcome):
                bodies[path] = dialect.render(request, parsed).body
    assert bodies["/checkip"].strip() == (
        "<html><head><title>Current IP Check</title></head>"
        f"<body>Current IP Address: {peer}</body></html>"
    )
    assert bodies["/ip"].strip() == bodies["/myip"].strip() == peer


def test_lists() -> None:
    assert split_list("a, b,,c,") == ["a", "b", "c"]
    assert split_list(" , ") == split_list("") == []


def test_a_change_of_what_is_no_host_name() -> None:
    assert change_of("-", ()).name is None
    assert change_of("Home.example.NET", ()).host == "Home.example.NET"
