"""Which RRsets may stand at an owner name of a zone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddns.model import names
from ddns.model.records import AAAA, CNAME, DNAME, MX, NS, NSEC, RRSIG, SOA, TXT, A
from ddns.policy import rrset_rules
from ddns.policy.rrset_rules import KEY

APEX = names.from_text("example.net")
BELOW = names.from_text("home.example.net")
TYPES = st.sampled_from([A, NS, CNAME, SOA, MX, TXT, AAAA, DNAME, RRSIG, NSEC, KEY, 65280])


@pytest.mark.parametrize("number", [SOA, CNAME, DNAME])
def test_singletons_have_one_record(number: int) -> None:
    assert not rrset_rules.has_too_many(number, 0)
    assert not rrset_rules.has_too_many(number, 1)
    assert rrset_rules.has_too_many(number, 2)


@pytest.mark.parametrize("number", [A, AAAA, NS, MX, TXT, RRSIG, NSEC, KEY, 65280])
def test_other_types_have_any_number(number: int) -> None:
    assert not rrset_rules.has_too_many(number, 1000)


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [
        (set(), False),
        ({CNAME}, False),
        ({CNAME, RRSIG, NSEC, KEY}, False),
        ({RRSIG, NSEC, KEY}, False),
        ({A, AAAA, MX}, False),
        ({CNAME, A}, True),
        ({CNAME, DNAME}, True),
        ({CNAME, SOA}, True),
        ({CNAME, RRSIG, TXT}, True),
    ],
)
def test_a_cname_stands_alone(numbers: set[int], expected: bool) -> None:
    assert rrset_rules.has_cname_and_other_data(numbers) is expected


@given(st.sets(TYPES))
def test_without_a_cname_everything_goes_together(numbers: set[int]) -> None:
    assert not rrset_rules.has_cname_and_other_data(numbers - {CNAME})


@given(st.sets(TYPES), TYPES)
def test_less_data_breaks_no_rule(numbers: set[int], gone: int) -> None:
    if not rrset_rules.has_cname_and_other_data(numbers):
        assert not rrset_rules.has_cname_and_other_data(numbers - {gone})


def test_an_soa_stands_at_the_apex() -> None:
    assert not rrset_rules.is_misplaced_soa(SOA, APEX, APEX)
    assert rrset_rules.is_misplaced_soa(SOA, BELOW, APEX)
    assert not rrset_rules.is_misplaced_soa(NS, BELOW, APEX)


def test_the_apex_is_no_alias() -> None:
    assert rrset_rules.is_apex_cname(CNAME, APEX, APEX)
    assert not rrset_rules.is_apex_cname(CNAME, BELOW, APEX)
    assert not rrset_rules.is_apex_cname(DNAME, APEX, APEX)  # RFC 6672 2.3


@given(TYPES)
def test_the_apex_keeps_its_soa_and_ns(number: int) -> None:
    assert rrset_rules.is_required(number, APEX, APEX) is (number in (SOA, NS))
    assert not rrset_rules.is_required(number, BELOW, APEX)
