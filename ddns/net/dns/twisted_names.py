"""Serve our zones from a twisted.names server, as one of its authorities.

zones = Zones([zone])
factory = server.DNSServerFactory(authorities=[ZoneResolver(zones)], clients=[...])
"""

from __future__ import annotations

import socket
from collections.abc import Sequence
from io import BytesIO

from twisted.internet.defer import Deferred, ensureDeferred, fail, succeed
from twisted.internet.error import DNSLookupError
from twisted.internet.interfaces import IResolver
from twisted.names import dns
from twisted.names.common import ResolverBase
from twisted.names.error import AuthoritativeDomainError, DomainError, ResolverError
from zope.interface import implementer

from ddns.model.names import MAX_WIRE, ROOT, labels
from ddns.zone.lookup import lookup
from ddns.zone.message import NXDOMAIN, REFUSED, SERVFAIL
from ddns.zone.node import label_starts, unpack
from ddns.zone.zone import Zones

Records = list[dns.RRHeader]
Sections = tuple[Records, Records, Records]
"""Answer, authority and additional."""

_TRANSFERS = (251, 252)  # IXFR, AXFR


@implementer(IResolver)
class ZoneResolver(ResolverBase):
    """Answers from zones as the engine does, as far as twisted.names can express it.

    Names outside the zones fail with DomainError, so that the next resolver is asked; names in them
    that do not exist with AuthoritativeDomainError, so that it is not. Records of types that
    twisted.names does not know, or cannot write as they are, are UnknownRecord with raw rdata.

    What a DNSServerFactory (of Twisted 26.10) makes of that falls short of the engine's replies:

    - NXDOMAIN has neither SOA nor AA, so resolvers do not cache it. NODATA has the SOA, without AA.
    - A CNAME to a name that does not exist is answered with the CNAME and NOERROR.
    - A name outside the zones, where no other resolver knows it: NXDOMAIN, not REFUSED.
    - A zone without the SOA that an answer needs, or a CNAME whose rdata is no name: SERVFAIL, and
      a traceback in the log.
    - The class of a question is ignored. There is no EDNS.
    - UDP replies of any size are sent whole; replies over 16 KiB hold bad compression pointers.
    - A label with a dot in it is taken for two.

    Zone transfers get an empty answer. There is no rate limit: facing the open Internet,
    :class:`ddns.net.dns.listener.DnsListener` is the better choice.
    """

    def __init__(self, zones: Zones) -> None:
        super().__init__()
        self.zones = zones

    def query(  # type: ignore[override]  # where IResolver says RRHeader it means lists of them
        self, query: dns.Query, timeout: Sequence[int] | None = None
    ) -> Deferred[Sections]:
        """Return the sections of the answer to a question."""
        return self._lookup(query.name.name, query.cls, query.type, timeout)

    def getHostByName(
        self, name: bytes | str, timeout: Sequence[int] | None = None, effort: int = 10
    ) -> Deferred[str]:
        """Return an address of a name, IPv4 if it has one.

        The base class asks for ANY, which is answered with one RRset here (RFC 8482 4.1).
        """
        return ensureDeferred(self._address(name))

    async def _address(self, name: bytes | str) -> str:
        for ask in (self.lookupAddress, self.lookupIPV6Address):
            for record in (await ask(name))[0]:
                if record.type == dns.A:
                    return socket.inet_ntop(socket.AF_INET, record.payload.address)
                if record.type == dns.AAAA:
                    return socket.inet_ntop(socket.AF_INET6, record.payload.address)
        raise DNSLookupError(name)

    def _lookup(
        self, name: bytes, cls: int, type: int, timeout: Sequence[int] | None
    ) -> Deferred[Sections]:
        owner = _wire_form(name)
        if owner is None or cls != dns.IN or self.zones.find(owner) is None:
            return fail(DomainError(name))
        if type in _TRANSFERS:
            return succeed(([], [], []))
        reply = lookup(self.zones, owner, label_starts(owner), type)
        if reply.rcode == REFUSED:
            return fail(DomainError(name))
        if reply.rcode == SERVFAIL:
            # Not DNSServerError, which is a DomainError: the factory makes NXDOMAIN of that.
            return fail(ResolverError(name))
        if reply.rcode == NXDOMAIN:
            if not reply.answer:
                return fail(AuthoritativeDomainError(name))
            reply.authority.clear()  # with NOERROR the SOA would mean NODATA
        # Keep the spelling of the question: the factory compresses only names spelt alike.
        spelt = {owner: name}
        return succeed(
            (
                _records(reply.answer, spelt, reply.authoritative),
                _records(reply.authority, spelt, reply.authoritative),
                _records(reply.glue + reply.additional, spelt, reply.authoritative),
            )
        )


def _wire_form(name: bytes) -> bytes | None:
    """Return the lower-case wire form of a name of twisted.names (no escapes, the final dot is
    optional); None where it has none."""
    name = name.removesuffix(b".").lower()
    parts = name.split(b".") if name else []
    if not all(0 < len(part) < 64 for part in parts):
        return None
    wire = b"".join(bytes((len(part),)) + part for part in parts) + ROOT
    return wire if len(wire) <= MAX_WIRE else None


def _records(
    rrsets: list[tuple[bytes, bytes]], spelt: dict[bytes, bytes], authoritative: bool
) -> Records:
    found = []
    for owner, packed in rrsets:
        rrset = unpack(owner, packed)
        name = spelt.get(owner) or b".".join(label[1:] for label in labels(owner))
        found += [
            dns.RRHeader(
                name,
                rrset.type,
                dns.IN,
                rrset.ttl,
                _payload(rrset.type, rrset.ttl, rdata),
                authoritative,
            )
            for rdata in rrset.rdatas
        ]
    return found


def _payload(rtype: int, ttl: int, rdata: bytes) -> dns.IEncodableRecord:
    """Return the record in twisted.names' class for it, if that writes the same octets.

    It does not if it compresses names in rdata, which only types of RFC 1035 may (RFC 3597 4): so a
    newer type is written twice, and the second time all its names are there to be pointed at.
    """
    seen: dict[bytes, int] | None = {} if rtype > dns.TXT else None
    try:
        record = dns.Message().lookupRecordType(rtype)(ttl=ttl)
        record.decode(BytesIO(rdata), len(rdata))
        record.encode(BytesIO(), seen)
        written = BytesIO()
        record.encode(written, seen)
    except Exception:  # whatever its parsers raise for octets they were not made for
        written = BytesIO()
    if written.getvalue() != rdata or not rdata:
        record = dns.UnknownRecord(rdata, ttl)
    return record
