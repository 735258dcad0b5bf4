"""dyndns2, the protocol of dyndns.org's /nic/update, which nearly every router speaks.

The answer has a line for each host in the order of the request, ``good`` and ``nochg`` always with
the address; an error of the whole request is one line.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping

from ddns.dialects.addresses import Parameters, address_edits, said_of, split_list
from ddns.dialects.base import (
    ListedChanges,
    Reply,
    Request,
    basic_or_query_credentials,
    lines_or_word,
    shown_addresses,
)
from ddns.dialects.host_addresses import AddressesOfHosts
from ddns.model import names
from ddns.model.records import AAAA, A
from ddns.model.update import (
    OFFLINE,
    PREFIX,
    SUCCESSES,
    Credentials,
    Edit,
    Mail,
    Outcome,
    Remove,
    Result,
    Status,
    Update,
    change_of,
)

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
    Status.ABUSE: "911",
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
        {
            *("hostname", "myip", "myipv4", "myipv6", "ip", "ipprefix", "ipv6prefix"),
            *("offline", "wildcard", "mx", "backmx", "system"),
        }
    )

    def parse(self, request: Request) -> Update | Outcome:
        args = request.args
        credentials = basic_or_query_credentials(request)
        named, of_hosts = _hosts(request, credentials), AddressesOfHosts(args)
        addresses = _addresses(args)
        edits = _edits(args, addresses, request.peer)
        of_all = (*(edits or ()), *_mail(args))
        own = of_hosts.edits(named, of_all)
        refusal = None
        if not request.agent.strip():
            refusal = Status.BADAGENT
        elif args.get("system", "").lower() not in _SYSTEMS:
            refusal = Status.BADSYS
        elif not (named or of_hosts.hosts):
            refusal = Status.MISSING
        elif edits is None:
            refusal = Status.BADADDRESS
        elif isinstance(own, Status):
            refusal = own
        wildcard = args.get("wildcard", "").upper()
        hosts = of_hosts.beside(named)
        return Update(
            dialect=self.name,
            credentials=credentials,
            changes=ListedChanges(hosts, of_all, wildcard, {} if isinstance(own, Status) else own),
            peer=request.peer,
            at=request.now,
            agent=request.agent,
            refusal=refusal,
            addresses=OFFLINE
            if _is_offline(args)
            else ",".join(filter(None, (said_of(addresses), *of_hosts.said()))),
        )

    def render(self, request: Request, outcome: Outcome) -> Reply:
        return lines_or_word(outcome, WORDS, lambda result: _line(result, request.peer))


def _line(result: Result, peer: str) -> str:
    """Return the line of one host; clients look for an address in every success."""
    word = WORDS[result.status]
    return f"{word} {shown_addresses(result, peer)}" if result.status in SUCCESSES else word


def _hosts(request: Request, credentials: Credentials | None) -> list[str]:
    """Return the hosts of a request. Without ``hostname`` it is a bare query (DD-WRT), or the user
    if that could be a host (nsupdate.info, deSEC)."""
    if hosts := split_list(request.args.get("hostname", "")):
        return hosts
    for name, value in request.args.items():
        if not value and "." in name and ":" not in name:
            return split_list(name)
    user = credentials.user.strip() if credentials else ""
    return [user] if "." in user and change_of(user, ()).name is not None else []


def _is_offline(args: Mapping[str, str]) -> bool:
    return args.get("offline", "").upper() == "YES"


def _addresses(args: Mapping[str, str]) -> Parameters:
    """Return the parameters that speak of addresses."""
    return (
        (args.get("myip") or args.get("ip", args.get("myip")), None),
        (args.get("myipv4"), A),
        (args.get("myipv6"), AAAA),
        (args.get("ipprefix") or args.get("ipv6prefix"), PREFIX),
    )


def _edits(args: Mapping[str, str], addresses: Parameters, peer: str) -> tuple[Edit, ...] | None:
    """Return the edits of what speaks of addresses; None if it comes to nothing."""
    if _is_offline(args):
        return (Remove(A), Remove(AAAA))
    return address_edits(addresses, peer)


def _mail(args: Mapping[str, str]) -> tuple[Edit, ...]:
    """Return the edit of ``mx`` and ``backmx``."""
    if "mx" not in args and "backmx" not in args:
        return ()
    exchange = None
    with contextlib.suppress(names.BadName):  # absent, NOCHG, or not a name: dyndns.org ignores it
        exchange = names.host_from_text(args.get("mx", ""))
    backup = {"YES": True, "NO": False}.get(args.get("backmx", "").upper())
    return () if exchange is None and backup is None else (Mail(exchange, backup),)
