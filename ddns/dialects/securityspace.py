"""SecuritySpace's /dns/dynamic.html: dyndns2 with fewer words, and one list of hosts.

The answer has a line for each host in the order of the request, ``good`` with the address and
``nochg`` with the host; an error of the whole request is one line.
"""

from __future__ import annotations

from ddns.dialects.base import (
    Reply,
    Request,
    lines_or_word,
    own_address,
    set_address,
    shown_addresses,
    split_list,
)
from ddns.model import records
from ddns.model.update import Edit, Outcome, Result, Status, Update, change_of

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
    Status.ABUSE: "blocked",
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
        edits = _addresses(request.args.get("myip", ""), request.peer)
        return Update(
            dialect=self.name,
            credentials=request.credentials,
            changes=tuple(change_of(host, edits) for host in hosts),
            peer=request.peer,
            at=request.now,
            agent=request.agent,
            refusal=None if hosts else Status.MISSING,
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


def _addresses(text: str, peer: str) -> tuple[Edit, ...]:
    """Set the first address of each family, for ddclient 4 sends both; by default the client's."""
    found: dict[int, bytes] = {}
    for word in split_list(text):
        address = records.address_from_text(word)
        if address is not None:
            found.setdefault(records.address_type(address), address)
    return tuple(map(set_address, found.values() or (own_address(peer),)))
