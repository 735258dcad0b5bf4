"""What a PATCH asks for."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddns.model.record_changes import ChangeType, RRsetChange
from ddns.model.records import CNAME, MX, TXT, A, mx_rdata
from ddns.tools.base import ToolError
from ddns.tools.powerdns.rrset_changes import SHOWN, changes, new_rrsets, shown

ORIGIN = b"\x07example\x03net\x00"
WWW = b"\x03www" + ORIGIN


def rrset(changetype: str = "REPLACE", *contents: str, **more: object) -> dict[str, Any]:
    records = [{"content": one, "disabled": False} for one in contents]
    given = {"name": "www.example.net.", "type": "A", "changetype": changetype, "ttl": 60}
    return {**given, "records": records, **more}


def without(given: dict[str, Any], member: str) -> dict[str, Any]:
    return {name: value for name, value in given.items() if name != member}


def test_changes_of_each_kind() -> None:
    one, two = bytes((192, 0, 2, 1)), bytes((192, 0, 2, 2))
    given = [
        rrset("REPLACE", "192.0.2.1", "192.0.2.2", "192.0.2.1"),
        rrset("DELETE", "192.0.2.1", type="AAAA"),
        without(without(rrset("delete", type="TXT"), "records"), "ttl"),
        rrset("extend", "192.0.2.1"),
        without(rrset("EXTEND", '"a b"', type="TXT"), "ttl"),
        rrset("PRUNE", "192.0.2.1", ttl=5),
        rrset("REPLACE", "10 mail.example.net.", type="MX", name="example.net."),
    ]
    assert changes(given, ORIGIN) == (
        RRsetChange(WWW, A, ChangeType.REPLACE, (one, two), 60),
        RRsetChange(WWW, 28, ChangeType.DELETE),
        RRsetChange(WWW, TXT, ChangeType.DELETE),
        RRsetChange(WWW, A, ChangeType.EXTEND, (one,), 60),
        RRsetChange(WWW, TXT, ChangeType.EXTEND, (b"\x03a b",)),
        RRsetChange(WWW, A, ChangeType.PRUNE, (one,)),
        RRsetChange(ORIGIN, MX, ChangeType.REPLACE, (mx_rdata(10, b"\x04mail" + ORIGIN),), 60),
    )


def test_a_replacement_by_nothing_is_a_deletion() -> None:
    assert changes([rrset()], ORIGIN) == (RRsetChange(WWW, A, ChangeType.DELETE),)
    assert changes([], ORIGIN) == ()


def test_a_deletion_and_a_replacement_of_one_rrset() -> None:
    found = changes([rrset("DELETE"), rrset("REPLACE", "192.0.2.1")], ORIGIN)
    assert [one.action for one in found] == [ChangeType.DELETE, ChangeType.REPLACE]


def test_octodns_escapes_semicolons_and_splits_long_texts() -> None:
    content = rf'"v=DKIM1\; p={"x" * 240}" "{"y" * 10}"'
    (change,) = changes([rrset("REPLACE", content, type="TXT")], ORIGIN)
    first = b"v=DKIM1; p=" + b"x" * 240
    assert change.rdatas == (bytes((len(first),)) + first + b"\x0a" + b"y" * 10,)


def test_what_is_shown_of_changes() -> None:
    one = RRsetChange(WWW, A, ChangeType.DELETE)
    assert shown([one]) == "DELETE www.example.net. A"
    assert shown([one] * SHOWN).count("www") == SHOWN
    assert shown([one] * (SHOWN + 1)) == shown([one] * SHOWN) + ", ..."


@pytest.mark.parametrize(
    ("rrsets", "words"),
    [
        (None, "rrsets: expected a list"),
        ({}, "rrsets: expected a list"),
        (["x"], "rrsets: expected objects"),
        ([without(rrset(), "name")], "name: expected a text"),
        ([rrset(name=1)], "name: expected a text"),
        ([rrset(name="www.example.net")], "has to end in a dot"),
        ([rrset(name="a..example.net.")], "is not a domain name"),
        ([rrset(name="www.example.org.")], "www.example.org. is out of zone example.net."),
        ([rrset(name="wwwexample.net.")], "is out of zone"),
        ([rrset(type="NOTHING")], "www.example.net. NOTHING: 'NOTHING' is not a record type"),
        ([rrset(type="ANY")], "is not a type that a zone can hold"),
        ([rrset("ADD")], "changetype: 'ADD' is none of REPLACE, DELETE, EXTEND, PRUNE"),
        ([without(rrset(), "changetype")], "changetype: expected a text"),
        ([without(rrset(), "records")], "records: expected a list"),
        ([{**without(rrset(), "records"), "comments": [{}]}], "comments are not kept here"),
        ([rrset(records=["192.0.2.1"])], "records: expected objects"),
        ([rrset(records=[{}])], "content: expected a text"),
        ([rrset(records=[{"content": "192.0.2.1", "disabled": True}])], "no disabled records"),
        ([without(rrset("REPLACE", "192.0.2.1"), "ttl")], "ttl: missing"),
        ([rrset("REPLACE", "192.0.2.1", ttl="60")], "ttl: expected a number"),
        ([rrset("REPLACE", "192.0.2.1", ttl=True)], "ttl: expected a number"),
        ([rrset("REPLACE", "192.0.2.1", ttl=-1)], "a TTL is 0 to 2147483647 seconds"),
        ([rrset("REPLACE", "192.0.2.256")], "'192.0.2.256' is not A rdata"),
        ([rrset("REPLACE", "a b", type="TXT")], "'a b' has to be in quotes"),
        ([rrset("REPLACE", '"a', type="TXT")], "is not TXT rdata"),
        ([rrset("REPLACE", '"\ud800"', type="TXT")], "is not TXT rdata"),
        ([rrset("REPLACE", '"a"\n"b"', type="TXT")], "is not TXT rdata"),
        ([rrset(name="\ud800.example.net.")], "is not a domain name"),
        ([rrset(type="\ud800")], "is not a record type"),
        ([rrset("REPLACE", f'"{"x" * 256}"', type="TXT")], "is not TXT rdata"),
        ([rrset("REPLACE", "@", type="CNAME")], "@ is a zone's origin"),
        ([rrset("DELETE"), rrset("DELETE")], "Duplicate RRset www.example.net. A"),
    ],
)
def test_what_makes_no_sense(rrsets: object, words: str) -> None:
    with pytest.raises(ToolError) as caught:
        changes(rrsets, ORIGIN)
    assert caught.value.status == 422
    assert words in str(caught.value)


def test_the_rrsets_of_a_new_zone_say_nothing_of_changes() -> None:
    given = [without(rrset("", "host.example.org.", type="CNAME"), "changetype")]
    (change,) = changes(new_rrsets(given), ORIGIN)
    target = b"\x04host\x07example\x03org\x00"
    assert change == RRsetChange(WWW, CNAME, ChangeType.REPLACE, (target,), 60)
    for nonsense in ("x", ["x"]):
        with pytest.raises(ToolError):
            changes(new_rrsets(nonsense), ORIGIN)


@given(
    st.lists(
        st.fixed_dictionaries(
            {},
            optional={
                "name": st.sampled_from(["www.example.net.", "example.net.", ""]) | st.text(),
                "type": st.sampled_from(["A", "TXT", "MX", "SOA", "CNAME", ""]) | st.text(),
                "changetype": st.sampled_from([*ChangeType.__members__, ""]) | st.text(),
                "ttl": st.integers() | st.none() | st.text() | st.floats(),
                "records": st.lists(
                    st.fixed_dictionaries({"content": st.text() | st.integers()}) | st.text()
                ),
            },
        )
        | st.integers()
    )
)
def test_whatever_is_sent_is_read_or_refused_in_words(rrsets: list[object]) -> None:
    with suppress(ToolError):
        assert isinstance(changes(rrsets, ORIGIN), tuple)
