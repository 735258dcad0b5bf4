"""The page of the services that a host is passed on to."""

from __future__ import annotations

import dataclasses
from functools import partial
from typing import Any

import pytest

from ddns.model.journal import Author
from ddns.model.relays import HostAddresses, OpenTo, Trouble
from ddns.policy.relays import RelayRules
from tests.house import House
from tests.pages.browsing import Browser

NAME = "home.dyn.example"
PLACE = f"hosts/{NAME}/relays"


@pytest.fixture
def passing(alice: Browser) -> Browser:
    """Alice's, who may pass her host on."""
    alice.house.person("alice", "host_add", name=NAME)
    alice.house.rule(relays=RelayRules(OpenTo.ACCOUNTS))
    reopened = Browser(alice.house)
    reopened.cookies = alice.cookies
    return reopened


def listed(house: House) -> list[Any]:
    found: list[Any] = house.person("alice", "relay_list", name=NAME)["relays"]
    return found


def test_from_adding_to_removing(passing: Browser) -> None:
    page = passing.get(f"/hosts/{NAME}")
    assert "To no other service." in page.text
    passing.get(f"/hosts/{NAME}/relays")
    page = passing.get(f"/hosts/{NAME}/relays?kind=duckdns")
    assert "Pass it on by duckdns" in page.text
    page = passing.submit(PLACE, domain="home", token="canary")
    (one,) = listed(passing.house)
    assert one["settings"]["domain"] == "home"
    for words in ("The relay is set", "www.duckdns.org", "waits for its turn"):
        assert words in page.text
    assert "canary" not in page.body
    page = passing.submit(f"{PLACE}/1/retry")
    assert "It is tried now." in page.text
    page = passing.submit(f"{PLACE}/1/remove")
    assert "The relay is gone." in page.text
    assert listed(passing.house) == []


def test_the_secret_of_a_webhook_is_shown_once(passing: Browser) -> None:
    passing.get(f"/hosts/{NAME}/relays?kind=webhook")
    page = passing.submit(PLACE, url="https://hook.example/")
    assert "this once only" in page.text
    assert "this once only" not in passing.get(f"/hosts/{NAME}/relays").text


def test_what_is_refused_says_why(passing: Browser) -> None:
    passing.get(f"/hosts/{NAME}/relays?kind=webhook")
    page = passing.submit(PLACE, url="https://10.0.0.1/", secret="canary" * 6)
    assert "it cannot be reached from here: 10.0.0.1 is not a public address" in page.text
    assert "canary" not in page.body
    assert 'value="https://10.0.0.1/"' in page.body


def test_how_it_stands(passing: Browser) -> None:
    house = passing.house
    house.person("alice", "relay_add", name=NAME, kind="webhook", settings={"url": "https://h.ex"})
    for trouble, words in (
        (Trouble.PASSING, "did not work, is tried again"),
        (Trouble.LASTING, "refused: something has to be changed"),
    ):

        def work(transaction: Any, trouble: Trouble = trouble) -> None:
            state = dataclasses.replace(
                transaction.relay(1),
                delivered=HostAddresses("192.0.2.99"),
                next=2000.0,
                tried=1000.0,
                result="<b>it refuses</b>",
                trouble=trouble,
            )
            transaction.put_relay_state(state)

        house.running.call(partial(house.store.transact, Author("a", "b", 1.0), work))
        for place in (f"/hosts/{NAME}", f"/hosts/{NAME}/relays"):
            page = passing.get(place)
            for shown in (words, "192.0.2.99", "<b>it refuses</b>"):
                assert shown in page.text


def test_where_only_the_operator_sets_them(passing: Browser) -> None:
    passing.house.rule(relays=RelayRules(OpenTo.OPERATOR))
    reopened = Browser(passing.house)
    reopened.cookies = passing.cookies
    assert "Passed on" not in reopened.get(f"/hosts/{NAME}").text
    page = reopened.get(f"/hosts/{NAME}/relays?kind=duckdns")
    assert "only the operator sets relays" in page.text
