"""dyndns2, the protocol of dyndns.org's /nic/update, which nearly every router speaks.

The answer has a line for each host in the order of the request, ``good`` and ``nochg`` always with
the address; an error of the whole request is one line.
"""

from __future__ import annotations

import contextlib
import dataclasses
import ipaddress
from collections.abc import Mapping

from ddns.dialects.base import (
    Reply,
    Request,
    lines_or_word,
    own_address,
    set_address,
    shown_addresses,
    split_list,
)
from ddns.model import names, records
from ddns.model.records import AAAA, CNAME, A
from ddns.model.update import (
    SUCCESSES,
    Change,
    Edit,
    Mail,
    Outcome,
    Remove,
    Renumber,
    Replace,
    Result,
    Status,
    Update,
    change_of,
)

MAX_HOSTS = 20
"""Hosts of one request, as dyndns.org had it."""

MAX_ADDRESSES = 20
"""Commas in ``myip`` and ``myipv6`` together."""

WORDS = {
    Status.GOOD: "good",
    Status.NOCHG: "nochg",
    Status.UNAUTHENTICATED: "badauth",
    Status.BADAUTH: "badauth",
    Status.DISABLED: "badauth",
    Status.MISSING: "notfqdn",
    Status.NOTFQDN: "notfqdn",
    Status.NOHOST: "nohost",
    Status.NOTYOURS: "!yours",
    Status.NUMHOST: "numhost",
    Status.BADSYS: "badsys",
    Status.BADAGENT: "badagent",
    Status.BADREQUEST: "notfqdn",
    Status.BADADDRESS: "dnserr",
    Status.ABUSE: "abuse",
    Status.BLOCKED: "abuse",
    Status.FAILED: "911",
}

_SYSTEMS = frozenset({"", "dyndns", "statdns", "custom"})
"""Kinds of service of dyndns.org's. They mean nothing here, but a client that asks for another one
is set up for something else."""


class DynDNS2:
    """The dialect of /nic/update."""

    name = "dyndns2"
    paths = ("/nic/update", "/v3/update")
    loggable = frozenset(
        {"hostname", "myip", "myipv6", "offline", "wildcard", "mx", "backmx", "system"}
    )

    def parse(self, request: Request) -> Update | Outcome:
        args = request.args
        hosts = split_list(args.get("hostname", ""))
        refusal = None
        if not request.agent.strip():
            refusal = Status.BADAGENT
        elif args.get("system", "").lower() not in _SYSTEMS:
            refusal = Status.BADSYS
        elif not hosts:
            refusal = Status.MISSING
        elif len(hosts) > MAX_HOSTS:
            refusal = Status.NUMHOST
        elif args.get("myip", "").count(",") + args.get("myipv6", "").count(",") > MAX_ADDRESSES:
            refusal = Status.BADADDRESS
        edits = (*_addresses(args, request.peer), *_mail(args))
        return Update(
            dialect=self.name,
            credentials=request.credentials,
            changes=() if refusal else tuple(_change(host, edits, args) for host in hosts),
            peer=request.peer,
            at=request.now,
            agent=request.agent,
            refusal=refusal,
        )

    def render(self, request: Request, outcome: Outcome) -> Reply:
        return lines_or_word(outcome, WORDS, lambda result: _line(result, request.peer))


def _line(result: Result, peer: str) -> str:
    """Return the line of one host; clients look for an address in every success."""
    word = WORDS[result.status]
    return f"{word} {shown_addresses(result, peer)}" if result.status in SUCCESSES else word


def _addresses(args: Mapping[str, str], peer: str) -> tuple[Edit, ...]:
    """Return the edits of ``myip``, ``myipv6`` and ``offline``; by default the client's address.

    ``preserve`` keeps a family and an empty parameter removes it, but only beside a parameter that
    is not empty: a lone ``myip=`` is how old clients ask for their own address.
    """
    if args.get("offline", "").upper() == "YES":
        return (Remove(A), Remove(AAAA))
    found: dict[int, list[bytes]] = {A: [], AAAA: []}
    network: ipaddress.IPv6Network | None = None
    kept: set[int] = set()
    emptied: set[int] = set()
    for parameter, family in (("myip", A), ("myipv6", AAAA)):
        value = args.get(parameter)
        if value is not None and not value.strip():
            emptied.add(family)
        for word in split_list(value or ""):
            if word.lower() == "preserve":
                kept.add(family)
            elif (address := records.address_from_text(word)) is not None:
                found[records.address_type(address)].append(address)
            else:
                network = _network(word) or network
    if not (any(found.values()) or network or kept):
        return (set_address(own_address(peer)),)
    edits: list[Edit] = [
        Replace(family, tuple(rdatas)) for family, rdatas in found.items() if rdatas
    ]
    if network is not None and not found[AAAA]:
        edits.append(Renumber(network))
        emptied.discard(AAAA)
    edits += [Remove(family) for family in sorted(emptied - kept) if not found[family]]
    return tuple(edits)


def _network(word: str) -> ipaddress.IPv6Network | None:
    """Parse a LAN prefix as FRITZ!Box sends it; None for what is none."""
    if "/" not in word:
        return None
    try:
        return ipaddress.IPv6Network(word, strict=False)
    except ValueError:
        return None


def _mail(args: Mapping[str, str]) -> tuple[Edit, ...]:
    """Return the edit of ``mx`` and ``backmx``."""
    if "mx" not in args and "backmx" not in args:
        return ()
    exchange = None
    with contextlib.suppress(names.BadName):  # absent, NOCHG, or not a name: dyndns.org ignores it
        exchange = names.host_from_text(args.get("mx", ""))
    backup = {"YES": True, "NO": False}.get(args.get("backmx", "").upper())
    return () if exchange is None and backup is None else (Mail(exchange, backup),)


def _change(host: str, edits: tuple[Edit, ...], args: Mapping[str, str]) -> Change:
    """Return the change of one host; ``wildcard`` makes ``*.host`` an alias of it."""
    change = change_of(host, edits)
    match args.get("wildcard", "").upper():
        case "ON" if change.name is not None:
            alias: Edit = Replace(CNAME, (change.name,), names.WILDCARD)
        case "OFF":
            alias = Remove(CNAME, names.WILDCARD)
        case _:
            return change
    return dataclasses.replace(change, edits=(*change.edits, alias))
