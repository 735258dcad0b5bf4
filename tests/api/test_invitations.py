"""Invitations to a zone, and its members."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ddns.api.errors import ApiError, Exceeded, Invalid, NotFound
from ddns.api.invitations import MAX_INVITATIONS
from ddns.policy.registration import DAY
from tests.api.refusing import refused, refused_to
from tests.house import House


def invite(house: House, origin: str = "club.example", **arguments: Any) -> Any:
    return house.api("invitation_add", origin=origin, **arguments)


def listed(house: House, origin: str = "club.example") -> list[int]:
    return [one["id"] for one in house.api("invitation_list", origin=origin)["invitations"]]


def test_an_invitation(open_house: House) -> None:
    invitation = invite(open_house, uses=2, days=3)
    code = invitation.pop("code")
    assert len(code) == 24
    assert invitation == {
        "id": 1,
        "zone": "club.example",
        "uses": 2,
        "expires": "1970-01-04T00:16:40.000+00:00",
        "created": "1970-01-01T00:16:40.000+00:00",
        "by": "operator",
    }
    refused_to(open_house, "alice", NotFound, "host_add", name="a.club.example")
    joined = open_house.person("alice", "invitation_redeem", code=f" {code}\n")
    assert joined["origin"] == "club.example"
    open_house.person("alice", "host_add", name="a.club.example")
    answer = open_house.api("invitation_list", origin="club.example")
    assert answer == {"invitations": [{**invitation, "uses": 1}]}
    members = open_house.api("member_list", origin="club.example")["members"]
    assert members == [
        {"zone": "club.example", "account": "alice", "since": "1970-01-01T00:16:40.000+00:00"}
    ]


def test_the_code_is_not_kept(open_house: House, tmp_path: Path) -> None:
    code = invite(open_house)["code"]
    written = b"".join(path.read_bytes() for path in tmp_path.glob("ddns.sqlite*"))
    assert b"club" in written
    assert code.encode() not in written


def test_an_invitation_is_used_up(open_house: House) -> None:
    code = invite(open_house)["code"]
    for _ in range(2):  # who is a member already uses nothing up, nor is told that it is
        open_house.person("alice", "invitation_redeem", code=code)
        code, before = invite(open_house)["code"], code
        open_house.person("alice", "invitation_redeem", code=code)
        refused_to(open_house, "bob", NotFound, "invitation_redeem", code=before)
        assert len(listed(open_house)) == 1
        open_house.api("invitation_revoke", origin="club.example", number=listed(open_house)[0])
        code = invite(open_house)["code"]
        open_house.api("member_remove", origin="club.example", account="alice")


def test_an_invitation_that_has_expired(open_house: House) -> None:
    code = invite(open_house, days=1)["code"]
    open_house.time += DAY
    refused_to(open_house, "alice", NotFound, "invitation_redeem", code=code)
    assert listed(open_house) == []
    assert invite(open_house)["id"] == 2
    assert listed(open_house) == [2]


@pytest.mark.parametrize("code", ["", "x", "x" * 24, "\ud800", "é" * 24])
def test_codes_that_are_none(open_house: House, code: str) -> None:
    invite(open_house)
    refused_to(open_house, "alice", NotFound, "invitation_redeem", code=code)


@pytest.mark.parametrize(
    ("arguments", "kind"),
    [
        ({"uses": 0}, Invalid),
        ({"uses": 1001}, Invalid),
        ({"days": 0}, Invalid),
        ({"days": 366}, Invalid),
        ({"origin": "none.example"}, NotFound),
        ({"origin": ""}, Invalid),
    ],
)
def test_invitations_that_cannot_be(
    open_house: House, arguments: dict[str, Any], kind: type[ApiError]
) -> None:
    call = {"origin": "club.example", **arguments}
    refused(open_house, kind, "invitation_add", **call)


def test_the_operator_is_no_member(open_house: House) -> None:
    code = invite(open_house)["code"]
    refused(open_house, Invalid, "invitation_redeem", code=code)
    assert listed(open_house) == [1]


def test_the_owner_of_a_zone_invites(open_house: House) -> None:
    open_house.person("bob", "zone_set", origin="bob.example", registration="invitation")
    made = open_house.person("bob", "invitation_add", origin="bob.example")
    assert made["by"] == "bob"
    open_house.person("alice", "invitation_redeem", code=made["code"])
    open_house.person("alice", "host_add", name="a.bob.example")
    assert len(open_house.person("bob", "member_list", origin="bob.example")["members"]) == 1
    gone = open_house.person("bob", "member_remove", origin="bob.example", account="alice")
    assert gone["account"] == "alice"
    refused_to(open_house, "alice", NotFound, "host_add", name="b.bob.example")
    assert open_house.person("alice", "host_show", name="a.bob.example")["account"] == "alice"


def test_how_many_invitations_people_may_have_out(open_house: House) -> None:
    for _ in range(MAX_INVITATIONS):
        open_house.person("bob", "invitation_add", origin="bob.example")
    refused_to(open_house, "bob", Exceeded, "invitation_add", origin="bob.example")
    open_house.person("bob", "invitation_revoke", origin="bob.example", number=7)
    open_house.person("bob", "invitation_add", origin="bob.example")
    open_house.time += 7 * DAY
    open_house.person("bob", "invitation_add", origin="bob.example")
    assert len(listed(open_house, "bob.example")) == 1


def test_members_may_leave(open_house: House) -> None:
    code = invite(open_house, uses=2)["code"]
    for account in ("alice", "bob"):
        open_house.person(account, "invitation_redeem", code=code)
    refused_to(open_house, "alice", NotFound, "member_remove", origin="club.example", account="bob")
    open_house.person("alice", "member_remove", origin="club.example", account="alice")
    left = open_house.api("member_list", origin="club.example")["members"]
    assert [member["account"] for member in left] == ["bob"]


@pytest.mark.parametrize("number", [0, 99, -1, 10**30])
def test_invitations_that_are_not_there(open_house: House, number: int) -> None:
    invite(open_house)
    given = {"origin": "club.example", "number": number}
    refused(open_house, NotFound, "invitation_revoke", **given)
    refused(open_house, NotFound, "invitation_revoke", origin="dyn.example", number=1)
