"""What clients say of the addresses of their hosts: one, lists of both families, prefixes."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

from ddns.model import records
from ddns.model.records import AAAA, A
from ddns.model.update import PREFIX, Edit, Remove, Renumber, Replace

MAX_ADDRESSES = 20
"""Addresses of a request; more are as good as none."""

Parameters = Sequence[tuple[str | None, int | None]]
"""Parameters of a request that speak of addresses: the value of each, None if the client does not
send it, and the only family that it speaks of, A or AAAA, or None if it may speak of both; or
:data:`~ddns.model.update.PREFIX`: such a parameter says nothing when it is empty."""

_NO_HOSTS = frozenset({bytes(4), bytes(16), b"\xff" * 4})
"""0.0.0.0, :: and 255.255.255.255: what routers send that have no address."""


def split_list(text: str) -> list[str]:
    """Return the parts of a comma-separated value, without empty ones."""
    return [part for part in map(str.strip, text.split(",")) if part]


def host_address(text: str) -> bytes | None:
    """Return the packed address that a host can have; None for anything else, a prefix too.

    A prefix length after an address that has more bits than the prefix is what a router says of its
    interface; the address is meant.
    """
    address, slash, length = text.strip().partition("/")
    packed = records.address_from_text(address)
    if packed is None or packed in _NO_HOSTS:
        return None
    if not slash:
        return packed
    bits = records.host_bits(length, 8 * len(packed))
    if bits is None or (bits and not int.from_bytes(packed, "big") % (1 << bits)):
        return None
    return packed


def host_prefix(text: str) -> ipaddress.IPv6Network | None:
    """Return the IPv6 prefix of a LAN, as FRITZ!Box sends it; None for anything else, such as
    ``::/64``, which is what a router has without IPv6."""
    address, _, length = text.strip().partition("/")
    packed = records.address_from_text(address)
    bits = records.host_bits(length, 128)
    if packed is None or len(packed) != 16 or packed in _NO_HOSTS or not bits:
        return None
    network = ipaddress.IPv6Network((packed, 128 - bits), strict=False)
    return network if network.network_address.packed == packed else None


def own_address(peer: str) -> bytes:
    """Return the client's own address, the default of every dialect."""
    address = records.address_from_text(peer)
    assert address is not None, peer
    return address


def set_address(address: bytes) -> Replace:
    """Return the edit that makes this the host's only address of its family."""
    return Replace(records.address_type(address), (address,))


NO_ADDRESSES: tuple[Edit, ...] = (Remove(A), Remove(AAAA))
"""The edits by which a client takes its host offline."""

_MARKS = {None: "", A: "A=", AAAA: "AAAA=", PREFIX: "PREFIX="}


def said_of(parameters: Parameters) -> str:
    """Return what parameters say of addresses, as an Update has it."""
    return ",".join(
        _MARKS[family] + word for value, family in parameters if value for word in split_list(value)
    )


def address_edits(parameters: Parameters, peer: str | None) -> tuple[Edit, ...] | None:
    """Return the edits of the parameters that speak of addresses; None if they come to nothing.

    :param parameters: all that speak of addresses.
    :param peer: the client's own address, which stands for parameters that are all empty or absent;
        None where they speak of another host than the client.

    A family that nothing speaks of stays as it is. ``preserve`` keeps a family. An empty parameter
    removes its family (A, if it may speak of both), but of the client only beside one that says
    something. For a malformed address the client's own is taken if it is of that family. A prefix
    is for the host's followers; beside an IPv6 address it is for them alone.
    """
    said: dict[int, list[bytes]] = {A: [], AAAA: []}
    networks: list[ipaddress.IPv6Network] = []
    kept: set[int] = set()
    empty: set[int | None] = set()
    malformed: set[int | None] = set()
    words_in_all = 0
    for value, family in parameters:
        if value is None:
            continue
        words = split_list(value)
        words_in_all += len(words)
        if not words and family != PREFIX:
            empty.add(family)
        for word in words:
            address = host_address(word)
            if address is not None and family in (None, records.address_type(address)):
                said[records.address_type(address)].append(address)
            elif word.lower() == "preserve":
                kept.add(family or A)
            elif family != A and (prefix := host_prefix(word)) is not None:
                networks.append(prefix)
            else:
                malformed.add(family or _family_of(word))
    if words_in_all > MAX_ADDRESSES:
        return None
    if peer is None:
        if malformed:
            return None
    else:
        own = own_address(peer)
        own_family = records.address_type(own)
        if not (any(said.values()) or networks or kept):
            asked = empty | malformed
            return (set_address(own),) if not asked or asked & {None, own_family} else None
        if own_family in malformed - kept and not said[own_family]:
            said[own_family].append(own)
    edits: list[Edit] = [Replace(family, tuple(each)) for family, each in said.items() if each]
    if networks:
        itself = not said[AAAA] and AAAA not in kept
        edits.append(Renumber(tuple(dict.fromkeys(networks)), itself))
        kept.add(AAAA)
    removed = {family or A for family in empty} - kept - malformed
    edits += [Remove(family) for family in sorted(removed) if not said[family]]
    return tuple(edits)


def given_edits(parameters: Parameters, peer: str) -> tuple[Edit, ...] | None:
    """Return the edits of parameters with one address each, where a malformed one is an error: None
    for one, and for an address of another family. Empty parameters are absent ones; the client's
    own address stands for all of them."""
    edits: list[Edit] = []
    for value, family in parameters:
        if text := (value or "").strip():
            address = host_address(text)
            if address is None or family not in (None, records.address_type(address)):
                return None
            edits.append(set_address(address))
    return tuple(edits) or (set_address(own_address(peer)),)


def _family_of(word: str) -> int | None:
    """Return the family of a malformed address by its looks, None for what looks like neither: a
    placeholder that the client has not filled in, for example."""
    if ":" in word:
        return AAAA
    return A if word.replace(".", "").replace("/", "").isdigit() else None
