"""Inviting people to a zone, and joining one."""

from __future__ import annotations

import re

import pytest

from tests.house import House
from tests.pages.browsing import BASE, Browser
from tests.pages.conftest import PASSWORD

PLACE = "zones/bob.example/invitations"


@pytest.fixture
def link(bob: Browser) -> str:
    """To an invitation of bob's, as it was shown once."""
    bob.house.api("zone_set", origin="bob.example", registration="invitation")
    bob.get(f"/{PLACE}")
    bob.submit(PLACE, uses="2", days="3")
    (found,) = re.findall(rf"{re.escape(BASE)}join/[A-Za-z0-9]+", bob.page.text)
    return str(found)


def members(house: House) -> list[str]:
    found = house.api("member_list", origin="bob.example")["members"]
    return [one["account"] for one in found]


def test_an_invitation_is_shown_once(bob: Browser, link: str) -> None:
    assert "svg" in [tag for tag, _ in bob.page.tags]
    assert ("code", {"id": "link"}) in bob.page.tags
    page = bob.get(f"/{PLACE}")
    assert link.rpartition("/")[2] not in bob.text
    assert "bob, " in page.text


def test_whoever_has_the_link_joins_after_logging_in(house: House, bob: Browser, link: str) -> None:
    house.api("account_add", name="alice", password=PASSWORD)
    alice = Browser(house)
    alice.get(link)
    assert "login" in alice.url
    alice.submit("login", name="alice", password=PASSWORD)
    assert alice.url == link
    assert members(house) == []
    alice.submit(link.removeprefix(BASE))
    assert "You are a member now" in alice.page.text
    assert "bob.example" in alice.page.text
    assert members(house) == ["alice"]


def test_a_revoked_link_leads_nowhere(alice: Browser, bob: Browser, link: str) -> None:
    bob.get(f"/{PLACE}")
    bob.submit(f"{PLACE}/1/revoke")
    assert "Revoked" in bob.page.text
    alice.get(link)
    alice.submit(link.removeprefix(BASE))
    assert alice.answer.status == 404
    assert "no such invitation" in alice.page.text
    assert members(bob.house) == []


def test_members_are_removed(alice: Browser, bob: Browser, link: str) -> None:
    alice.get(link)
    alice.submit(link.removeprefix(BASE))
    page = bob.get(f"/{PLACE}")
    assert "alice" in page.text
    bob.submit("zones/bob.example/members/alice/remove")
    assert members(bob.house) == []


@pytest.mark.parametrize("uses", ["", "0", "x", "1001", "9" * 30, "-1"])
def test_numbers_that_cannot_be(bob: Browser, uses: str) -> None:
    bob.get(f"/{PLACE}")
    page = bob.submit(PLACE, uses=uses, days="3")
    assert bob.answer.status == 400
    assert 'role="alert"' in bob.text
    assert page.is_harmless()
    assert bob.house.api("invitation_list", origin="bob.example")["invitations"] == []
