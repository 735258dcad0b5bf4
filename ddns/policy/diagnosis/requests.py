"""Entries of the request log as the rules of a diagnosis look at them."""

from __future__ import annotations

import functools
import ipaddress
import itertools
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ddns.model import records
from ddns.model.records import AAAA, A
from ddns.model.request_log import RequestEntry
from ddns.model.update import OFFLINE, PREFIX, Status
from ddns.policy.addresses import is_public
from ddns.policy.diagnosis.model import Words

OF_RECORDS = frozenset({"rfc2136", "powerdns", "httpreq", "acme-dns"})
"""Protocols in which records of any type are changed."""

NAMELESS = Words("A client that does not say what it is")
DONE = frozenset({Status.GOOD.name.lower(), Status.NOCHG.name.lower()})
_MARKS = {"A": A, "AAAA": AAAA, "PREFIX": PREFIX}

_CLASSES = tuple(
    (ipaddress.ip_network(network), rule)
    for rule, networks in (
        ("private-address", ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")),  # RFC 1918
        ("cgnat-address", ("100.64.0.0/10",)),  # RFC 6598
        ("ula-address", ("fc00::/7",)),  # RFC 4193
        ("link-local-address", ("169.254.0.0/16", "fe80::/10")),  # RFC 3927, 4291
        ("documentation-address", ("192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24")),
        ("documentation-address", ("2001:db8::/32", "3fff::/20")),  # RFC 5737, 3849, 9637
    )
    for network in networks
)


@functools.lru_cache(maxsize=1024)
def class_of(address: str) -> str | None:
    """Return the rule that an address breaks which hosts on the Internet cannot have, None for one
    that they can."""
    packed = records.address_from_text(address)
    if packed is None:
        return "malformed-address"
    known = ipaddress.ip_address(packed)
    for network, rule in _CLASSES:
        if known.version == network.version and known in network:
            return rule
    return None if is_public(packed) else "special-address"


@functools.lru_cache(maxsize=4096)
def words_of(said: str) -> Sequence[tuple[int | None, str]]:
    """Return what a client said of addresses: each with the family that it was said to be of, or
    :data:`~ddns.model.update.PREFIX`."""
    found: list[tuple[int | None, str]] = []
    for word in filter(None, map(str.strip, said.split(","))):
        mark, equals, address = word.partition("=")
        found.append((_MARKS[mark], address) if equals and mark in _MARKS else (None, word))
    return tuple(found)


@functools.lru_cache(maxsize=4096)  # most clients say the same in most of their requests
def addresses_of(said: str, peer: str) -> Mapping[int, str]:
    """Return the addresses that a client at *peer* wanted to set, one of each family."""
    if said == OFFLINE:
        return {}
    words = words_of(said) or [(None, peer)]
    texts = [word for family, word in words if family != PREFIX]
    packed = filter(None, (records.address_from_text(one.partition("/")[0]) for one in texts))
    found: dict[int, str] = {}
    for one in packed:
        found.setdefault(records.address_type(one), records.address_to_text(one))
    return found


def is_of_client(entry: RequestEntry) -> bool:
    """Return whether a request may be one of a client that updates addresses; those of tools that
    change other records say nothing of it."""
    return bool(entry.addresses) or entry.dialect not in OF_RECORDS


class Asked:
    """A request, with whether it failed for its credentials, and whether it named no host that its
    account has.

    ``at`` is when, in seconds since 1970. ``done`` is whether DNS has what the client asked for;
    requests of former versions have no status. ``sender`` is the same for requests that seem to be
    of one client.
    """

    __slots__ = ("at", "done", "entry", "failed", "sender", "status", "stray")

    def __init__(self, entry: RequestEntry, failed: bool, stray: bool = False) -> None:
        self.entry = entry
        self.failed = failed
        self.stray = stray
        self.at = entry.at
        self.status = entry.status
        well = entry.status in DONE if entry.status else not entry.reason
        self.done = well and not failed
        self.sender = (entry.agent, "" if entry.agent else entry.peer)

    @property
    def words(self) -> Sequence[tuple[int | None, str]]:
        """What the client said of addresses: each with the family that it was said to be of."""
        return words_of(self.entry.addresses)

    @property
    def is_offline(self) -> bool:
        """Whether the host was to lose its addresses."""
        return self.entry.addresses == OFFLINE

    @property
    def addresses(self) -> Mapping[int, str]:
        """The addresses that were to be set, one of each family: those that the client sent, or
        else its own."""
        return addresses_of(self.entry.addresses, self.entry.peer)

    @property
    def hosts(self) -> Sequence[str]:
        """The host names as the client wrote them."""
        return [one for one in map(str.strip, self.entry.hosts.split(",")) if one]

    @property
    def client(self) -> str:
        """What the client calls itself."""
        return self.entry.agent or NAMELESS

    @property
    def protocol(self) -> str:
        return PROTOCOLS.get(self.entry.dialect, self.entry.dialect)


PROTOCOLS = {
    "dyndns2": "dyndns2",
    "securityspace": "SecuritySpace",
    "minidns": "areg.php",
    "dondns": "DonDNS",
    "duckdns": "DuckDNS",
    "he": "Hurricane Electric",
    "desec": "deSEC",
    "regfish": "regfish",
    "freemyip": "freemyip.com",
    "namecheap": "Namecheap",
    "freedns": "FreeDNS",
    "freedns1": "FreeDNS",
    "dynv6": "dynv6",
    "dyndns1": "dyndns1",
    "nsupdate.info": "nsupdate.info",
    "easydns": "easyDNS",
    "zoneedit": "ZoneEdit",
    "dnsexit": "DNSExit",
    "dnsexit2": "DNSExit",
    "ipv64": "IPv64",
    "changeip": "ChangeIP",
    "gnudip": "GnuDIP",
    "miniupdate": "miniupdate",
    "rfc2136": "DNS UPDATE",
    "powerdns": "PowerDNS's API",
}
"""What the dialects are called."""


@dataclass(frozen=True, slots=True)
class Habit:
    """How often a client comes, in seconds: mostly, and at the rarest."""

    usual: float
    rarest: float

    def is_broken(self, silence: float) -> bool:
        """Return whether a client with this habit that has been silent for so long has stopped."""
        return silence > max(_PATIENCE, 3 * self.usual, 2 * self.rarest)


_PATIENCE = 900.0
_WORDS = 4  # requests that make a habit


def habit_of(requests: Sequence[Asked]) -> Habit | None:
    """Return the habit of requests, newest first; None for too few of them."""
    if len(requests) < _WORDS:
        return None
    times = [asked.at for asked in requests]
    gaps = [newer - older for newer, older in itertools.pairwise(times)]
    return Habit(max(0.0, statistics.median(gaps)), max(0.0, *gaps))


class Successes:
    """The requests of a host that were done, newest first; their habit; and when each client, by
    its :attr:`Asked.sender`, has succeeded last, in seconds since 1970."""

    def __init__(self, requests: Sequence[Asked]) -> None:
        self.requests = requests
        self.habit = habit_of(requests)
        self._last: dict[object, float] = {}
        for asked in requests:
            self._last.setdefault(asked.sender, asked.at)

    @property
    def latest(self) -> Asked | None:
        """The latest one, if there is any."""
        return self.requests[0] if self.requests else None

    def are_after(self, asked: Asked) -> bool:
        """Return whether the client of a request has succeeded since."""
        return self._last.get(asked.sender, asked.at) > asked.at
