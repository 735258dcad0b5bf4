"""deSEC, of update.dedyn.io: dyndns2 at other paths, with keys in three places, several hosts with
addresses of their own, and errors that the HTTP status tells as well.

Addresses are those of dyndns2: a family that is not named stays as it is, where deSEC removes it.
What has not changed is ``good`` as well, since deSEC has no other word for a success.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from ddns.dialects.addresses import address_edits, split_list
from ddns.dialects.base import Reply, Request, answer_by_status
from ddns.dialects.dyndns2 import reply_in_words
from ddns.dialects.host_addresses import AddressesOfHosts
from ddns.dialects.parsing import (
    ListedChanges,
    basic_or_query_credentials,
    key_alone,
    update_of,
)
from ddns.model.records import AAAA, A
from ddns.model.update import Credentials, Outcome, Status, Update, change_of

_COMMON = (("myip", None), ("ip", None), ("myipv4", A), ("myipv6", AAAA), ("ipv6", AAAA))
"""Parameters for the addresses of all hosts, and of which family they are."""


_MARKS = {"hostname", *(name for name, _ in _COMMON)}
"""Parameters that no page has. What has one is challenged, or wget would never log in."""


class DeSEC:
    """The dialect of / and /update, and of /nic/update with a token (OPNsense)."""

    name = "desec"
    paths = ("/", "/update", "/nic/update")
    loggable = frozenset({"hostname", "host_id", "myip", "myipv4", "myipv6", "ip", "ipv6"})

    def claims(self, request: Request) -> bool:
        """Return whether a request to / is one; it is also the page that browsers ask for, which
        may send credentials for a proxy in between."""
        if request.path == "/update" or _token(request):
            return True
        if request.path != "/":
            return False
        if request.args.keys() & _MARKS:
            return True
        is_browser = "text/html" in request.headers.get("accept")
        return not is_browser and bool(request.credentials and request.credentials.secret)

    def parse(self, request: Request) -> Update | Outcome:
        args = request.args
        token = _token(request)
        credentials = key_alone(token) if token else basic_or_query_credentials(request)
        named, of_hosts = _hosts(args, credentials), AddressesOfHosts(args)
        hosts = of_hosts.beside(named) or [""]
        addresses = [(args.get(name), family) for name, family in _COMMON]
        edits = address_edits(addresses, request.peer)
        says_anything = any(value is not None for value, _ in addresses)
        own, refusal = of_hosts.edits(named, edits if edits and says_anything else ())
        refusal = Status.BADADDRESS if edits is None else refusal
        changes = ListedChanges(hosts, edits or (), own=own)
        said = of_hosts.said_with(addresses)
        return update_of(
            request, self.name, credentials, changes, said=said, refusal=refusal, within=""
        )

    def render(self, request: Request, outcome: Outcome) -> Reply:
        results = (
            dataclasses.replace(one, status=Status.GOOD) if one.status is Status.NOCHG else one
            for one in outcome.results
        )
        reply = reply_in_words(request, dataclasses.replace(outcome, results=tuple(results)))
        if reply.status == 401:
            return reply
        return dataclasses.replace(reply, status=answer_by_status(outcome, "").status)


def _token(request: Request) -> str:
    """Return the key of a header ``Authorization: Token KEY``."""
    scheme, _, token = request.headers.get("authorization").partition(" ")
    return token.strip() if scheme.lower() == "token" else ""


def _hosts(args: Mapping[str, str], credentials: Credentials | None) -> list[str]:
    """Return the hosts that a request names, none for those of its key."""
    for name in ("hostname", "host_id"):
        value = args.get(name, "").strip()
        hosts = split_list(value) if (name, value.upper()) != ("hostname", "YES") else []
        if hosts:
            return hosts
    user = credentials.user.strip() if credentials else ""
    return [user] if "." in user and change_of(user, ()).name is not None else []
