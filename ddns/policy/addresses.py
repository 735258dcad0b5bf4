"""Which addresses the hosts of a zone may have, and sets of networks.

A name that anybody can register must not lead a browser into its user's own network (DNS
rebinding), so a zone can be limited to public addresses.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable

from ddns.model import records
from ddns.model.account import Addresses, ZoneInfo
from ddns.model.records import ADDRESS_TYPES, RRset

_UNICAST = ipaddress.IPv6Network("2000::/3")
_SPECIAL = (
    ipaddress.IPv6Network("2001::/23"),  # IETF protocols, Teredo among them (RFC 2928)
    ipaddress.IPv6Network("2001:db8::/32"),  # documentation (RFC 3849)
    ipaddress.IPv6Network("2002::/16"),  # 6to4, an IPv4 address in disguise (RFC 3056)
    ipaddress.IPv6Network("3fff::/20"),  # documentation (RFC 9637)
    ipaddress.IPv4Network("192.0.0.0/24"),  # IETF protocols (RFC 6890)
)


def is_public(address: bytes) -> bool:
    """Return whether a packed address is a unicast address of the public Internet (RFC 6890).

    Not private, loopback, link-local, multicast, unspecified, reserved or for documentation, nor an
    IPv6 address that embeds an IPv4 address (v4-mapped, or NAT64 of RFC 6052).
    """
    known = ipaddress.ip_address(address)
    if isinstance(known, ipaddress.IPv6Address) and known not in _UNICAST:
        return False
    if not known.is_global or known.is_multicast or known.is_reserved:
        return False
    return not any(known in network for network in _SPECIAL if network.version == known.version)


def usable_in(zone: ZoneInfo | None) -> Callable[[bytes], bool] | None:
    """Return what says which packed addresses the hosts of a zone may have; None for all."""
    return is_public if zone is not None and zone.addresses is Addresses.PUBLIC else None


def allowed(addresses: Addresses, written: Iterable[RRset]) -> bool:
    """Return whether the hosts of a zone with this policy may have these RRsets."""
    return addresses is Addresses.ANY or all(
        is_public(rdata)
        for rrset in written
        if rrset.type in ADDRESS_TYPES
        for rdata in rrset.rdatas
    )


Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class NetworkSet:
    """A set of networks that can be tested for an address in text form.

    A look-up takes one step for each prefix length in use, however many networks there are.
    """

    def __init__(self, networks: Iterable[Network] = ()) -> None:
        self._by_length: dict[tuple[int, int], set[int]] = {}
        for network in networks:
            host_bits = network.max_prefixlen - network.prefixlen
            self._by_length.setdefault((network.max_prefixlen, host_bits), set()).add(
                int(network.network_address) >> host_bits
            )

    def __eq__(self, other: object) -> bool:
        return isinstance(other, NetworkSet) and self._by_length == other._by_length

    __hash__ = None  # type: ignore[assignment]

    def __contains__(self, text: str) -> bool:
        packed = records.address_from_text(text.partition("%")[0])
        if packed is None:
            return False
        address = int.from_bytes(packed, "big")
        return any(
            bits == 8 * len(packed) and address >> host_bits in known
            for (bits, host_bits), known in self._by_length.items()
        )
