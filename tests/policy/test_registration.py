"""What people may register."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ddns.model import names
from ddns.model.account import Registration, ZoneInfo
from ddns.model.registration import Released
from ddns.policy.registration import (
    DEFAULTS,
    RESERVED,
    Rules,
    in_quarantine,
    is_reserved,
    is_reserved_name,
    is_well_shaped,
    may_register,
)

ORIGIN = names.from_text("dyn.example")


def host(label: str) -> bytes:
    return names.host_from_text(f"{label}.dyn.example")


MEANT = """
    www WWW ns ns1 nsa mx mail smtp imap pop ftp admin api localhost wpad isatap autoconfig
    autodiscover mta-sts
"""


@pytest.mark.parametrize("label", MEANT.split())
def test_reserved_names(label: str) -> None:
    assert is_reserved_name(host(label), DEFAULTS, ())


@pytest.mark.parametrize("label", ["www1", "mx1", "n", "home", "mailer", "xn--bcher-kva"])
def test_names_that_are_not_reserved(label: str) -> None:
    assert not is_reserved_name(host(label), DEFAULTS, ())


def test_what_begins_with_an_underscore_is_reserved() -> None:
    assert is_reserved("_dmarc", RESERVED)


def test_more_reserved_names() -> None:
    rules = Rules(reserved=("bank*", "boss"))
    assert is_reserved_name(host("bank"), rules, ())
    assert is_reserved_name(host("bank-of-x"), rules, ())
    assert is_reserved_name(host("boss"), rules, ())
    assert is_reserved_name(host("www"), rules, ())
    assert not is_reserved_name(host("boss2"), rules, ())


def test_the_names_of_name_servers() -> None:
    assert is_reserved_name(host("dns"), DEFAULTS, {host("dns")})
    assert not is_reserved_name(host("dns"), DEFAULTS, {host("dns2")})


labels = st.from_regex(r"[a-z0-9](?:[a-z0-9-]{0,20}[a-z0-9])?", fullmatch=True)


@given(labels, st.lists(st.from_regex(r"[a-z0-9-]{0,4}\*?", fullmatch=True), max_size=4))
@example("bank", ["bank*"])
@example("bank", ["ban"])
@example("bank", ["*"])
def test_a_pattern_is_a_label_or_the_beginning_of_one(label: str, patterns: list[str]) -> None:
    expected = False
    for pattern in patterns:
        stem, star, _ = pattern.partition("*")
        expected |= label == stem or bool(star and label[: len(stem)] == stem)
    assert is_reserved(label, patterns) is expected


@given(st.lists(labels, min_size=1, max_size=4))
def test_a_host_has_one_label_more_than_its_zone(given_: list[str]) -> None:
    name = host(".".join(given_))
    assert not is_well_shaped(ORIGIN, ORIGIN)
    if len(given_) != 1 or "--" in given_[0][2:4]:
        assert len(given_) == 1 or not is_well_shaped(name, ORIGIN)
    else:
        assert is_well_shaped(name, ORIGIN)


@given(st.text(min_size=1, max_size=10))
@example("bücher")
@example("straße")
@example("例え")
def test_an_internationalized_name_is_well_shaped(label: str) -> None:
    try:
        name = host(label)
    except names.BadName:
        return
    if names.parent(name) == ORIGIN and not label.isascii():
        assert is_well_shaped(name, ORIGIN)


@pytest.mark.parametrize("label", ["ab--cd", "xn--a", "xn--b-c--", "xn--99999999"])
def test_labels_that_mean_nothing(label: str) -> None:
    try:
        name = host(label)
    except names.BadName:
        return
    assert not is_well_shaped(name, ORIGIN)


@pytest.mark.parametrize(
    ("registration", "owner", "member", "expected"),
    [
        (Registration.CLOSED, None, False, False),
        (Registration.CLOSED, None, True, False),
        (Registration.CLOSED, "alice", False, True),
        (Registration.CLOSED, "bob", True, False),
        (Registration.INVITATION, None, False, False),
        (Registration.INVITATION, None, True, True),
        (Registration.INVITATION, "bob", True, True),
        (Registration.OPEN, None, False, True),
        (Registration.OPEN, "bob", False, True),
    ],
)
def test_who_may_register(
    registration: Registration, owner: str | None, member: bool, expected: bool
) -> None:
    zone = ZoneInfo(ORIGIN, 1, owner, registration=registration)
    assert may_register(zone, "alice", lambda: member) is expected


def test_quarantine() -> None:
    rules = Rules(quarantine=10.0)
    released = Released(host("home"), "alice", 100.0)
    gone = Released(host("home"), None, 100.0)
    assert not in_quarantine(None, "bob", rules, 100.0)
    assert not in_quarantine(released, "alice", rules, 100.0)
    for one in (released, gone):
        assert in_quarantine(one, "bob", rules, 100.0)
        assert in_quarantine(one, "bob", rules, 109.9)
        assert not in_quarantine(one, "bob", rules, 110.0)
        assert not in_quarantine(one, "bob", rules, 50.0)  # the clock was wrong then, or is now
        assert not in_quarantine(one, "bob", Rules(quarantine=0.0), 100.0)
    assert in_quarantine(gone, "alice", rules, 105.0)


def test_the_ttl_of_a_new_host() -> None:
    assert DEFAULTS.host_ttl == 10
    assert Rules(min_ttl=60).host_ttl == 60
    assert Rules(min_ttl=1, max_ttl=5).host_ttl == 5
