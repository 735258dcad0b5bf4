"""Names: what is one, what is not, and that text and wire form say the same as dnspython."""

from __future__ import annotations

import contextlib
import itertools
import time
from collections.abc import Callable

import dns.exception
import dns.name
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ddns.model import names
from ddns.model.names import BadName
from tests.model.strategies import host_names, wire_names

HOST = names.from_text("home.example.net")
LABEL = "a" * 63
LONGEST = f"{LABEL}.{LABEL}.{LABEL}.{'a' * 61}"  # 253 characters, 255 octets


@given(wire_names)
def test_text_of_any_name_reads_back(name: bytes) -> None:
    assert names.from_text(names.to_text(name)) == name
    assert names.from_text(names.to_text(name) + ("" if name == names.ROOT else ".")) == name


@given(wire_names)
def test_text_is_what_dnspython_writes(name: bytes) -> None:
    expected = dns.name.from_wire(name, 0)[0].to_text(omit_final_dot=True)
    assert names.to_text(name) == expected


@given(st.text(max_size=300))
@example("a\x00b.example")
@example("\ud800.example")
@example("a.example\udcff")
@example("\\")
@example("a..b")
@example("a.\\25")
@example("\\3000.example")
def test_any_text_is_a_name_or_a_bad_name(text: str) -> None:
    for read in (names.from_text, names.host_from_text):
        with contextlib.suppress(BadName):
            assert names.is_wire_form(read(text))


@given(st.text("aB1-_*.\\0 9é。", max_size=40))
def test_ascii_text_reads_as_dnspython_reads_it(text: str) -> None:
    if not text.isascii() or text in ("", "@"):
        return
    try:
        expected = dns.name.from_text(text).to_wire().lower()
    except dns.exception.DNSException:
        with pytest.raises(BadName):
            names.from_text(text)
    else:
        assert names.from_text(text) == expected


@pytest.mark.parametrize("text", ["", "@", "..", ".a", "a..b", LABEL + "a.b", "a." + LONGEST])
def test_what_is_no_name(text: str) -> None:
    with pytest.raises(BadName):
        names.from_text(text)


@pytest.mark.parametrize(
    ("text", "wire"),
    [
        (".", b"\x00"),
        ("NET", b"\x03net\x00"),
        ("Home.Example.Net.", b"\x04home\x07example\x03net\x00"),
        (r"a\.b.net", b"\x03a.b\x03net\x00"),
        (r"\097.net", b"\x01a\x03net\x00"),
        (r"\000.net", b"\x01\x00\x03net\x00"),
        ("*.net", b"\x01*\x03net\x00"),
        ("_acme-challenge.net", b"\x0f_acme-challenge\x03net\x00"),
        ("bücher.example", b"\x0dxn--bcher-kva\x07example\x00"),
        ("faß.example", b"\x0axn--fa-hia\x07example\x00"),  # IDNA2003 would say fass
    ],
)
def test_names_of_any_kind(text: str, wire: bytes) -> None:
    assert names.from_text(text) == wire


@pytest.mark.parametrize(
    "text",
    [
        "Home.Example.NET",
        "home.example.net.",
        "home。example．net",  # the dots that IDNA takes for dots
    ],
)
def test_spellings_of_one_host(text: str) -> None:
    assert names.host_from_text(text) == HOST


def test_hosts_are_shown_as_people_write_them() -> None:
    name = names.host_from_text("BÜCHER.faß.example")
    assert names.to_text(name) == "xn--bcher-kva.xn--fa-hia.example"
    assert names.to_unicode(name) == "bücher.faß.example"


def test_an_a_label_that_stands_for_nothing_is_shown_as_it_is() -> None:
    assert names.to_unicode(names.from_text("xn--a.example")) == "xn--a.example"


@pytest.mark.parametrize(
    "text",
    [
        "",
        ".",
        "net",
        "home..net",
        ".home.net",
        "home.net..",
        "-home.net",
        "home-.net",
        "ho_me.net",
        "*.home.net",
        "_acme-challenge.home.net",
        "home\\.x.net",
        "home .net",
        " home.net",
        "home.net\n",
        "home.net\x00",
        "ho\x00me.net",
        "home.net\ud800",
        "\udcff.net",
        "1.2.3.4:80",
        "[::1]",
        "a" * 64 + ".net",
        "ü" * 64 + ".net",
        "\u200d.net",
        "\u0627a.net",  # right-to-left and left-to-right in one label (RFC 5893)
        "a." + LONGEST,
    ],
)
def test_what_is_no_host(text: str) -> None:
    with pytest.raises(BadName):
        names.host_from_text(text)


def test_the_longest_host() -> None:
    assert len(names.host_from_text(LONGEST)) == 255
    assert names.host_from_text(LONGEST + ".") == names.from_text(LONGEST)


@given(host_names)
def test_hosts_read_back(name: bytes) -> None:
    text = names.to_text(name)
    assert names.host_from_text(text) == names.host_from_text(text.upper()) == name


@pytest.mark.parametrize("read", [names.host_from_text, names.from_text])
def test_a_request_full_of_unicode_costs_little(read: Callable[[str], bytes]) -> None:
    start = time.process_time()
    for text in ("ü" * 8000, "é." * 500_000, "\u0300" * 8000, "xn--" + "a" * 8000 + "ü"):
        with pytest.raises(BadName) as caught:
            read(text)
        assert len(str(caught.value)) < 200
    assert time.process_time() - start < 2


def test_the_longest_text_is_read() -> None:
    text = ".".join(["\\001" * 63] * 3 + ["\\001" * 61]) + "."
    assert len(text) == names.MAX_TEXT
    assert len(names.from_text(text)) == names.MAX_WIRE


# Octets that came from elsewhere ---------------------------------------------------------------


@given(st.binary(max_size=300))
@example(b"")
@example(b"\x00")
@example(b"\x01")
@example(b"\x01a\x00\x00")
@example(b"\xc0\x0c")
@example(b"\x01A\x00")
@example(b"\x40" + b"a" * 64 + b"\x00")
@example((b"\x3f" + b"a" * 63) * 3 + b"\x3e" + b"a" * 62 + b"\x00")
def test_wire_form_is_recognised_as_dnspython_does(octets: bytes) -> None:
    try:
        name, used = dns.name.from_wire(octets, 0)
        expected = used == len(octets) and name.to_wire() == octets == octets.lower()
    except dns.exception.DNSException:
        expected = False
    assert names.is_wire_form(octets) is expected


# Relations -------------------------------------------------------------------------------------


def name(text: str) -> bytes:
    return names.from_text(text)


@given(wire_names)
def test_ancestors_are_the_parents_up_to_the_root(start: bytes) -> None:
    found = names.ancestors(start)
    assert found[0] == start
    assert found[-1] == names.ROOT
    assert all(names.parent(child) == above for child, above in itertools.pairwise(found))
    assert len(found) == len(names.labels(start)) + 1
    assert b"".join(names.labels(start)) + names.ROOT == start


def test_the_root_has_no_parent() -> None:
    with pytest.raises(BadName):
        names.parent(names.ROOT)


@pytest.mark.parametrize(
    ("below", "above", "expected"),
    [
        ("a.example", "example", True),
        ("example", "example", True),
        ("example", "a.example", False),
        ("aexample", "example", False),
        ("a.example", ".", True),
        (".", ".", True),
        # the octets of the one end in those of the other, but not at a label's boundary
        (r"a\007example", "example", False),
    ],
)
def test_subdomains(below: str, above: str, expected: bool) -> None:
    assert names.is_subdomain(name(below), name(above)) is expected


@given(wire_names, wire_names)
def test_subdomains_as_dnspython_has_it(one: bytes, other: bytes) -> None:
    for below, above in ((one, other), (one, one), (one, names.ancestors(one)[-2:][0])):
        expected = dns.name.from_wire(below, 0)[0].is_subdomain(dns.name.from_wire(above, 0)[0])
        assert names.is_subdomain(below, above) is expected


def test_below_is_bounded() -> None:
    assert names.below(b"\x01*", HOST) == b"\x01*" + HOST
    with pytest.raises(BadName):
        names.below(b"\x01*", names.from_text(LONGEST))


@pytest.mark.parametrize(
    ("owner", "host"),
    [
        ("home.example.net", "home.example.net"),
        ("*.home.example.net", "home.example.net"),
        ("_acme-challenge.home.example.net", "home.example.net"),
        ("_validation-persist.home.example.net", "home.example.net"),
        ("www.home.example.net", "www.home.example.net"),
        ("_acme-challenge.*.example.net", "*.example.net"),
        ("*", "*"),
        ("_acme-challenge", "_acme-challenge"),
        (".", "."),
    ],
)
def test_what_belongs_to_a_host(owner: str, host: str) -> None:
    assert names.host_of(name(owner)) == name(host)
