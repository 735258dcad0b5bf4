"""ZoneEdit, /auth/dynamic.html: hosts and an address, and an element with a code for each host."""

from __future__ import annotations

from xml.sax.saxutils import quoteattr

from ddns.dialects.addresses import split_list
from ddns.dialects.base import Reply, Request, answer, answer_or_challenge, shown_addresses
from ddns.dialects.parsing import basic_or_query_credentials, update_of_hosts
from ddns.dialects.texts import REFUSALS
from ddns.model.update import Outcome, Result, Status, Update

_UPDATED, _SAME, _NO_ZONE, _OTHER = "200", "201", "701", "703"


class ZoneEdit:
    """The dialect of /auth/dynamic.html."""

    name = "zoneedit"
    paths = ("/auth/dynamic.html",)
    loggable = frozenset({"host", "zone", "dnsto"})

    def parse(self, request: Request) -> Update | Outcome:
        return update_of_hosts(
            request,
            self.name,
            basic_or_query_credentials(request),
            split_list(request.args.get("host", "")),
            ((request.args.get("dnsto"), None),),
        )

    def render(self, request: Request, outcome: Outcome) -> Reply:
        if outcome.refusal is None:
            lines = (_line(result, request.peer) for result in outcome.results)
            return answer(outcome, "".join(lines))
        error = _error(outcome.refusal, request.args.get("zone", ""))
        return answer_or_challenge(outcome, error)


def _line(result: Result, peer: str) -> str:
    host, address = result.change.host, shown_addresses(result, peer)
    match result.status:
        case Status.GOOD:
            return _element("SUCCESS", _UPDATED, "Update succeeded.", ZONE=host, IP=address)
        case Status.NOCHG:
            return _element("SUCCESS", _SAME, "No records need updating.", ZONE=host, IP=address)
    return _error(result.status, host)


def _error(status: Status, zone: str) -> str:
    code = _NO_ZONE if status in (Status.NOHOST, Status.NOTYOURS) else _OTHER
    return _element("ERROR", code, f"{REFUSALS[status]}.", ZONE=zone)


def _element(tag: str, code: str, text: str, **more: str) -> str:
    attributes = {"CODE": code, "TEXT": text, **more}
    shown = " ".join(f"{name}={_quoted(value)}" for name, value in attributes.items())
    return f"<{tag} {shown}>\n"


def _quoted(value: str) -> str:
    """Return an attribute's value as clients read it: in quotation marks, whatever is in it."""
    return quoteattr(value.replace('"', "'"))
