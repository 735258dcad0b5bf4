"""Registrations of acme-dns, as operator and people make and see them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from ddns.api import export
from ddns.api.acme_dns import MAX_NOTE
from ddns.api.caller import NOBODY
from ddns.api.errors import (
    ApiError,
    Conflict,
    Exceeded,
    Forbidden,
    Invalid,
    NotFound,
)
from ddns.model import names
from ddns.model.acme_dns import OpenTo
from ddns.policy.acme_dns import AcmeDnsRules
from tests.api.refusing import refused, refused_to
from tests.house import House

ZONE = names.from_text("dyn.example")
"""Open to everybody for hosts, which must not become challenges of others."""


def rule(house: House, **changed: Any) -> None:
    house.rule(acme_dns=AcmeDnsRules(**{"zone": ZONE, **changed}))


@pytest.fixture
def named(open_house: House) -> House:
    """Whoever has an account may register."""
    rule(open_house, open_to=OpenTo.ACCOUNT)
    return open_house


def listed(house: House, **arguments: Any) -> list[Any]:
    found: list[Any] = house.api("acme_dns_list", **arguments)["registrations"]
    return found


def test_a_registration(named: House) -> None:
    made = named.person("alice", "acme_dns_add", allowfrom=["192.0.2.1/24"], note=" my\tWi-Fi ")
    password, subdomain = made.pop("password"), made["subdomain"]
    assert len(password) == 40
    assert str(UUID(subdomain)) == subdomain
    assert made == {
        "username": subdomain,
        "fulldomain": f"{subdomain}.dyn.example",
        "subdomain": subdomain,
        "allowfrom": ["192.0.2.0/24"],
    }
    (one,) = named.person("alice", "acme_dns_list")["registrations"]
    assert one == {
        **{key: made[key] for key in ("subdomain", "fulldomain", "allowfrom")},
        "account": "alice",
        "note": "my Wi-Fi",
        "created": "1970-01-01T00:16:40.000+00:00",
        "used": None,
    }
    changed = named.person("alice", "acme_dns_set", subdomain=subdomain.upper(), note="other")
    assert changed == {**one, "note": "other"} == listed(named)[0]
    assert named.person("alice", "acme_dns_remove", subdomain=subdomain) == changed
    assert listed(named) == []


def test_somebody_elses_registration_does_not_exist(named: House) -> None:
    subdomain = named.person("alice", "acme_dns_add")["subdomain"]
    before = listed(named)
    for operation, more in (("acme_dns_set", {"note": "x"}), ("acme_dns_remove", {})):
        refused_to(named, "bob", NotFound, operation, subdomain=subdomain, **more)
        refused(named, NotFound, operation, subdomain=f"{subdomain[:-1]}x", **more)
    refused_to(named, "bob", NotFound, "acme_dns_add", account="alice")
    refused_to(named, "bob", NotFound, "acme_dns_list", account="alice")
    assert named.person("bob", "acme_dns_list") == {"registrations": []}
    assert listed(named, account="alice") == listed(named) == before


@pytest.mark.parametrize(
    ("open_to", "alice", "stranger"),
    [("closed", Forbidden, Forbidden), ("account", None, Forbidden), ("open", None, None)],
)
def test_who_may_register(
    open_house: House, open_to: str, alice: type[ApiError] | None, stranger: type[ApiError] | None
) -> None:
    rule(open_house, open_to=OpenTo(open_to))
    for account, refusal in (("alice", alice), (None, stranger)):
        ask = (
            (lambda: open_house.person("alice", "acme_dns_add"))
            if account
            else (lambda: open_house.api_of(NOBODY, "acme_dns_add"))
        )
        if refusal is None:
            ask()
            assert [one["account"] for one in listed(open_house) if one["account"] == account]
        else:
            with pytest.raises(refusal):
                ask()
    assert open_house.api("acme_dns_add", account="bob")["allowfrom"] == []


def test_so_many_registrations(open_house: House) -> None:
    rule(open_house, open_to=OpenTo.OPEN, per_account=2, strangers=1)
    for _ in range(2):
        open_house.person("alice", "acme_dns_add")
    refused_to(open_house, "alice", Exceeded, "acme_dns_add")
    open_house.api("acme_dns_add")  # takes no stranger's place
    open_house.api_of(NOBODY, "acme_dns_add")
    with pytest.raises(Exceeded):
        open_house.api_of(NOBODY, "acme_dns_add")
    open_house.api("acme_dns_add", account="alice")
    subdomains = [one["subdomain"] for one in listed(open_house)]
    assert len(subdomains) == 5
    first = open_house.api("acme_dns_list", limit=3)
    rest = open_house.api("acme_dns_list", limit=3, after=first["next"])
    pages = [one["subdomain"] for one in (*first["registrations"], *rest["registrations"])]
    assert (pages, "next" in rest) == (subdomains, False)


def test_where_there_is_no_zone(open_house: House) -> None:
    open_house.rule()
    assert "set acme_dns.zone" in refused(open_house, Conflict, "acme_dns_add")
    assert "names one" in refused_to(open_house, "alice", Conflict, "acme_dns_add")
    made = open_house.api("acme_dns_add", zone="club.example")
    assert made["fulldomain"].endswith(".club.example")
    rule(open_house, open_to=OpenTo.OPEN, zone=names.from_text("auth.example"))
    assert "no zone auth.example" in refused_to(open_house, "alice", Conflict, "acme_dns_add")
    (warning,) = open_house.api("status")["warnings"]
    assert "ddns zone add auth.example" in warning
    open_house.api("zone_add", origin="auth.example")
    assert open_house.api("status")["warnings"] == []
    refused_to(open_house, "bob", Forbidden, "acme_dns_add", zone="bob.example")


@pytest.mark.parametrize(
    "arguments",
    [
        {"allowfrom": ["192.0.2.0/33"]},
        {"allowfrom": ["everywhere"]},
        {"allowfrom": [f"192.0.2.{n}" for n in range(33)]},
        {"note": "x" * (MAX_NOTE + 1)},
        {"note": "a\x1bb"},
        {"zone": "a..b"},
    ],
)
def test_what_makes_no_sense(named: House, arguments: dict[str, Any]) -> None:
    refused(named, Invalid, "acme_dns_add", **arguments)
    assert listed(named) == []


def test_nobody_has_a_host_where_challenges_are_answered(named: House) -> None:
    """Or they could answer those of others."""
    name = named.person("alice", "acme_dns_add")["fulldomain"]
    refused_to(named, "bob", Conflict, "host_add", name=name)
    refused_to(named, "bob", Invalid, "host_add", name=f"x.{name}")


def test_an_export_has_ones_own(named: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """All pages of them, and no password."""
    monkeypatch.setattr(export, "PAGE", 2)
    made = [named.person(who, "acme_dns_add") for who in ("alice", "bob", "alice", "alice")]
    found, after = [], "acme_dns"
    while after.startswith("acme_dns"):
        page = named.person("alice", "account_export", name="alice", after=after)
        found += page["items"]
        after = page["next"]
    assert found == listed(named, account="alice")
    assert len(found) == 3
    assert not any(one["password"] in str(found) for one in made)
