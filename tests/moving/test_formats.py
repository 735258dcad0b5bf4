"""Lists of hosts in each form: the cases of tests/cases/moving, and what strangers may have
written.

A case has a ``form``, ``files`` or their ``octets`` in hexadecimal, ``rename`` and ``zone``; and
says the ``hosts``, ``records`` (owner, type, rdata), ``follows`` (host, interface ID, leader),
``left_out`` (what and why, ``*`` for anything), or the ``error``.
"""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddns.model import names, records
from ddns.moving.formats import FORMATS
from ddns.moving.listing import BadList, Listing, Suffixes
from ddns.moving.reading import MAX_FILE

CASES = [
    case
    for path in sorted((Path(__file__).parents[1] / "cases" / "moving").glob("*.toml"))
    for case in tomllib.loads(path.read_text())["case"]
]


def read(
    form: str, *files: bytes, rename: list[str] | None = None, zone: str | None = None
) -> Listing:
    listing = Listing(Suffixes(rename or []), zone)
    FORMATS[form](files, listing)
    return listing


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["why"])
def test_a_case(case: dict[str, Any]) -> None:
    files = [text.encode() for text in case.get("files", [])]
    files += [bytes.fromhex(text) for text in case.get("octets", [])]
    given = {"rename": case.get("rename"), "zone": case.get("zone")}
    if "error" in case:
        with pytest.raises(BadList) as raised:
            read(case["form"], *files, **given)
        assert str(raised.value) == case["error"]
        return
    listing = read(case["form"], *files, **given)
    assert [host.name for host in listing.hosts] == case["hosts"]
    found = [" ".join(record) for host in listing.hosts for record in host.records]
    assert found == case.get("records", [])
    following = [host for host in listing.hosts if host.follows]
    told = [f"{host.name} {host.interface_id} {host.follows}" for host in following]
    assert told == case.get("follows", [])
    left_out = [f"{one.what}: {one.why}" for one in listing.left_out]
    expected = case.get("left_out", [])
    assert len(left_out) == len(expected)
    assert all(one in ("*: *", said) for one, said in zip(expected, left_out, strict=True))


def test_every_form_has_cases() -> None:
    assert {case["form"] for case in CASES} == FORMATS.keys()


LARGE = b"a" * (MAX_FILE + 1)
HOSTILE = {
    "large": LARGE,
    "binary": b"\x7fELF\x02\x01\x01\x00",
    "deep array": b"[" * 200_000,
    "deep object": b'{"a":' * 100_000,
    "a number": b"9" * 5000,
    "no hosts": b"\n".join(b"_%d.example" % number for number in range(2000)),
}


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("what", HOSTILE)
def test_files_that_are_something_else(form: str, what: str) -> None:
    """One line says so, or what is left out does."""
    why = ""
    try:
        listing = read(form, HOSTILE[what])
    except BadList as error:
        why = str(error)
    else:
        assert form == "list"
        assert listing.hosts == []
        (left_out,) = listing.left_out
        why = f"{left_out.what}: {left_out.why}"
    assert why.isprintable()
    assert 0 < len(why) < 600


@pytest.mark.parametrize(
    ("what", "why"),
    [
        ("large", "a list has 16 MiB at most"),
        ("binary", "this is not text"),
        ("deep array", "this JSON is nested too deeply"),
        ("deep object", "this JSON is nested too deeply"),
        ("a number", "this is not JSON: Exceeds the limit"),
        ("no hosts", "this is not JSON: Expecting value"),
    ],
)
def test_what_is_said_of_files_that_are_no_json(what: str, why: str) -> None:
    with pytest.raises(BadList, match=why):
        read("desec", HOSTILE[what])


def test_a_list_of_a_thousand_things_that_are_no_hosts() -> None:
    with pytest.raises(BadList, match="over 1000 things in it are no hosts"):
        read("list", HOSTILE["no hosts"])


@pytest.mark.parametrize("text", ["duckdns.org", "a..b=c.example", "a.example=", "=a.example"])
def test_new_ends_that_are_none(text: str) -> None:
    with pytest.raises(BadList):
        Suffixes([text])


def test_a_name_that_is_too_long_when_renamed() -> None:
    label = "a" * 63
    listing = read("list", f"{label}.{label}.{label}.x\n".encode(), rename=[f"x={label}.example"])
    assert listing.hosts == []
    assert [one.why for one in listing.left_out] == ["the name would be over 255 octets"]


@given(st.binary(max_size=200), st.sampled_from(sorted(FORMATS)))
def test_any_octets_are_read_or_refused(octets: bytes, form: str) -> None:
    try:
        listing = read(form, octets, zone="dyn.example.net", rename=["a=b.example"])
    except BadList:
        return
    for host in listing.hosts:
        assert names.to_text(names.host_from_text(host.name)) == host.name


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner, max_size=2)
    ),
    max_leaves=4,
)
_KEYS = [
    "name",
    "type",
    "records",
    "id",
    "zoneID",
    "data",
    "expandedData",
    "ipv6prefix",
    "model",
    "pk",
    "fields",
]
_VALUES = _JSON | st.sampled_from(
    ["a.b", "A", "AAAA", "TXT", "main.host", "main.domain", 1, ["198.51.100.7"]]
)


@given(
    st.lists(st.dictionaries(st.sampled_from(_KEYS), _VALUES, max_size=8), max_size=3),
    st.sampled_from(["desec", "dynv6", "nsupdate.info"]),
)
def test_any_objects_are_read_or_refused(objects: list[dict[str, Any]], form: str) -> None:
    try:
        listing = read(form, json.dumps(objects).encode())
    except BadList:
        return
    for host in listing.hosts:
        for owner, kind, rdata in host.records:
            assert names.host_of(names.from_text(owner)) == names.from_text(host.name)
            assert kind in ("A", "AAAA", "MX", "CNAME", "TXT")
            assert rdata.isprintable()


_LABELS = st.from_regex(r"[a-z]([a-z0-9-]{0,8}[a-z0-9])?", fullmatch=True)


@given(st.dictionaries(_LABELS, st.lists(st.ip_addresses(), max_size=3), max_size=5))
def test_a_list_is_read_as_it_was_written(hosts: dict[str, list[Any]]) -> None:
    lines = [" ".join([f"{label}.old.example", *map(str, given)]) for label, given in hosts.items()]
    listing = read("list", "\n".join(lines).encode(), rename=["old.example=new.example"])
    assert [host.name for host in listing.hosts] == [f"{label}.new.example" for label in hosts]
    assert listing.left_out == []
    for host, addresses in zip(listing.hosts, hosts.values(), strict=True):
        found = {records.address_from_text(rdata) for _, _, rdata in host.records}
        assert found == {records.address_from_text(str(one)) for one in addresses}


def test_a_long_text_of_dynv6_is_several_strings() -> None:
    zone = {"name": "a.b", "id": 1}
    for text, sizes in (("x" * 300, [255, 45]), ("ü" * 100, [63, 37]), ("", [0])):
        record = {"zoneID": 1, "name": "", "type": "TXT", "data": text}
        (host,) = read("dynv6", json.dumps([zone, record]).encode()).hosts
        ((_, _, rdata),) = host.records
        assert [len(one) for one in rdata[1:-1].split('" "')] == sizes
        records.rdata_from_text(records.TXT, rdata)
