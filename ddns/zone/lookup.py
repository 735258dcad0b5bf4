"""What to answer: RFC 1034 4.3.2 with wildcards (RFC 4592), DNAME (RFC 6672) and its negative
answers (RFC 2308). Chooses RRsets and never encodes them.
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
    pack_rdatas,
)
from ddns.zone.message import NXDOMAIN, REFUSED, SERVFAIL, YXDOMAIN, Answer
from ddns.zone.node import QUESTION, RRSET, TARGET_AT, label_starts, pack, pick, split, unpack
from ddns.zone.rrl import ABSENT
from ddns.zone.zone import Zone, Zones

HIT, DELEGATION, DNAME_ABOVE, WILDCARD_MATCH, NO_MATCH = range(5)

MAX_CHAIN = 20
"""How many CNAMEs one reply holds at most, those synthesised from DNAMEs included."""

Found = tuple[int, bytes, bytes]
"""What a name is in a zone: the kind, the owner of the node that decides, and that node.

HIT: the name is a node. CUT: a delegation at or above it. ALIASED: a DNAME above it. WILD: a
wildcard stands for it. MISS: nothing does; the owner is the closest encloser.
"""


def find(zone: Zone, name: bytes, starts: list[int], rtype: int = 0) -> Found:
    """Look a name up that is in the zone; *starts* are its label starts, *rtype* is asked for."""
    nodes = zone.nodes
    node = nodes.get(name)
    apex = len(starts) - zone.labels
    encloser = 0 if node is not None else _closest_encloser(zone, name, starts)
    if zone.cuts:
        # From the apex down, for the highest cut hides all that is below it (RFC 1034 4.3.2, 3b).
        for depth in range(apex, encloser - 1, -1):
            owner = _suffix(name, starts, depth)
            if owner not in zone.cuts:
                continue
            above = nodes[owner]
            if depth < apex and pick(above, NS):
                if depth or rtype != DS:  # DS at the cut is this side's (RFC 4035 3.1.4.1)
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
    """At which label the first ancestor that exists begins (RFC 4592 3.3.1).

    A name that exists has ancestors that exist, so halving finds it: seven looks at 127 labels.
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
    """Answer a question of class IN."""
    reply = Answer()
    zone = zones.nearest(name, starts, rtype)
    if zone is None:
        reply.rcode = REFUSED
        return reply
    seen = {name}
    for _ in range(MAX_CHAIN):
        kind, owner, node = find(zone, name, starts, rtype)
        reply.about = reply.about or owner
        if kind == DELEGATION:
            _refer(zone, owner, node, reply)
            return reply
        reply.authoritative = True
        if kind == DNAME_ABOVE:
            target = _substitute(name, owner, node, reply)
            if rtype == CNAME:
                return reply  # the CNAME just made is the answer
        elif kind == NO_MATCH:
            reply.rcode = NXDOMAIN
            reply.about = ABSENT + zone.origin
            target = None
            _deny(zone, reply)
        else:
            target = _take(zone, name, node, rtype, reply)
        # The rcode is that of the last name (RFC 6604 3); where the chain leaves our zones it is
        # for the resolver to go on, as it is in a loop.
        if target is None or target in seen:
            return reply
        if not is_wire_form(target):
            return Answer(SERVFAIL)  # such rdata is no answer to give anyone
        seen.add(target)
        name, starts = target, label_starts(target)
        zone = zones.nearest(name, starts, rtype)
        if zone is None:
            return reply
    return reply


def _take(zone: Zone, name: bytes, node: bytes, rtype: int, reply: Answer) -> bytes | None:
    """Answer from a node that stands for the name; return the target if it is an alias."""
    # ANY gets one RRset, the first, instead of all (RFC 8482 4.1).
    rrset = next(split(node), b"") if rtype == ANY else pick(node, rtype)
    if rrset:
        _put(name, rrset, reply)
        if rtype in TARGET_AT:
            _add_addresses(zone, rrset, reply.additional)
        return None
    if alias := pick(node, CNAME):
        reply.answer.append((name, alias))
        return unpack(name, alias).rdatas[0].lower()
    _deny(zone, reply)
    return None


def _put(owner: bytes, rrset: bytes, reply: Answer) -> None:
    """Answer with an RRset, once (RFC 2181 5): a DNAME may apply twice, or be asked for as well."""
    if (owner, rrset) not in reply.answer:
        reply.answer.append((owner, rrset))


def _deny(zone: Zone, reply: Answer) -> None:
    if zone.negative is None:
        reply.rcode = SERVFAIL  # a zone without SOA cannot say no
        reply.authoritative = False
        return
    record = QUESTION + zone.negative
    reply.authority.append((zone.origin, RRSET.pack(SOA, 1, len(record)) + record))


def _substitute(name: bytes, owner: bytes, node: bytes, reply: Answer) -> bytes | None:
    """Answer with a DNAME and the CNAME made from it; return its target (RFC 6672 3.1).

    None where that is the end: a name that became too long, or a DNAME that points below itself, so
    that every further round would only make the name longer. Empty, which is no name, where the
    DNAME's rdata is none.
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
    """Refer to the servers of a child zone, with what is known of their addresses."""
    rrset = pick(node, NS)
    reply.authority.append((cut, rrset))
    # Servers named inside the child cannot be found without their addresses (RFC 9471 3.1).
    _add_addresses(zone, rrset, reply.additional, reply.glue, cut)


def _add_addresses(
    zone: Zone,
    rrset: bytes,
    additional: list[tuple[bytes, bytes]],
    required: list[tuple[bytes, bytes]] | None = None,
    cut: bytes = b"",
) -> None:
    """Add the addresses in this zone of the names that an RRset points to (RFC 1034 4.3.2, 6)."""
    found = unpack(b"", rrset)
    seen = set()
    for rdata in found.rdatas:
        target = rdata[TARGET_AT[found.type] :].lower()
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
