"""Operations on records of any type."""

from __future__ import annotations

import dataclasses

from ddns.api import paging, parsing, zone_parsing
from ddns.api.access import ReadContext, WriteContext
from ddns.api.base import BaseOperations
from ddns.api.errors import ApiError, Conflict, Exceeded, Forbidden, Invalid, NotFound
from ddns.api.serializers import Json, rrset_json
from ddns.model import names, presentation, records
from ddns.model.account import Host, ZoneInfo
from ddns.model.records import SOA, ZONE_TTL, RRset
from ddns.policy import rrset_rules
from ddns.policy.addresses import allowed
from ddns.policy.registration import HOST_TYPES


class RecordOperations(BaseOperations):
    """Reading and replacing RRsets."""

    async def record_show(self, owner: str) -> Json:
        """Show the records of an owner name, also those that are copies of a wildcard's. An SOA has
        the zone's serial."""
        name = parsing.name(owner)

        def work(context: ReadContext) -> Json:
            zone, _, _ = _locate(context, name)
            there = context.transaction.rrsets(zone.origin, name)
            found = [rrset_json(with_serial(rrset, zone)) for rrset in there]
            copies = context.transaction.copies(zone.origin, name)
            found += [rrset_json(copy.rrset, copy.source) for copy in copies]
            return {"owner": names.to_text(name), "records": found}

        return await self._read(work)

    async def record_list(
        self,
        origin: str,
        search: str | None = None,
        after: str | None = None,
        limit: int = paging.MAX_LISTED,
    ) -> Json:
        """List the records of a zone, those of its origin first, in pages of *limit* names, 1 to
        100, with those that clients have set among them. *search* leaves the names that have that
        in them; ``next`` is what *after* has to be for the next page, if there is any."""
        apex, page = parsing.name(origin), paging.page(search, after, limit)
        assert page is not None, "there is a limit"

        def work(context: ReadContext) -> Json:
            zone = context.own_zone(apex)
            found = []
            if page.after is None and all(part in apex for part in page.parts):
                found = [
                    with_serial(rrset, zone) for rrset in context.transaction.rrsets(apex, apex)
                ]
            wanted = dataclasses.replace(page, limit=page.limit + 1)
            below = context.transaction.rrsets_below(apex, wanted, copies=True)
            owners = list(dict.fromkeys(rrset.owner for rrset in below))
            more = {}
            if len(owners) > page.limit:
                below = [rrset for rrset in below if rrset.owner != owners[-1]]
                more = {"next": names.to_text(owners[-2])}
            sources = {
                (copy.rrset.owner, copy.rrset.type): copy.source
                for one in owners
                for copy in context.transaction.copies(apex, one)
            }
            shown = [
                rrset_json(rrset, sources.get((rrset.owner, rrset.type)))
                for rrset in (*found, *below)
            ]
            return {"origin": names.to_text(apex), "records": shown, **more}

        return await self._read(work)

    async def record_set(
        self, owner: str, type: str, rdatas: list[str], ttl: int | None = None
    ) -> Json:
        """Replace the RRset of an owner name and type by these records in presentation form, in
        which ``@`` is the zone's origin. Without a TTL it keeps the one it has; a new RRset gets
        that of its host, else an hour. An SOA has the serial of the answer, whatever is given: the
        server counts it."""
        name, number = parsing.name(owner), zone_parsing.record_type(type)
        self._limit_changes(name, number)
        seconds = zone_parsing.ttl(ttl)

        def work(context: WriteContext) -> RRset:
            zone = context.transaction.zone_of(name)
            wire = zone_parsing.rdatas(number, rdatas, None if zone is None else zone.origin)
            return replace_rrset(context, name, number, wire, seconds)

        return rrset_json(await self._committed(await self._transact(work)))

    async def _committed(self, rrset: RRset) -> RRset:
        """Return an RRset that was put as it is now: the commit has given an SOA a serial."""
        if rrset.type != SOA:
            return rrset
        return await self._read(lambda context: with_serial(rrset, context.known_zone(rrset.owner)))

    async def record_check(
        self, owner: str, type: str, rdatas: list[str], zone: str | None = None
    ) -> Json:
        """Check records as ``record_set`` would, and change nothing: of each say how it is written,
        or what is wrong with it. What is wrong with all of them together is an error as there, but
        only once each is right. With *zone*, the origin of one, the name has to be in it."""
        name, number = parsing.name(owner), zone_parsing.record_type(type)
        apex = parsing.optional(parsing.name, zone)

        def work(context: ReadContext) -> Json:
            found, _, _ = _locate(context, name)
            if apex is not None and found.origin != apex:
                raise Invalid(
                    "{name} is not in zone {origin}",
                    name=names.to_text(name),
                    origin=names.to_text(apex),
                )
            checked = [_checked_rdata(context, found, number, text) for text in rdatas]
            wire = tuple(one for one in checked if isinstance(one, bytes))
            if len(wire) == len(checked):
                _checked_rrset(context, name, number, presentation.distinct(number, wire), None)
            return {"records": [_checked_json(number, one) for one in checked]}

        return await self._read(work)

    async def record_delete(self, owner: str, type: str | None = None) -> Json:
        """Delete the RRset of an owner name and type, or all RRsets of the name. A zone keeps its
        SOA and NS records."""
        name, number = parsing.name(owner), parsing.optional(zone_parsing.record_type, type)
        self._limit_changes(name, number or 0)

        def work(context: WriteContext) -> Json:
            zone, _, whole_zone = _locate(context, name)
            if number is not None:
                _check_type(number, whole_zone)
            deleted = []
            for rrset in context.transaction.rrsets(zone.origin, name):
                if number not in (None, rrset.type):
                    continue
                if number is None and not whole_zone and rrset.type not in HOST_TYPES:
                    continue
                if number is None and rrset_rules.is_required(rrset.type, name, zone.origin):
                    continue
                remove_rrset(context, zone, rrset)
                deleted.append(rrset_json(rrset))
            if not deleted:
                raise NotFound("{name} has no such records", name=names.to_text(name))
            return {"deleted": deleted}

        return await self._transact(work)


def replace_rrset(
    context: WriteContext, owner: bytes, number: int, rdatas: tuple[bytes, ...], ttl: int | None
) -> RRset:
    """Replace an RRset, if the caller may and the zone is a good one afterwards.

    :raises ApiError: saying what is wrong.
    """
    zone, rrset = _checked_rrset(context, owner, number, rdatas, ttl)
    context.transaction.put_rrset(zone.origin, rrset)
    return rrset


def remove_rrset(context: WriteContext, zone: ZoneInfo, rrset: RRset) -> None:
    """Delete an RRset.

    :raises Invalid: for one that the zone needs.
    """
    if rrset_rules.is_required(rrset.type, rrset.owner, zone.origin):
        raise Invalid("a zone needs its SOA and NS records")
    context.transaction.put_rrset(zone.origin, rrset.with_rdatas(()))


def _checked_rrset(
    context: ReadContext,
    owner: bytes,
    number: int,
    rdatas: tuple[bytes, ...],
    ttl: int | None,
) -> tuple[ZoneInfo, RRset]:
    """Return an RRset that may replace the present one, and its zone.

    :raises ApiError: saying what is wrong.
    """
    zone, host, whole_zone = _locate(context, owner)
    if not rdatas:
        raise Invalid("a record needs rdata")
    if not records.fits(records.pack_rdatas(rdatas)):
        raise Invalid("these are more records than a message can hold")
    if rrset_rules.is_misplaced_soa(number, owner, zone.origin):
        raise Invalid("only a zone's origin has an SOA")
    if rrset_rules.has_too_many(number, len(rdatas)):
        raise Invalid(
            "there can be only one {type} record at a name", type=records.type_to_text(number)
        )
    if rrset_rules.is_apex_cname(number, owner, zone.origin):
        raise Invalid("a zone's origin cannot be an alias")
    present = {rrset.type: rrset for rrset in context.transaction.rrsets(zone.origin, owner)}
    if rrset_rules.has_cname_and_other_data({number, *present}):
        raise Conflict(
            "{owner} cannot be an alias and have other records", owner=names.to_text(owner)
        )
    if ttl is not None:
        ttl = context.check_ttl(ttl)
    elif number in present:
        ttl = present[number].ttl
    else:
        ttl = host.ttl if host is not None else ZONE_TTL
    rrset = RRset(owner, number, ttl, rdatas)
    if not context.caller.operator:
        _check_type(number, whole_zone)
        _check_count(context, rrset, None if whole_zone else host)
        _check_addresses(context, zone, rrset)
    return zone, rrset


def _locate(context: ReadContext, owner: bytes) -> tuple[ZoneInfo, Host | None, bool]:
    """Return the zone of an owner name, its host in that zone if any, and whether the caller has
    the whole zone, and so may set records of every type, rather than the host alone.

    :raises NotFound: when the caller has neither.
    """
    caller, zone = context.caller, context.transaction.zone_of(owner)
    if zone is None and caller.operator:
        raise NotFound("{name} is in no zone of this server", name=names.to_text(owner))
    host = context.transaction.host(names.host_of(owner)) or context.transaction.host(owner)
    if host is not None and zone is not None and host.zone != zone.origin:
        host = None
    whole_zone = zone is not None and caller.owns(zone.account)
    if zone is None or not (whole_zone or (host is not None and caller.owns(host.account))):
        raise NotFound("{owner} is no name of yours", owner=names.to_text(owner))
    return zone, host, whole_zone


def _checked_rdata(
    context: ReadContext, zone: ZoneInfo, number: int, text: str
) -> bytes | ApiError:
    """Return rdata in wire form, or what is wrong with it by itself."""
    try:
        (rdata,) = zone_parsing.rdatas(number, [text], zone.origin)
        _check_addresses(context, zone, RRset(zone.origin, number, 0, (rdata,)))
    except ApiError as error:
        return error
    return rdata


def _checked_json(number: int, checked: bytes | ApiError) -> Json:
    if isinstance(checked, ApiError):
        return {"rdata": None, "error": str(checked)}
    return {"rdata": records.rdata_to_text(number, checked), "error": None}


def with_serial(rrset: RRset, zone: ZoneInfo) -> RRset:
    """Put the zone's serial into an SOA, which is stored without it."""
    if rrset.type != SOA:
        return rrset
    rdatas = tuple(records.soa_with_serial(rdata, zone.serial) for rdata in rrset.rdatas)
    return rrset.with_rdatas(rdatas)


def _check_type(number: int, whole_zone: bool) -> None:
    if not whole_zone and number not in HOST_TYPES:
        types = ", ".join(map(records.type_to_text, HOST_TYPES))
        raise Forbidden("a host may have records of these types: {types}", types=types)


def _check_addresses(context: ReadContext, zone: ZoneInfo, rrset: RRset) -> None:
    if not context.caller.operator and not allowed(zone.addresses, (rrset,)):
        raise Invalid(
            "zone {origin} allows public addresses only", origin=names.to_text(zone.origin)
        )


def _check_count(context: ReadContext, rrset: RRset, host: Host | None) -> None:
    """Refuse more records than people may have at all names of one host, or in one RRset of a zone
    of their own (*host* is None).

    :raises Exceeded: with the limit.
    """
    count = len(rrset.rdatas)
    if host is not None:
        count += sum(
            len(other.rdatas)
            for owner in names.with_below(host.name)
            for other in context.transaction.rrsets(host.zone, owner)
            if (other.owner, other.type) != (rrset.owner, rrset.type)
        )
    limit = context.rules.records_per_host
    if count > limit:
        raise Exceeded("there may be {limit} records, and not {count}", limit=limit, count=count)
