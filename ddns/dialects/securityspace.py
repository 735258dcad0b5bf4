"""SecuritySpace's /dns/dynamic.html: dyndns2 with fewer words, and one list of hosts.

The answer has a line for each host in the order of the request, ``good`` with the address and
``nochg`` with the host; an error of the whole request is one line.
"""

from __future__ import annotations

from ddns.dialects.addresses import Parameters, address_edits, said_of, split_list
from ddns.dialects.base import Reply, Request, lines_or_word, shown_addresses
from ddns.dialects.parsing import ListedChanges, basic_or_query_credentials, update_of
from ddns.model.update import Edit, Outcome, Replace, Result, Status, Update

WORDS = {
    Status.GOOD: "good",
    Status.NOCHG: "nochg",
    Status.UNAUTHENTICATED: "badauth",
    Status.BADAUTH: "badauth",
    Status.DISABLED: "badauth",
    Status.MISSING: "nohost",
    Status.NOTFQDN: "nohost",
    Status.NOHOST: "nohost",
    Status.NOTYOURS: "nohost",
    Status.NUMHOST: "nohost",
    Status.BADSYS: "nohost",
    Status.BADAGENT: "nohost",
    Status.BADREQUEST: "nohost",
    Status.BADADDRESS: "911",
    Status.ABUSE: "911",
    Status.BLOCKED: "blocked",
    Status.FAILED: "911",
}


class SecuritySpace:
    """The dialect of /dns/dynamic.html."""

    name = "securityspace"
    paths = ("/dns/dynamic.html",)
    loggable = frozenset({"hostname", "myip"})

    def parse(self, request: Request) -> Update | Outcome:
        hosts = split_list(request.args.get("hostname", ""))
        edits = _addresses(request)
        refusal = None if edits else Status.BADADDRESS
        return update_of(
            request,
            self.name,
            basic_or_query_credentials(request),
            ListedChanges(hosts, edits or ()),
            said=said_of(_parameters(request)),
            refusal=refusal if hosts else Status.MISSING,
        )

    def render(self, request: Request, outcome: Outcome) -> Reply:
        return lines_or_word(outcome, WORDS, lambda result: _line(result, request.peer))


def _line(result: Result, peer: str) -> str:
    word = WORDS[result.status]
    match result.status:
        case Status.GOOD:
            return f"{word} {shown_addresses(result, peer)}"
        case Status.NOCHG:
            return f"{word} {result.change.host}"
    return word


def _parameters(request: Request) -> Parameters:
    return ((request.args.get("myip"), None),)


def _addresses(request: Request) -> tuple[Edit, ...] | None:
    """Set the first address of each family, for ddclient 4 sends both."""
    edits = address_edits(_parameters(request), request.peer)
    return edits and tuple(
        Replace(edit.type, edit.rdatas[:1]) if isinstance(edit, Replace) else edit for edit in edits
    )
