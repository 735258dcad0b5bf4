"""Registrations of acme-dns: their names, and where updates of them come from."""

from __future__ import annotations

import pytest

from ddns.model import names
from ddns.model.acme_dns import (
    MAX_NETWORKS,
    AcmeDnsRegistration,
    BadNetwork,
    is_challenge,
    networks,
    subdomain_of,
)

UUID = "1e0a2b3c-0000-4000-8000-00000000000f"
ORIGIN = names.from_text("auth.example.net")


def registration(*allow_from: str) -> AcmeDnsRegistration:
    return AcmeDnsRegistration(UUID, ORIGIN, bytes(32), None, allow_from, 0.0)


def test_its_name() -> None:
    assert names.to_text(registration().name) == f"{UUID}.auth.example.net"
    assert subdomain_of(registration().name) == UUID


@pytest.mark.parametrize(
    "name", [names.ROOT, ORIGIN, b"\x24" + b"\xff" * 36 + ORIGIN, b"\x24" + b"g" * 36 + ORIGIN]
)
def test_names_of_nothing(name: bytes) -> None:
    assert subdomain_of(name) is None


@pytest.mark.parametrize(
    ("allow_from", "address", "expected"),
    [
        ((), "192.0.2.1", True),
        ((), "unix", True),
        (("192.0.2.0/24",), "192.0.2.255", True),
        (("192.0.2.0/24",), "192.0.3.0", False),
        (("192.0.2.0/24",), "2001:db8::1", False),
        (("198.51.100.0/24", "2001:db8::/32"), "2001:db8:1::1", True),
        (("192.0.2.0/24",), "unix", False),
    ],
)
def test_who_may_update_it(allow_from: tuple[str, ...], address: str, expected: bool) -> None:
    assert registration(*allow_from).is_open_to(address) is expected


def test_networks_as_clients_write_them() -> None:
    assert networks(["192.0.2.7/24", " [2001:DB8::1]/32", "198.51.100.1", "192.0.2.0/24"]) == (
        *("192.0.2.0/24", "2001:db8::/32", "198.51.100.1/32"),
    )


@pytest.mark.parametrize(
    "text",
    [
        *("", "x", "192.0.2.0/33", "192.0.2.0/-1", "2001:db8::/129"),
        *("fe80::1%eth0", "fe80::1%\x1b[2J", "[fe80::%1]/64"),
    ],
)
def test_what_is_no_network(text: str) -> None:
    with pytest.raises(BadNetwork):
        networks([text])


def test_so_many_networks() -> None:
    some = [f"192.0.2.{number}/32" for number in range(MAX_NETWORKS + 1)]
    assert len(networks(some[1:])) == MAX_NETWORKS
    with pytest.raises(BadNetwork):
        networks(some)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("A-z_" * 10 + "019", True), ("a" * 42, False), ("a" * 44, False), ("a" * 42 + "\n", False)],
)
def test_answers_to_challenges(text: str, expected: bool) -> None:
    assert is_challenge(text) is expected
