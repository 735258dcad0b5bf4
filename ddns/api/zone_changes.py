"""Operations on what has changed in a zone."""

from __future__ import annotations

from ddns.api import paging, parsing
from ddns.api.access import ReadContext, WriteContext
from ddns.api.errors import Conflict, NotFound
from ddns.api.records import RecordOperations, remove_rrset, replace_rrset
from ddns.api.serializers import Json, event_json, rrset_json
from ddns.model import names, records
from ddns.model.account import ZoneInfo
from ddns.model.journal import Event, pack_values, unpack_values
from ddns.model.records import RRset


class ZoneChangeOperations(RecordOperations):
    """The last changes of a zone, and taking back one of a record."""

    async def zone_history(self, origin: str, limit: int = 20) -> Json:
        """Show the changes of a zone's records since it has its owner, newest first. Those at hosts
        of others are shown to the operator only. *limit* is 1 to 100."""
        apex, most = parsing.name(origin), paging.listed(limit)

        def work(context: ReadContext) -> Json:
            context.own_zone(apex)
            events = context.transaction.zone_history(apex, most, _whose(context))
            return {"origin": names.to_text(apex), "events": [event_json(one) for one in events]}

        return await self._read(work)

    async def zone_undo(self, origin: str, position: int) -> Json:
        """Take one change of an RRset back, by its *position* in ``zone_history``: a new change
        makes the RRset what it was before, null for nothing. It must not have changed since."""
        apex = parsing.name(origin)
        change = await self._read(lambda context: _find_change(context, apex, position)[1])
        assert change.owner is not None
        assert change.type is not None
        owner, number = change.owner, change.type
        self._limit_changes(owner, number)

        def work(context: WriteContext) -> RRset | None:
            zone, _ = _find_change(context, apex, position)
            present = context.transaction.rrset(apex, owner, number)
            if (None if present is None else pack_values(present)) != change.after:
                raise Conflict(
                    "the {type} records of {owner} have changed since",
                    type=records.type_to_text(number),
                    owner=names.to_text(owner),
                )
            if change.before is not None:
                former = unpack_values(owner, number, change.before)
                return replace_rrset(context, owner, number, former.rdatas, former.ttl)
            assert present is not None, "a change is from something or to something"
            remove_rrset(context, zone, present)
            return None

        rrset = await self._transact(work)
        return {
            "owner": names.to_text(owner),
            "type": records.type_to_text(number),
            "rrset": None if rrset is None else rrset_json(await self._committed(rrset)),
        }


def _whose(context: ReadContext) -> str | None:
    """Return whose changes at hosts are shown; None for everybody's."""
    return None if context.caller.operator else context.caller.account


def _find_change(context: ReadContext, origin: bytes, position: int) -> tuple[ZoneInfo, Event]:
    """Return a zone of the caller's and a change of it.

    :raises NotFound: when there is no such zone, or it has no such change, or not any more.
    """
    zone = context.own_zone(origin)
    found = None
    if 0 < position < 2**63:  # SQLite's integers
        found = context.transaction.zone_change(origin, position, _whose(context))
    if found is None:
        raise NotFound("the journal has no such change of this zone, or not any more")
    return zone, found
