"""Who is believed, and what comes of what proxies and clients write."""

from __future__ import annotations

from ipaddress import IPv6Address as Ip6
from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.address import IPv4Address, IPv6Address, UNIXAddress
from twisted.internet.interfaces import IAddress
from twisted.web.http_headers import Headers

from ddns.net import peers
from ddns.net.peers import BehindProxy
from ddns.net.proxy.trust import NOBODY, Proxies
from ddns.policy.addresses import NetworkSet

NETWORKS = NetworkSet(map(ip_network, ("127.0.0.1/32", "10.1.0.0/16", "2001:db8:1::/48")))
X_FORWARDED_FOR = Proxies(NETWORKS, header="X-Forwarded-For")
FORWARDED = Proxies(NETWORKS, unix=True, header="forwarded")
PROXY = IPv4Address("TCP", "10.1.2.3", 5000)
STRANGER = IPv4Address("TCP", "192.0.2.77", 5000)
SOCKET = UNIXAddress(b"")


def client(proxies: Proxies, peer: IAddress, *lines: str, name: str = "") -> str:
    headers = Headers()
    for line in lines:
        named = name or ("Forwarded" if proxies is FORWARDED else "X-Forwarded-For")
        headers.addRawHeader(named, line.encode("latin-1"))
    return peers.text_of(proxies.client(peer, headers))


@pytest.mark.parametrize(
    ("peer", "trusted"),
    [
        (PROXY, True),
        (IPv4Address("TCP", "127.0.0.1", 1), True),
        (IPv6Address("TCP", "2001:db8:1::5", 1), True),
        (IPv6Address("TCP", "::ffff:10.1.0.9", 1), True),
        (STRANGER, False),
        (IPv4Address("TCP", "10.2.0.1", 1), False),
        (IPv6Address("TCP", "2001:db8:2::5", 1), False),
        (IPv6Address("TCP", "::1", 1), False),
        (BehindProxy("10.1.2.3"), False),
        (SOCKET, False),
        (None, False),
    ],
)
def test_who_is_trusted(peer: IAddress | None, trusted: bool) -> None:
    assert X_FORWARDED_FOR.trusts(peer) is trusted
    assert FORWARDED.trusts(peer) is (trusted or peer is SOCKET)
    assert not NOBODY.trusts(peer)


def test_sources_of_dns() -> None:
    assert X_FORWARDED_FOR.trusts_source(bytes((10, 1, 255, 255)))
    assert X_FORWARDED_FOR.trusts_source(Ip6("2001:db8:1::1").packed)
    assert not X_FORWARDED_FOR.trusts_source(bytes((10, 2, 0, 0)))


def test_what_connections_are_counted_by() -> None:
    assert X_FORWARDED_FOR.network_of(PROXY) == b""
    assert X_FORWARDED_FOR.network_of(STRANGER) == bytes((192, 0, 2, 77))
    assert X_FORWARDED_FOR.network_of(BehindProxy("10.1.2.3")) == bytes((10, 1, 2, 3))
    assert NOBODY.network_of(PROXY) == bytes((10, 1, 2, 3))


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([], "10.1.2.3"),
        (["198.51.100.7"], "198.51.100.7"),
        (["203.0.113.66, 198.51.100.7"], "198.51.100.7"),
        (["203.0.113.66", "198.51.100.7"], "198.51.100.7"),
        (["198.51.100.7, 10.1.9.9"], "198.51.100.7"),
        (["203.0.113.66, 198.51.100.7, 10.1.9.9", "127.0.0.1"], "198.51.100.7"),
        (["10.1.9.9, 10.1.9.8"], "10.1.9.9"),
        (["203.0.113.66, unknown, 10.1.9.8"], "10.1.9.8"),
        (["203.0.113.66, unknown"], "10.1.2.3"),
        (["203.0.113.66, "], "10.1.2.3"),
        (["203.0.113.66", ""], "10.1.2.3"),
        (["203.0.113.66, unix:"], "10.1.2.3"),
        (["::ffff:10.1.9.9"], "10.1.9.9"),
        (["198.51.100.7, ::ffff:10.1.9.9"], "198.51.100.7"),
    ],
)
def test_x_forwarded_for(lines: list[str], expected: str) -> None:
    assert client(X_FORWARDED_FOR, PROXY, *lines) == expected
    behind = [", ".join(f'for="{hop.strip()}"' for hop in line.split(",")) for line in lines]
    assert client(FORWARDED, PROXY, *behind) == expected


@pytest.mark.parametrize("proxies", [X_FORWARDED_FOR, FORWARDED, NOBODY])
@pytest.mark.parametrize("peer", [STRANGER, BehindProxy("10.1.2.3")])
def test_a_stranger_is_not_believed(proxies: Proxies, peer: IAddress) -> None:
    for line in ("203.0.113.66", "for=203.0.113.66"):
        assert client(proxies, peer, line) == peers.text_of(peer)


def test_only_the_header_that_is_set_counts() -> None:
    assert client(X_FORWARDED_FOR, PROXY, "for=203.0.113.66", name="Forwarded") == "10.1.2.3"
    assert client(FORWARDED, PROXY, "203.0.113.66", name="X-Forwarded-For") == "10.1.2.3"
    for name in ("X-Real-IP", "X-Client-IP", "CF-Connecting-IP", "X-Forwarded", "Via"):
        assert client(X_FORWARDED_FOR, PROXY, "203.0.113.66", name=name) == "10.1.2.3"
    assert client(Proxies(NETWORKS), PROXY, "203.0.113.66") == "10.1.2.3"


def test_a_unix_socket() -> None:
    assert client(FORWARDED, SOCKET, "for=198.51.100.7") == "198.51.100.7"
    assert client(FORWARDED, SOCKET) == "127.0.0.1"
    assert client(X_FORWARDED_FOR, SOCKET, "198.51.100.7") == "127.0.0.1"


# Whatever a client writes ------------------------------------------------------------------------

WORDS = ("203.0.113.66", "for=203.0.113.66", "10.1.2.3", "for=10.1.2.3", "unknown", 'for="', "by=")
WRITTEN = st.one_of(
    st.text(st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f")),
    st.text(st.sampled_from('for=10.1.2.3:[]";,\\ \t_by66')),
    st.lists(st.sampled_from([*WORDS, '";', '"', "\\", ",", ", ", ";", "=", "[", ""])).map("".join),
)
ADDRESSES = st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6)).filter(
    lambda address: (
        str(address) not in NETWORKS
        and (address.version == 4 or (not address.ipv4_mapped and not address.scope_id))
    )
)
LINES = st.lists(WRITTEN, max_size=3)
TRUSTED = st.lists(st.sampled_from(["10.1.0.1", "10.1.255.255", "127.0.0.1", "10.1.77.77"]))


def with_elements(written: list[str], elements: list[str], own_line: bool) -> list[str]:
    """What is in the headers when proxies have added theirs, in a line of their own or not."""
    if own_line or not written:
        return [*written, *elements]
    return [*written[:-1], ", ".join([written[-1], *elements])]


@given(LINES, ADDRESSES, TRUSTED, st.booleans())
def test_whatever_a_client_writes_its_address_is_what_the_proxy_saw(
    written: list[str], address: object, hops: list[str], own_line: bool
) -> None:
    lines = with_elements(written, [str(address), *hops], own_line)
    assert client(X_FORWARDED_FOR, PROXY, *lines) == str(address)


def escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')


@given(LINES, ADDRESSES, TRUSTED, st.booleans(), WRITTEN, st.permutations([0, 1, 2]))
def test_the_same_of_forwarded(
    written: list[str],
    address: object,
    hops: list[str],
    own_line: bool,
    host: str,
    order: list[int],
) -> None:
    """Also where the proxy passes on what the client sent as Host."""
    node = f'"[{address}]:4711"' if ":" in str(address) else f"{address}"
    pairs = [f"for={node}", "proto=https", f'host="{escaped(host)}"']
    elements = [";".join(pairs[index] for index in order), *(f"for={hop}" for hop in hops)]
    lines = with_elements(written, elements, own_line)
    assert client(FORWARDED, PROXY, *lines) == str(address)


@given(LINES)
def test_what_a_proxy_does_not_know_is_nobodys_to_say(written: list[str]) -> None:
    assert client(X_FORWARDED_FOR, PROXY, *with_elements(written, ["unknown"], False)) == "10.1.2.3"
    for element in ("for=unknown", "proto=https", 'for="_x";by=10.1.2.3'):
        lines = with_elements(written, [element], False)
        assert client(FORWARDED, PROXY, *lines) == "10.1.2.3"
