"""A resolver that is slow and obvious: RFC 1034 4.3.2 with RFC 4592 and RFC 6672, step by step.

It works on dnspython's names and walks label by label where the engine looks things up. What the
RFCs leave open is as Knot and NSD do it, or NSD where they differ:

- CNAME asked for below a DNAME ends with the CNAME made from it (both);
- a DNAME that points below itself is applied once (NSD);
- NS at a wildcard is data for the names that it covers (NSD).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import dns.exception
import dns.name
import dns.rdatatype
from dns.name import Name

from ddns.model.records import ANY, CNAME, DNAME, DS, NS, SOA, RRset, rdata_to_text

Nodes = dict[Name, dict[int, RRset]]
Record = tuple[str, int, str, str]

MAX_CHAIN = 20
WILDCARD_MATCH = dns.name.Name([b"*"])


@dataclass
class Outcome:
    rcode: str = "NOERROR"
    authoritative: bool = False
    answer: set[Record] = field(default_factory=set)
    authority: set[Record] = field(default_factory=set)


def name_of(wire: bytes) -> Name:
    return dns.name.from_wire(wire, 0)[0]


def lines(owner: Name, rrset: RRset, ttl: int | None = None) -> set[Record]:
    return {
        (
            owner.to_text().lower(),
            rrset.ttl if ttl is None else ttl,
            dns.rdatatype.to_text(rrset.type),
            rdata_to_text(rrset.type, rdata).lower(),
        )
        for rdata in rrset.rdatas
    }


class Reference:
    """Answers from zones, given as RRsets by origin."""

    def __init__(self, zones: dict[bytes, list[RRset]]) -> None:
        self.zones: dict[Name, Nodes] = {}
        for origin, rrsets in zones.items():
            nodes: Nodes = {}
            for rrset in rrsets:
                nodes.setdefault(name_of(rrset.owner), {})[rrset.type] = rrset
            self.zones[name_of(origin)] = nodes

    def resolve(self, qname: Name, qtype: int) -> Outcome:
        outcome = Outcome()
        visited = set()
        for hop in range(MAX_CHAIN):
            visited.add(qname)
            origin = self.nearest_zone(qname, qtype)
            if origin is None:
                if hop == 0:
                    outcome.rcode = "REFUSED"
                return outcome
            target = self.step(origin, qname, qtype, outcome)
            if target is None or target in visited:
                return outcome
            qname = target
        return outcome

    def nearest_zone(self, qname: Name, qtype: int) -> Name | None:
        """Step 2; DS of a zone's apex goes to the zone above, if there is one."""
        above = [origin for origin in self.zones if qname.is_subdomain(origin)]
        above.sort(key=len, reverse=True)
        if qtype == DS and len(above) > 1 and above[0] == qname:
            return above[1]
        return above[0] if above else None

    def step(self, origin: Name, qname: Name, qtype: int, outcome: Outcome) -> Name | None:
        """Steps 3 and 4 for one name; the next name, if there is one."""
        nodes = self.zones[origin]

        def exists(name: Name) -> bool:
            return name == origin or any(owner.is_subdomain(name) for owner in nodes)

        here = origin
        depth = len(origin)
        while True:
            data = nodes.get(here, {})
            at_cut = here != origin and NS in data
            if at_cut and not (here == qname and qtype == DS):
                outcome.authority |= lines(here, data[NS])
                return None
            if here == qname:
                return self.match(origin, qname, qname, qtype, outcome)
            if DNAME in data and not at_cut:
                return self.redirect(here, data[DNAME], qname, qtype, outcome)
            depth += 1
            below = qname.split(depth)[1]
            if not exists(below):
                break
            here = below
        # 3c: the match is impossible here, at the closest encloser.
        source = WILDCARD_MATCH + here
        if exists(source):
            return self.match(origin, source, qname, qtype, outcome)
        outcome.rcode = "NXDOMAIN"
        self.deny(origin, outcome)
        return None

    def match(
        self, origin: Name, source: Name, qname: Name, qtype: int, outcome: Outcome
    ) -> Name | None:
        """3a: the RRsets of the node, under the name asked for."""
        data = self.zones[origin].get(source, {})
        outcome.authoritative = True
        if qtype == ANY and data:
            outcome.answer |= lines(qname, data[min(data)])
        elif qtype in data:
            outcome.answer |= lines(qname, data[qtype])
        elif CNAME in data:
            outcome.answer |= lines(qname, data[CNAME])
            return name_of(data[CNAME].rdatas[0])
        else:
            self.deny(origin, outcome)
        return None

    def redirect(
        self, owner: Name, dname: RRset, qname: Name, qtype: int, outcome: Outcome
    ) -> Name | None:
        outcome.authoritative = True
        outcome.answer |= lines(owner, dname)
        target = name_of(dname.rdatas[0])
        try:
            alias = qname.relativize(owner) + target
        except dns.name.NameTooLong:
            outcome.rcode = "YXDOMAIN"
            return None
        made = RRset(b"", CNAME, dname.ttl, (alias.to_wire(),))
        outcome.answer |= lines(qname, made)
        if qtype == CNAME or target.is_subdomain(owner):
            return None
        return alias

    def deny(self, origin: Name, outcome: Outcome) -> None:
        outcome.authoritative = True
        soa = self.zones[origin][origin][SOA]
        minimum = int.from_bytes(soa.rdatas[0][-4:], "big")
        outcome.authority |= lines(origin, soa, min(soa.ttl, minimum))
