"""Checking the arguments of a call by their types."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddns.api.arguments import arguments
from ddns.api.errors import Invalid


@pytest.mark.parametrize(
    ("operation", "given_", "texts", "expected"),
    [
        ("zone_list", {}, {}, {}),
        ("zone_add", {"origin": "a"}, {}, {"origin": "a"}),
        (
            "zone_add",
            {"origin": "a", "ns": [{"name": "n", "address": None}], "account": None},
            {},
            None,
        ),
        ("host_add", {"name": "a.b", "account": "c", "ttl": 5}, {}, None),
        ("host_add", {"name": "a.b", "account": "c", "ttl": None}, {}, None),
        ("host_list", {}, {"account": "a"}, {"account": "a"}),
        ("host_list", {}, {"account": "5"}, {"account": "5"}),
        ("key_revoke", {}, {"number": "5"}, {"number": 5}),
        ("key_revoke", {}, {"number": "-5"}, {"number": -5}),
        ("record_set", {"owner": "a", "type": "A", "rdatas": ["x", "y"]}, {}, None),
        (
            "zone_import",
            {"rows": b""},
            {"origin": "a", "stage": "1", "last": "false", "serial": "7"},
            {"rows": b"", "origin": "a", "stage": "1", "last": False, "serial": 7},
        ),
    ],
)
def test_good_calls(
    operation: str, given_: dict[str, Any], texts: dict[str, str], expected: dict[str, Any] | None
) -> None:
    assert arguments(operation, given_, texts) == (given_ if expected is None else expected)


@pytest.mark.parametrize(
    ("operation", "given_", "texts", "about"),
    [
        ("zone_add", {}, {}, "origin: missing"),
        ("zone_list", {"x": 1}, {}, "'x'"),
        ("zone_list", {"self": 1}, {}, "'self'"),
        ("zone_list", {}, {"x": "1"}, "'x'"),
        ("zone_add", {"origin": 5}, {}, "origin: expected a string"),
        ("zone_add", {"origin": "\ud800"}, {}, "origin: expected a string"),
        ("record_set", {"owner": "a", "type": "A", "rdatas": ["\ud800"]}, {}, "rdatas:"),
        ("zone_add", {"origin": "a", "ns": [{"name": "\ud800"}]}, {}, "ns:"),
        ("zone_add", {"origin": None}, {}, "origin: expected a string"),
        ("zone_add", {"origin": "a", "ns": "b"}, {}, "ns:"),
        ("zone_add", {"origin": "a", "ns": ["b"]}, {}, "ns:"),
        ("zone_add", {"origin": "a", "ns": [{"name": 5}]}, {}, "ns:"),
        ("zone_add", {"origin": "a", "account": 5}, {}, "account:"),
        ("host_add", {"name": "a", "account": "b", "ttl": "5"}, {}, "ttl:"),
        ("host_add", {"name": "a", "account": "b", "ttl": True}, {}, "ttl:"),
        ("host_add", {"name": "a", "account": "b", "ttl": 5.0}, {}, "ttl:"),
        ("record_set", {"owner": "a", "type": "A", "rdatas": "b"}, {}, "rdatas:"),
        ("record_set", {"owner": "a", "type": "A", "rdatas": ["b", 5]}, {}, "rdatas:"),
        ("record_set", {"owner": "a", "type": "A", "rdatas": {}}, {}, "rdatas:"),
        ("key_revoke", {}, {"number": "x"}, "number: expected a whole number"),
        ("key_revoke", {}, {"number": ""}, "number:"),
        ("key_revoke", {}, {"number": "-"}, "number:"),
        ("key_revoke", {}, {"number": "--5"}, "number:"),
        ("key_revoke", {}, {"number": "٣"}, "number:"),
        ("key_revoke", {}, {"number": "9" * 5000}, "number:"),
        ("key_revoke", {}, {"number": "5.0"}, "number:"),
        ("key_revoke", {"number": True}, {}, "number:"),
        ("zone_import", {"rows": b""}, {"origin": "a", "stage": "b", "last": "1"}, "last:"),
        ("zone_import", {"rows": "text"}, {"origin": "a", "stage": "b"}, "rows: expected octets"),
        ("zone_import", {"rows": b""}, {"rows": "x", "origin": "a", "stage": "b"}, "rows:"),
    ],
)
def test_bad_calls(
    operation: str, given_: dict[str, Any], texts: dict[str, str], about: str
) -> None:
    with pytest.raises(Invalid) as raised:
        arguments(operation, given_, texts)
    assert about in str(raised.value)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)
keys = st.sampled_from(["origin", "ns", "account", "name", "ttl", "number", "hosts", "rdatas"])


@given(
    st.sampled_from(["zone_add", "host_add", "key_revoke", "key_add", "record_set"]),
    st.dictionaries(keys, json_values),
    st.dictionaries(keys, st.text(max_size=5)),
)
def test_whatever_is_given_is_refused_or_fits(
    operation: str, given_: dict[str, Any], texts: dict[str, str]
) -> None:
    try:
        checked = arguments(operation, given_, texts)
    except Invalid:
        return
    assert checked.keys() == given_.keys() | texts.keys()
