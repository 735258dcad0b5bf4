"""deSEC, of update.dedyn.io: dyndns2 at other paths, with keys in three places, several hosts with
addresses of their own, and errors that the HTTP status tells as well.

Addresses are those of dyndns2: a family that is not named stays as it is, where deSEC removes it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

from ddns.dialects.addresses import Parameters, address_edits, said_of, split_list
from ddns.dialects.base import Reply, Request, answer_by_status
from ddns.dialects.dyndns2 import reply_in_words
from ddns.dialects.parsing import (
    ListedChanges,
    basic_or_query_credentials,
    key_alone,
    update_of,
)
from ddns.model.records import AAAA, A
from ddns.model.update import Change, Credentials, Outcome, Status, Update, change_of

_COMMON = (("myip", None), ("ip", None), ("myipv4", A), ("myipv6", AAAA), ("ipv6", AAAA))
"""Parameters for the addresses of all hosts, and of which family they are."""


class DeSEC:
    """The dialect of / and /update."""

    name = "desec"
    paths = ("/", "/update")
    loggable = frozenset({"hostname", "host_id", "myip", "myipv4", "myipv6", "ip", "ipv6"})

    def claims(self, request: Request) -> bool:
        """Return whether a request to / is one; it is also the page that browsers ask for, which
        may send credentials for a proxy in between."""
        if request.path != "/" or "hostname" in request.args or _token(request):
            return True
        is_browser = "text/html" in request.headers.get("accept")
        return not is_browser and bool(request.credentials and request.credentials.secret)

    def parse(self, request: Request) -> Update | Outcome:
        args = request.args
        token = _token(request)
        credentials = key_alone(token) if token else basic_or_query_credentials(request)
        hosts = _hosts(args, credentials)
        changes = _changes(hosts, args, request.peer)
        own = [each for host in hosts for each in _own(args, host)] if _has_own(args) else ()
        said = said_of((*_addresses(args), *own))
        refusal = Status.BADADDRESS if changes is None else None
        named = ListedChanges(hosts, ()) if changes is None else changes
        return update_of(
            request, self.name, credentials, named, said=said, refusal=refusal, within=""
        )

    def render(self, request: Request, outcome: Outcome) -> Reply:
        reply = reply_in_words(request, outcome)
        if reply.status == 401:
            return reply
        return dataclasses.replace(reply, status=answer_by_status(outcome, "").status)


def _token(request: Request) -> str:
    """Return the key of a header ``Authorization: Token KEY``."""
    scheme, _, token = request.headers.get("authorization").partition(" ")
    return token.strip() if scheme.lower() == "token" else ""


def _hosts(args: Mapping[str, str], credentials: Credentials | None) -> list[str]:
    """Return the hosts of a request; an empty one stands for those of its key."""
    for name in ("hostname", "host_id"):
        value = args.get(name, "").strip()
        hosts = split_list(value) if (name, value.upper()) != ("hostname", "YES") else []
        if hosts:
            return hosts
    user = credentials.user.strip() if credentials else ""
    return [user if "." in user and change_of(user, ()).name is not None else ""]


def _addresses(args: Mapping[str, str], host: str = "") -> Parameters:
    """Return what speaks of the addresses of a host: its own parameters, in the place of those for
    all hosts."""
    own = _own(args, host)
    families = {family for _, family in own}
    return (*((args.get(name), family) for name, family in _COMMON if family not in families), *own)


def _own(args: Mapping[str, str], host: str) -> Parameters:
    """Return the parameters for the addresses of one host."""
    return tuple(
        (args[name], family)
        for family, mark in ((A, "myipv4"), (AAAA, "myipv6"))
        if (name := f"{mark}:{host}") in args
    )


def _has_own(args: Mapping[str, str]) -> bool:
    return any(name.startswith(("myipv4:", "myipv6:")) for name in args)


def _changes(hosts: list[str], args: Mapping[str, str], peer: str) -> Sequence[Change] | None:
    """Return the changes of all hosts; None if the addresses of any come to nothing."""
    if not _has_own(args):
        edits = address_edits(_addresses(args), peer)
        return None if edits is None else ListedChanges(hosts, edits)
    changes: list[Change] = []
    for host in hosts:
        edits = address_edits(_addresses(args, host), peer)
        if edits is None:
            return None
        changes.append(change_of(host, edits))
    return changes
