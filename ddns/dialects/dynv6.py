"""dynv6, /api/update: one host, a token, and an address or what to make of it for each family.

``auto`` is the client's own address, ``-`` removes one. A prefix goes into the host's AAAA records.
"""

from __future__ import annotations

import ipaddress

from ddns.dialects.addresses import (
    Parameters,
    host_address,
    host_prefix,
    own_address,
    said_of,
    set_address,
)
from ddns.dialects.base import Reply, Request, answer_by_status, in_all
from ddns.dialects.parsing import key_alone, update_of
from ddns.dialects.texts import REFUSALS
from ddns.model import records
from ddns.model.records import AAAA, A
from ddns.model.update import (
    PREFIX,
    Edit,
    Outcome,
    Remove,
    Renumber,
    Status,
    Update,
    change_of,
)

_WORDS = ("", "auto", "-")
_PREFIX = 64
"""Bits of the prefix that ``ipv6prefix=auto`` takes from the client's own address."""


class BadValue(ValueError):
    """A parameter says nothing that could be done."""


class Dynv6:
    """The dialect of /api/update."""

    name = "dynv6"
    paths = ("/api/update",)
    loggable = frozenset({"hostname", "Hostname", "zone", "ipv4", "ipv6", "ipv6prefix"})

    def parse(self, request: Request) -> Update | Outcome:
        args = request.args
        named = (args.get(name, "").strip() for name in ("hostname", "Hostname", "zone"))
        host = next(filter(None, named), "")
        values = {name: args.get(name, "").strip() for name in ("ipv4", "ipv6", "ipv6prefix")}
        try:
            edits, refusal = _edits(values, request.peer), None
        except BadValue:
            edits, refusal = (), Status.BADADDRESS
        said: Parameters = [
            (value, family)
            for value, family in zip(values.values(), (A, AAAA, PREFIX), strict=True)
            if value.lower() not in _WORDS
        ]
        return update_of(
            request,
            self.name,
            key_alone(args.get("token", "")),
            (change_of(host, edits),) if host else (),
            said=said_of(said),
            refusal=refusal if host else Status.MISSING,
        )

    def render(self, request: Request, outcome: Outcome) -> Reply:
        match in_all(outcome):
            case Status.GOOD:
                text = "addresses updated"
            case Status.NOCHG:
                text = "addresses unchanged"
            case refusal:
                text = REFUSALS[refusal].lower()
        return answer_by_status(outcome, text + "\n")


def _edits(values: dict[str, str], peer: str) -> tuple[Edit, ...]:
    """Return the edits of a request; what is empty stays as it is. A prefix beside an address is
    for the hosts that follow.

    :raises BadValue: for what is neither of the kind that it should be nor a word for it.
    """
    edits = (
        _address_edit(values["ipv4"], A, peer),
        _address_edit(values["ipv6"], AAAA, peer),
        _prefix_edit(values["ipv6prefix"], peer, itself=not values["ipv6"]),
    )
    return tuple(edit for edit in edits if edit is not None)


def _address_edit(value: str, family: int, peer: str) -> Edit | None:
    if not value:
        return None
    if value == "-":
        return Remove(family)
    if family == AAAA and (network := host_prefix(value)) is not None:
        return Renumber((network,))
    address = own_address(peer) if value.lower() == "auto" else host_address(value)
    if address is None or records.address_type(address) != family:
        raise BadValue(value)
    return set_address(address)


def _prefix_edit(value: str, peer: str, *, itself: bool) -> Edit | None:
    """Return the edit of a prefix; there is none to be removed apart from the addresses in it."""
    if value in ("", "-"):
        return None
    if value.lower() == "auto" and records.address_type(own_address(peer)) == AAAA:
        own = ipaddress.IPv6Network((own_address(peer), _PREFIX), strict=False)
        return Renumber((own,), itself)
    network = host_prefix(value)
    if network is None:
        raise BadValue(value)
    return Renumber((network,), itself)
