"""The look-up algorithm of RFC 1034 4.3.2, with wildcards (RFC 4592), DNAME (RFC 6672) and negative
answers (RFC 2308). It selects RRsets; :mod:`ddns.zone.packing` encodes them.
"""

from __future__ import annotations

from ddns.model.names import MAX_WIRE, WILDCARD, is_subdomain, is_wire_form
from ddns.model.records import (
    AAAA,
    ANY,
    CNAME,
    DNAME,
    DS,
    NS,
    SOA,
    A,
    RRset,
    pack_rdatas,
)
from ddns.zone.message import NXDOMAIN, REFUSED, SERVFAIL, YXDOMAIN, Answer
from ddns.zone.node import (
    QUESTION,
    RRSET,
    SERVICES,
    TARGET_AT,
    label_starts,
    pack,
    pick,
    split,
    unpack,
)
from ddns.zone.reasons import NOT_AUTHORITATIVE, NOT_READY
from ddns.zone.rrl import ABSENT
from ddns.zone.zone import Zone, Zones

HIT, DELEGATION, DNAME_ABOVE, WILDCARD_MATCH, NO_MATCH = range(5)

MAX_CHAIN = 20
"""Maximum number of CNAMEs in a reply, including those synthesised from DNAMEs."""

_ALIAS_MODE = b"\0\0"
"""SvcPriority of a service that is an alias (RFC 9460 2.4.2)."""

Found = tuple[int, bytes, bytes]
"""The match of a name in a zone: its kind, the owner of the matching node, and that node.

HIT: the name is a node. DELEGATION: a zone cut at or above it. DNAME_ABOVE: a DNAME above it.
WILDCARD_MATCH: a wildcard applies. NO_MATCH: the name does not exist; the owner is the closest
encloser.
"""


def find(zone: Zone, name: bytes, starts: list[int], rtype: int = 0) -> Found:
    """Look up a name of the zone; *starts* are its label starts, *rtype* is the query type."""
    nodes = zone.nodes
    node = nodes.get(name)
    apex = len(starts) - zone.labels
    encloser = 0 if node is not None else _closest_encloser(zone, name, starts)
    if zone.cuts:
        # From the apex down: the highest cut occludes all below it (RFC 1034 4.3.2, 3b).
        for depth in range(apex, encloser - 1, -1):
            owner = _suffix(name, starts, depth)
            if owner not in zone.cuts:
                continue
            above = nodes[owner]
            if depth < apex and pick(above, NS):
                if depth or rtype != DS:  # DS at a cut is in the parent (RFC 4035 3.1.4.1)
                    return DELEGATION, owner, above
            elif depth and pick(above, DNAME):
                return DNAME_ABOVE, owner, above
    if node is not None:
        return HIT, name, node
    owner = _suffix(name, starts, encloser)
    node = nodes.get(WILDCARD + owner)
    if node is not None:
        return WILDCARD_MATCH, WILDCARD + owner, node
    return NO_MATCH, owner, b""


def _closest_encloser(zone: Zone, name: bytes, starts: list[int]) -> int:
    """Return at which label the closest encloser starts (RFC 4592 3.3.1).

    All ancestors of an existing name exist, so a binary search finds it: seven steps at 127 labels.
    """
    nodes = zone.nodes
    first, last = 1, len(starts) - zone.labels
    while first < last:
        middle = (first + last) // 2
        if name[starts[middle] :] in nodes:
            last = middle
        else:
            first = middle + 1
    return first


def _suffix(name: bytes, starts: list[int], depth: int) -> bytes:
    return name[starts[depth] :] if depth < len(starts) else name[-1:]


def lookup(zones: Zones, name: bytes, starts: list[int], rtype: int) -> Answer:
    """Answer a question of class IN; comments give the steps of RFC 1034 4.3.2."""
    reply = Answer()
    zone = zones.nearest(name, starts, rtype)  # step 2
    if zone is None:
        if zones.awaits(name, starts):
            return Answer(SERVFAIL, reason=NOT_READY)
        return Answer(REFUSED, reason=NOT_AUTHORITATIVE)
    seen = {name}
    for _ in range(MAX_CHAIN):
        kind, owner, node = find(zone, name, starts, rtype)  # step 3
        reply.rrl_key = reply.rrl_key or owner
        if kind == DELEGATION:  # step 3b
            _refer(zone, owner, node, reply)
            return reply
        reply.authoritative = True
        if kind == DNAME_ABOVE:
            target = _substitute(name, owner, node, reply)
            if rtype == CNAME:
                return reply  # the synthesised CNAME is the answer
        elif kind == NO_MATCH:  # step 3c
            reply.rcode = NXDOMAIN
            reply.rrl_key = ABSENT + zone.origin
            target = None
            _deny(zone, reply)
        else:  # step 3a, or 3c with a wildcard
            target = _take(zone, name, node, rtype, reply)
        # Follow the alias. The rcode is that of the last name (RFC 6604 3). If the chain leaves our
        # zones or loops, the resolver has to continue.
        if target is None or target in seen:
            return reply
        if not is_wire_form(target):
            return Answer(SERVFAIL)  # malformed rdata
        seen.add(target)
        name, starts = target, label_starts(target)
        zone = zones.nearest(name, starts, rtype)
        if zone is None:
            return reply
    return reply


def _take(zone: Zone, name: bytes, node: bytes, rtype: int, reply: Answer) -> bytes | None:
    """Answer from the node that matches the name; return the target if it is an alias."""
    # ANY gets only the first RRset (RFC 8482 4.1).
    rrset = next(split(node), b"") if rtype == ANY else pick(node, rtype)
    if rrset:
        _put(name, rrset, reply)
        if rtype in TARGET_AT:
            _add_addresses(zone, name, rrset, reply.additional)
        return None
    if alias := pick(node, CNAME):
        reply.answer.append((name, alias))
        return unpack(name, alias).rdatas[0].lower()
    _deny(zone, reply)
    return None


def _put(owner: bytes, rrset: bytes, reply: Answer) -> None:
    """Add an RRset to the answer once (RFC 2181 5): a DNAME may apply twice, or be queried too."""
    if (owner, rrset) not in reply.answer:
        reply.answer.append((owner, rrset))


def _deny(zone: Zone, reply: Answer) -> None:
    if zone.negative is None:
        reply.rcode = SERVFAIL  # a negative answer needs the SOA
        reply.authoritative = False
        return
    record = QUESTION + zone.negative
    reply.authority.append((zone.origin, RRSET.pack(SOA, 1, len(record)) + record))


def _substitute(name: bytes, owner: bytes, node: bytes, reply: Answer) -> bytes | None:
    """Answer with a DNAME and its synthesised CNAME; return the target (RFC 6672 3.1).

    None ends the chain: the name would be too long, or the DNAME points below its own owner, so
    that each further step would only make the name longer. Empty if the DNAME's rdata is malformed.
    """
    rrset = pick(node, DNAME)
    _put(owner, rrset, reply)
    dname = unpack(owner, rrset)
    if not is_wire_form(dname.rdatas[0].lower()):
        return b""
    target = name[: -len(owner)] + dname.rdatas[0]
    if len(target) > MAX_WIRE:
        reply.rcode = YXDOMAIN
        return None
    reply.answer.append((name, pack(CNAME, dname.ttl, pack_rdatas((target,)))))
    if is_subdomain(dname.rdatas[0].lower(), owner):
        return None
    return target.lower()


def _refer(zone: Zone, cut: bytes, node: bytes, reply: Answer) -> None:
    """Refer to the name servers of a child zone, with their addresses as far as known."""
    rrset = pick(node, NS)
    reply.authority.append((cut, rrset))
    # In-domain name servers cannot be found without glue (RFC 9471 3.1).
    _add_addresses(zone, cut, rrset, reply.additional, reply.glue, cut)


def _add_addresses(
    zone: Zone,
    owner: bytes,
    rrset: bytes,
    additional: list[tuple[bytes, bytes]],
    required: list[tuple[bytes, bytes]] | None = None,
    cut: bytes = b"",
) -> None:
    """Add the addresses in this zone of an RRset's targets (RFC 1034 4.3.2, step 6), and for a
    service what other services are there (RFC 9460 4.1)."""
    found = unpack(owner, rrset)
    seen = set()
    for rdata in found.rdatas:
        target = _target(found, rdata)
        if target in seen or not is_wire_form(target) or not is_subdomain(target, zone.origin):
            continue
        seen.add(target)
        node = zone.nodes.get(target)
        if node is None:
            starts = label_starts(target)
            encloser = _suffix(target, starts, _closest_encloser(zone, target, starts))
            node = zone.nodes.get(WILDCARD + encloser, b"")
        into = additional
        if required is not None and is_subdomain(target, cut):
            into = required
        for rtype in (A, AAAA):
            if addresses := pick(node, rtype):
                into.append((target, addresses))
        if found.type not in SERVICES or target == owner or zone.may_be_cut(target):
            continue
        if services := pick(node, found.type):
            into.append((target, services))


def _target(rrset: RRset, rdata: bytes) -> bytes:
    """Return the name that one of an RRset's records points to; it may be malformed."""
    name = rdata[TARGET_AT[rrset.type] :].lower()
    if rrset.type not in SERVICES:
        return name
    end = 0
    while end < len(name) and name[end]:
        end += 1 + name[end]
    if not end and rdata[:2] != _ALIAS_MODE:
        return rrset.owner  # of a "." (RFC 9460 2.5.2)
    return name[: end + 1]
