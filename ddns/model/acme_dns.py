"""Registrations of acme-dns: names whose TXT records answer ACME's challenges for others, which
lead there by CNAME records (RFC 8555 8.4)."""

from __future__ import annotations

import enum
import ipaddress
import re
from collections.abc import Iterable
from dataclasses import dataclass

from ddns.model import names

MAX_NETWORKS = 32
"""Networks that a registration may be limited to."""

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}", re.ASCII)


class OpenTo(enum.StrEnum):
    """Who may register, besides the operator."""

    CLOSED = "closed"  # nobody
    ACCOUNT = "account"  # whoever has an account here
    OPEN = "open"  # everybody


@dataclass(frozen=True, slots=True)
class AcmeDnsRegistration:
    """A name at which whoever has its password sets TXT records.

    ``subdomain`` is the name's first label, a UUID in lower case, and the user name as well;
    ``zone`` is the origin that it stands below; ``digest`` the password's SHA-256 (32 octets).
    ``account`` is the owner, None for a stranger or, with ``of_operator``, the operator. Updates
    are taken from the networks ``allow_from``, from everywhere if there are none. ``created``, and
    ``used``, the last update, are seconds since 1970. ``note`` is its owner's.
    """

    subdomain: str
    zone: bytes
    digest: bytes
    account: str | None
    allow_from: tuple[str, ...]
    created: float
    used: float | None = None
    note: str = ""
    of_operator: bool = False

    @property
    def name(self) -> bytes:
        """The owner name of the TXT records."""
        return bytes([len(self.subdomain)]) + self.subdomain.encode("ascii") + self.zone

    def is_open_to(self, address: str) -> bool:
        """Return whether updates are taken from an IP address."""
        if not self.allow_from:
            return True
        try:
            peer = ipaddress.ip_address(address)
        except ValueError:  # of a Unix socket
            return False
        return any(peer in ipaddress.ip_network(one) for one in self.allow_from)


def is_subdomain(text: str) -> bool:
    """Return whether this can be the subdomain of a registration."""
    return _UUID.fullmatch(text) is not None


def subdomain_of(name: bytes) -> str | None:
    """Return the subdomain that an owner name begins with, None if it can be no registration's."""
    if name == names.ROOT:
        return None
    label = name[1 : 1 + name[0]].decode("latin-1")
    return label if is_subdomain(label) else None


def is_challenge(text: str) -> bool:
    """Return whether a text can be the answer to a challenge: the SHA-256 of a key authorization in
    base64url (RFC 8555 8.4)."""
    return _CHALLENGE.fullmatch(text) is not None


class BadNetwork(ValueError):
    """It is no network in CIDR notation, or there are too many of them."""


def networks(texts: Iterable[str]) -> tuple[str, ...]:
    """Return networks in their usual form: without what stands behind the prefix, and without the
    brackets that some clients put around IPv6 addresses.

    >>> networks(["192.0.2.7/24", "[2001:db8::]/32", "198.51.100.1"])
    ('192.0.2.0/24', '2001:db8::/32', '198.51.100.1/32')

    :raises BadNetwork: for anything else.
    """
    found: dict[str, None] = {}
    for text in texts:
        if "%" in text:  # a scope of IPv6, any text, which no address of a client has
            raise BadNetwork(f"{text!r} is no network")
        try:
            network = ipaddress.ip_network(re.sub(r"[][\s]", "", text), strict=False)
        except ValueError:
            raise BadNetwork(f"{text!r} is no network") from None
        found[str(network)] = None
    if len(found) > MAX_NETWORKS:
        raise BadNetwork(f"more than {MAX_NETWORKS} networks")
    return tuple(found)
