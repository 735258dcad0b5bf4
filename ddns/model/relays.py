"""Relays: services elsewhere to which the addresses of a host are passed on."""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, Self

from ddns.model.records import AAAA, A, RRset, address_to_text


class RelayKind(enum.StrEnum):
    """What is spoken there."""

    DYNDNS2 = "dyndns2"
    DUCKDNS = "duckdns"
    CLOUDFLARE = "cloudflare"
    DESEC = "desec"
    RFC2136 = "rfc2136"
    WEBHOOK = "webhook"


class OpenTo(enum.StrEnum):
    """Who may set relays."""

    OFF = "off"  # nobody, and none is delivered to
    OPERATOR = "operator"
    ACCOUNTS = "accounts"  # whoever has the host


class HostAddresses(NamedTuple):
    """The addresses of a host, one of each family. Without any it is offline."""

    ipv4: str | None = None
    ipv6: str | None = None

    @classmethod
    def of(cls, rrset: Callable[[int], RRset | None]) -> Self:
        """Return the first address of each family; *rrset* returns the RRset of a type."""
        return cls(*(_first(rrset(number)) for number in (A, AAAA)))

    @classmethod
    def from_text(cls, text: str) -> Self:
        """Parse what ``str()`` returns.

        >>> HostAddresses.from_text("2001:db8::1")
        HostAddresses(ipv4=None, ipv6='2001:db8::1')
        """
        parts = text.split()
        ipv4 = next((part for part in parts if ":" not in part), None)
        return cls(ipv4, next((part for part in parts if ":" in part), None))

    def __str__(self) -> str:
        return " ".join(filter(None, self))


def _first(rrset: RRset | None) -> str | None:
    return address_to_text(rrset.rdatas[0]) if rrset is not None and rrset.rdatas else None


class Trouble(enum.IntEnum):
    """What the last attempt says of the next: after any but the first, it is made even if the
    service was told last what the host has."""

    NONE = 0
    PASSING = 1  # it may succeed by itself
    LASTING = 2  # somebody has to do something first
    ASKED = 3  # nothing: somebody wants it now


@dataclass(frozen=True, slots=True)
class Relay:
    """A relay of a host, whose owner name is ``host``, with its ``zone`` and ``account``.

    ``settings`` are those that may be shown, ``sealed`` the others as JSON, sealed with the key
    file. ``delivered`` is what the service has been told last; None if it has been told nothing.
    It is due when that differs from the addresses of the host, and when an attempt has failed,
    after which nobody knows what the service has. ``attempts`` is how often that has
    failed since it last succeeded, ``tried`` the time of the last attempt and ``next`` that of the
    next one, if there is to be any; both, and ``created``, are seconds since 1970. ``result`` says
    in words what came of the last attempt.
    """

    id: int
    host: bytes
    kind: RelayKind
    settings: Mapping[str, str]
    sealed: bytes = field(repr=False)
    created: float
    zone: bytes = b""
    account: str = ""
    delivered: HostAddresses | None = None
    attempts: int = 0
    next: float | None = None
    tried: float | None = None
    result: str = ""
    trouble: Trouble = Trouble.NONE


def relay_purpose(host: bytes) -> bytes:
    """Return what the secrets of a host's relays are sealed for."""
    return b"relay\0" + host
