"""DuckDNS, /update: several hosts, a label of each, a token alone, and OK or KO for all of them.

A TXT record that a client sets is at DuckDNS the host's own and that of every name below it, which
is how clients get certificates. Here it is set at the host and at ``_acme-challenge`` below it.
"""

from __future__ import annotations

from collections.abc import Mapping

from ddns.dialects.addresses import NO_ADDRESSES, Parameters, given_edits, said_of, split_list
from ddns.dialects.base import Reply, Request, answer, in_all
from ddns.dialects.parsing import (
    ListedChanges,
    asked_domain,
    key_alone,
    merged,
    txt_rdata,
    update_of,
)
from ddns.model import names, records
from ddns.model.records import AAAA, TXT
from ddns.model.update import (
    OFFLINE,
    SUCCESSES,
    Edit,
    Outcome,
    Remove,
    Replace,
    Result,
    Status,
    Update,
)

_PREFIXES = (b"", names.ACME)


class DuckDNS:
    """The dialect of /update with ``domains``."""

    name = "duckdns"
    paths = ("/update", "/update/{domains}/{token}", "/update/{domains}/{token}/{ip}")
    loggable = frozenset({"domains", "ip", "ipv6", "txt", "clear", "verbose"})

    def claims(self, request: Request) -> bool:
        return "domains" in request.args or bool(request.parameters)

    def parse(self, request: Request) -> Update | Outcome:
        args = merged(request)
        hosts = split_list(args.get("domains", ""))
        edits = _edits(args, request.peer)
        refusal = Status.BADADDRESS if edits is None else None
        return update_of(
            request,
            self.name,
            key_alone(args.get("token", "")),
            ListedChanges(hosts, edits or ()),
            said=_said(args),
            refusal=refusal if hosts else Status.MISSING,
            within=asked_domain(request),
        )

    def render(self, request: Request, outcome: Outcome) -> Reply:
        status = in_all(outcome)
        if status not in SUCCESSES:
            return answer(outcome, "KO")
        args = merged(request)
        if not _is_true(args, "verbose"):
            return answer(outcome, "OK")
        shown = [_shown_txt(args)] if "txt" in args else _shown_addresses(outcome.results)
        changed = "UPDATED" if status is Status.GOOD else "NOCHANGE"
        return answer(outcome, "\n".join(["OK", *shown, changed]))


def _is_true(args: Mapping[str, str], name: str) -> bool:
    return args.get(name, "").strip().lower() == "true"


def _addresses(args: Mapping[str, str]) -> Parameters:
    return ((args.get("ip"), None), (args.get("ipv6"), AAAA))


def _said(args: Mapping[str, str]) -> str:
    if "txt" in args:
        return ""
    return OFFLINE if _is_true(args, "clear") else said_of(_addresses(args))


def _edits(args: Mapping[str, str], peer: str) -> tuple[Edit, ...] | None:
    """Return the edits of a request, None if an address is malformed or a text too long. ``clear``
    comes before all that is to be set, ``txt`` before addresses."""
    clear = _is_true(args, "clear")
    if "txt" in args and clear:
        return tuple(Remove(TXT, prefix) for prefix in _PREFIXES)
    if "txt" in args:
        rdata = txt_rdata(args["txt"])
        if rdata is None:
            return None
        return tuple(Replace(TXT, (rdata,), prefix) for prefix in _PREFIXES)
    return NO_ADDRESSES if clear else given_edits(_addresses(args), peer)


def _shown_txt(args: Mapping[str, str]) -> str:
    return "" if _is_true(args, "clear") else args["txt"]


def _shown_addresses(results: tuple[Result, ...]) -> list[str]:
    """Return two lines: the first host's addresses of each family, as far as they were set."""
    known = results[0].addresses if results else ()
    packed = [(records.address_from_text(address) or b"", address) for address in known]
    return [",".join(text for octets, text in packed if len(octets) == size) for size in (4, 16)]
