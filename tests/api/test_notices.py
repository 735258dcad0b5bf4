"""Who may say what an account is told, and links that switch it off."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ddns.api.errors import Conflict, Exceeded, Invalid, NotFound
from ddns.model import names
from ddns.model.account import Account
from ddns.model.notices import Kind
from tests.house import HOME, House, house_at
from tests.net.reactors import RunningReactor

HOST = "home.example.net"
HOOK = {"way": "webhook", "url": "https://hooks.example/canary"}


@pytest.fixture
def house(running: RunningReactor, tmp_path: Path) -> Iterator[House]:
    with house_at(running, tmp_path / "ddns.sqlite") as house:
        house.load()
        house.fill()
        house.api("account_add", name="bob")
        yield house


def token(house: House, host: bytes | None = HOME, kind: Kind = Kind.REFUSED) -> str:
    alice = house.directory.account("alice")
    assert alice is not None
    return house.links.token(alice, host, kind, None)


def shown(house: House, host: str | None = HOST) -> Any:
    return house.person("alice", "notice_show", host=host)


def test_a_host_is_as_its_account_unless_something_is_said_of_it(house: House) -> None:
    assert shown(house)["mail"] == ["refused", "expiring", "more"]
    assert shown(house, None)["mail"] == ["refused", "expiring", "certificate", "more"]
    house.person("alice", "notice_set", mail=["silent"], silent_days=7)
    assert (shown(house)["mail"], shown(house)["silent_days"]) == (["silent"], 7)
    house.person("alice", "notice_set", host=HOST, mail=[])
    assert (shown(house)["mail"], shown(house)["silent_days"]) == ([], 7)
    assert shown(house)["own"]
    house.person("alice", "notice_set", host=HOST, reset=True)
    assert (shown(house)["mail"], shown(house)["own"]) == (["silent"], False)


@pytest.mark.parametrize(
    ("operation", "given"),
    [
        ("notice_show", {"host": HOST}),
        ("notice_show", {"account": "alice"}),
        ("notice_set", {"host": HOST, "mail": []}),
        ("notice_set", {"account": "alice", "mail": []}),
        ("notice_target_add", {"host": HOST, **HOOK}),
        ("notice_target_add", {"account": "alice", **HOOK}),
        ("notice_target_remove", {"number": 1}),
        ("notice_target_remove", {"number": 2**70}),
        ("notice_target_remove", {"number": 0}),
    ],
)
def test_nothing_of_others(house: House, operation: str, given: dict[str, Any]) -> None:
    house.person("alice", "notice_target_add", host=HOST, **HOOK)
    with pytest.raises(NotFound):
        house.person("bob", operation, **given)


def test_the_operator_names_the_account(house: House) -> None:
    with pytest.raises(Invalid, match="account: missing"):
        house.api("notice_show")
    with pytest.raises(NotFound, match="account bob has no host"):
        house.api("notice_show", account="bob", host=HOST)
    assert house.api("notice_show", host=HOST)["account"] == "alice"


@pytest.mark.parametrize(
    "given", [{"mail": ["nonsense"]}, {"targets": ["MORE"]}, {"silent_days": -1}]
)
def test_what_makes_no_sense(house: House, given: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        house.person("alice", "notice_set", **given)
    with pytest.raises(Invalid, match="no way to send"):
        house.person("alice", "notice_target_add", way="mail", url="x")


def test_so_many_targets_and_no_more(house: House) -> None:
    for number in range(5):
        hook = {**HOOK, "url": f"{HOOK['url']}{number}"}
        made = house.person("alice", "notice_target_add", **hook)
    with pytest.raises(Exceeded):
        house.person("alice", "notice_target_add", host=HOST, **HOOK)
    house.person("alice", "notice_target_remove", number=made["id"])
    again = house.person("alice", "notice_target_add", host=HOST, **HOOK)
    assert again["secret"].startswith("whsec_")
    assert "canary" not in str(again) + str(shown(house))
    assert len({made["secret"], again["secret"]}) == 2


def test_the_same_target_twice(house: House) -> None:
    made = house.person("alice", "notice_target_add", host=HOST, **HOOK)
    with pytest.raises(Conflict, match=f"target {made['id']} leads there already") as caught:
        house.person("alice", "notice_target_add", host=HOST, **HOOK)
    assert "canary" not in str(caught.value)
    house.person("alice", "notice_target_add", **HOOK)  # of the account is another one


def test_a_link_is_about_one_thing(house: House) -> None:
    house.api("host_add", name="nas.example.net", account="alice")
    assert house.api("notice_off", token=token(house)) == {"host": HOST, "kind": "refused"}
    assert shown(house)["mail"] == ["expiring", "more"]
    assert "refused" in shown(house, "nas.example.net")["mail"]
    assert "refused" in shown(house, None)["mail"]
    house.api("notice_off", token=token(house))  # once more does no harm
    house.person("alice", "notice_set", host=HOST, mail=["refused", "expiring"])
    house.api("notice_off", token=token(house, None, Kind.EXPIRING))
    assert shown(house)["mail"] == ["refused"]
    assert "expiring" not in shown(house, "nas.example.net")["mail"]


def test_links_that_are_not_good(house: House) -> None:
    good = token(house)
    for bad in ("", "x", good[:-1], good + "A", "A" * 5000, "é", good[:20] + "x" + good[21:]):
        for operation in ("notice_off", "notice_link"):
            with pytest.raises(Invalid, match="not one of ours"):
                house.api(operation, token=bad)
    # The name of another account by now, another's host, a host that has gone.
    elsewhere = house.links.token(Account("alice", created=1.0), HOME, Kind.REFUSED, None)
    gone = token(house, names.from_text("gone.example.net"))
    for bad in (elsewhere, gone):
        with pytest.raises(Invalid, match="not one of ours"):
            house.api("notice_off", token=bad)
    house.api("host_set", name=HOST, account="bob")
    with pytest.raises(Invalid, match="not one of ours"):
        house.api("notice_off", token=good)
    assert "refused" in house.person("bob", "notice_show", host=HOST)["mail"]


def test_sealed_targets_are_no_links(house: House) -> None:
    """What is encrypted for one purpose is good for no other."""
    house.person("alice", "notice_target_add", **HOOK)
    sealed = house.running.call(
        house.store.read, lambda reading: reading.notice_targets("alice")[0].sealed
    )
    with pytest.raises(Invalid):
        house.api("notice_off", token=urlsafe_b64encode(sealed).decode().rstrip("="))


def test_they_are_in_the_export(house: House) -> None:
    house.person("alice", "notice_set", host=HOST, mail=["silent"], silent_days=7)
    house.person("alice", "notice_target_add", **HOOK)
    part = house.person("alice", "account_export", name="alice", after="notices")
    assert part["part"] == "notices"
    terms, target = part["items"]
    assert terms["terms"] == {"host": HOST, "mail": ["silent"], "targets": None, "silent_days": 7}
    assert target["target"]["shown"] == "hooks.example"
    assert "canary" not in str(part)
