"""What operators watch: requests, secondaries, samples; and copies that they download."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from ddns.api.caller import NOBODY, Caller
from ddns.api.errors import ApiError, Conflict, Forbidden, Invalid, Unauthenticated
from ddns.model import names
from ddns.model.journal import Author
from ddns.model.request_log import LoggedRequest, RequestEntry
from tests.api.refusing import refused
from tests.house import House

HOME = names.from_text("home.example.net")


def request(
    account: str | None, *hosts: bytes, asked: str, reason: str = "", user: str = "alice"
) -> LoggedRequest:
    entry = RequestEntry(1500.0, "test", "192.0.2.1", user, "agent", asked, "answer", reason)
    return LoggedRequest(account, dict.fromkeys(hosts, ("good", 0.0)), entry)


@pytest.fixture
def logged(filled: House) -> House:
    """Four requests: one that was done, two refused ones, one with wrong credentials."""
    requests = [
        request("alice", HOME, asked="done"),
        request("alice", HOME, asked="refused", reason="too many"),
        request("alice", asked="stray", reason="no host"),
        request(None, HOME, asked="failed", reason="wrong"),
    ]
    filled.running.call(
        lambda: filled.store.transact(
            Author("server", "requests", 1500.0),
            lambda transaction: transaction.log_requests(requests, 10, 10, 100),
        )
    )
    return filled


def asked(house: House, **arguments: Any) -> list[str]:
    return [one["asked"] for one in house.api("request_list", **arguments)["requests"]]


def test_requests_newest_first_and_page_by_page(logged: House) -> None:
    assert asked(logged) == ["failed", "stray", "refused", "done"]
    first = logged.api("request_list", limit=2)
    assert [one["asked"] for one in first["requests"]] == ["failed", "stray"]
    assert asked(logged, limit=2, before=first["next"]) == ["refused", "done"]


def test_what_is_told_of_a_request(logged: House) -> None:
    failed, stray, *_ = logged.api("request_list")["requests"]
    assert (failed["host"], failed["account"], failed["became"]) == (
        "home.example.net",
        "alice",
        "failed",
    )
    assert (stray["host"], stray["account"], stray["became"]) == (None, "alice", "refused")


@pytest.mark.parametrize(
    ("arguments", "found"),
    [
        ({"became": "done"}, ["done"]),
        ({"became": "refused"}, ["stray", "refused"]),
        ({"became": "failed"}, ["failed"]),
        ({"host": "home.example.net"}, ["failed", "refused", "done"]),
        ({"account": "alice"}, ["failed", "stray", "refused", "done"]),
        ({"account": "alice", "host": "home.example.net", "became": "refused"}, ["refused"]),
        ({"account": "bob"}, []),
        ({"before": 0}, []),
    ],
)
def test_requests_are_filtered(logged: House, arguments: dict[str, Any], found: list[str]) -> None:
    assert asked(logged, **arguments) == found


@pytest.mark.parametrize(
    "arguments",
    [{"became": "x"}, {"limit": 0}, {"limit": 101}, {"before": 2**63}, {"host": "a..b"}],
)
def test_filters_that_make_no_sense(filled: House, arguments: dict[str, Any]) -> None:
    refused(filled, Invalid, "request_list", **arguments)


@pytest.mark.parametrize(
    ("caller", "kind"), [(NOBODY, Unauthenticated), (Caller("alice"), Forbidden)]
)
def test_nobody_else_downloads(house: House, caller: Caller, kind: type[ApiError]) -> None:
    theirs = house.operations.acting_for(caller, "web")
    with pytest.raises(kind):
        house.running.call(theirs.backup_download)


def test_a_copy_is_whole_and_leaves_no_file(filled: House, tmp_path: Path) -> None:
    async def download() -> tuple[int, bytes]:
        size, pieces = await filled.operations.backup_download()
        return size, b"".join([piece async for piece in pieces])

    size, octets = filled.running.call(download)
    assert len(octets) == size
    copy = tmp_path / "copy.sqlite"
    copy.write_bytes(octets)
    with sqlite3.connect(copy) as connection:
        assert connection.execute("pragma integrity_check").fetchone() == ("ok",)
        assert connection.execute("select count(*) from host").fetchone() == (1,)
    connection.close()
    assert not [path for path in tmp_path.iterdir() if "download" in path.name]


def test_one_copy_at_a_time(filled: House) -> None:
    filled.server.downloading = True
    refused(filled, Conflict, "backup_download")
    filled.server.downloading = False
    filled.server.download = filled.server.download and filled.server.download / "none" / "such"
    refused(filled, ApiError, "backup_download")
    assert not filled.server.downloading


def test_the_status_says_why_a_server_is_not_ready(house: House) -> None:
    assert house.api("status")["not_ready"] == ""
    house.server.not_ready = lambda: "loading"
    assert house.api("status")["not_ready"] == "loading"


def test_accounts_are_searched_page_by_page(house: House) -> None:
    for name, email in (("alice", None), ("bob", "Robert@example.org"), ("carol", None)):
        house.api("account_add", name=name, email=email)
    house.api("account_block", name="carol", reason="a reason")

    def found(**arguments: Any) -> list[str]:
        return [one["name"] for one in house.api("account_list", **arguments)["accounts"]]

    assert found(search="LI") == ["alice"]
    assert found(search="robert@") == ["bob"]
    assert found(blocked=True) == ["carol"]
    assert found(limit=3) == found() == ["alice", "bob", "carol"]
    page = house.api("account_list", limit=2)
    assert page["next"] == "bob"
    assert found(limit=2, after="bob") == ["carol"]
    assert found(search="%") == found(search="_") == []
    refused(house, Invalid, "account_list", limit=0)
