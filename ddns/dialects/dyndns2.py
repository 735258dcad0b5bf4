"""dyndns2, the protocol of dyndns.org's /nic/update, which nearly every router speaks.

The answer has a line for each host in the order of the request, ``good`` and ``nochg`` always with
the address; an error of the whole request is one line.
"""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Mapping

from ddns.dialects.addresses import NO_ADDRESSES, Parameters, address_edits, said_of, split_list
from ddns.dialects.base import Reply, Request, lines_or_word, shown_addresses
from ddns.dialects.host_addresses import AddressesOfHosts
from ddns.dialects.parsing import ListedChanges, basic_or_query_credentials, update_of
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

_SYSTEMS = frozenset({"", "dyndns", "statdns", "custom", "noip"})
"""Kinds of service of dyndns.org's, and the one of No-IP. They mean nothing here, but a client that
asks for another one is set up for something else."""


class DynDNS2:
    """The dialect of /nic/update."""

    name = "dyndns2"
    paths: tuple[str, ...] = ("/nic/update", "/v3/update")
    loggable = frozenset(
        {
            *("hostname", "myip", "myipv4", "myipv6", "ip", "ipprefix", "ipv6prefix"),
            *("offline", "wildcard", "mx", "backmx", "system"),
        }
    )

    def parse(self, request: Request) -> Update | Outcome:
        args = request.args
        credentials = _nameless(basic_or_query_credentials(request))
        named, of_hosts = _hosts(request, credentials), AddressesOfHosts(args)
        addresses, is_offline, mail = _addresses(args), _is_offline(args), _mail(args)
        edits = NO_ADDRESSES if is_offline else address_edits(addresses, request.peer)
        of_all = (*(edits or ()), *mail)
        says_anything = is_offline or any(value is not None for value, _ in addresses)
        own, refusal = of_hosts.edits(named, of_all if says_anything else mail)
        if not request.agent.strip():
            refusal = Status.BADAGENT
        elif args.get("system", "").lower() not in _SYSTEMS:
            refusal = Status.BADSYS
        elif edits is None:
            refusal = Status.BADADDRESS
        wildcard = args.get("wildcard", "").upper()
        hosts = of_hosts.beside(named) or [""]
        changes = ListedChanges(hosts, of_all, wildcard, own)
        said = OFFLINE if is_offline else of_hosts.said_with(addresses)
        within = None if hosts[0] else ""
        return update_of(
            request, self.name, credentials, changes, said=said, refusal=refusal, within=within
        )

    def render(self, request: Request, outcome: Outcome) -> Reply:
        return reply_in_words(request, outcome)


def update_of_listed(
    request: Request, dialect: str, hosts: list[str], refusal: Status | None = None
) -> Update:
    """Return the update of a request that differs from dyndns2's in how it names hosts.

    :param refusal: what else is wrong with the request; it comes first.
    """
    addresses: Parameters = ((request.args.get("myip"), None),)
    edits = address_edits(addresses, request.peer)
    if refusal is None and not hosts:
        refusal = Status.MISSING
    elif refusal is None and edits is None:
        refusal = Status.BADADDRESS
    edits = (*(edits or ()), *_mail(request.args))
    return update_of(
        request,
        dialect,
        basic_or_query_credentials(request),
        ListedChanges(hosts, edits, request.args.get("wildcard", "").upper()),
        said=said_of(addresses),
        refusal=refusal,
    )


def reply_in_words(request: Request, outcome: Outcome) -> Reply:
    """Return a line for each host, or one for the whole request."""
    return lines_or_word(outcome, WORDS, lambda result: _line(result, request.peer))


def _line(result: Result, peer: str) -> str:
    """Return the line of one host; clients look for an address in every success."""
    word = WORDS[result.status]
    return f"{word} {shown_addresses(result, peer)}" if result.status in SUCCESSES else word


def _hosts(request: Request, credentials: Credentials | None) -> list[str]:
    """Return the hosts of a request. Without ``hostname`` it is a bare query (DD-WRT), or the user
    if that could be a host (nsupdate.info, deSEC); otherwise those of the key (INWX)."""
    if hosts := split_list(request.args.get("hostname", "")):
        return list(map(_once, hosts))
    for name, value in request.args.items():
        if not value and "." in name and ":" not in name:
            return split_list(name)
    user = credentials.user.strip() if credentials else ""
    return [user] if "." in user and change_of(user, ()).name is not None else []


def _nameless(given: Credentials | None) -> Credentials | None:
    """Return credentials of which only the key counts where the user is ``none``, as at dynv6."""
    if given is None or given.user_name != "none":
        return given
    return dataclasses.replace(given, nameless=True)


def _once(host: str) -> str:
    """Return a host, or the half of one that is written twice without anything in between, as UniFi
    does where the host stands in the server's path as well."""
    half = host[: len(host) // 2]
    return half if "." in half and half + half == host else host


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


def _mail(args: Mapping[str, str]) -> tuple[Edit, ...]:
    """Return the edit of ``mx`` and ``backmx``."""
    if "mx" not in args and "backmx" not in args:
        return ()
    exchange = None
    with contextlib.suppress(names.BadName):  # absent, NOCHG, or not a name: dyndns.org ignores it
        exchange = names.host_from_text(args.get("mx", ""))
    backup = {"YES": True, "NO": False}.get(args.get("backmx", "").upper())
    return () if exchange is None and backup is None else (Mail(exchange, backup),)
