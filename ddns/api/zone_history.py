"""Operations on what the journal has of a zone: its last changes, and undoing them."""

from __future__ import annotations

from ddns.api import parsing
from ddns.api.access import ReadContext, WriteContext
from ddns.api.base import BaseOperations
from ddns.api.errors import Conflict, Invalid, NotFound
from ddns.api.hosts import MAX_EVENTS
from ddns.api.records import remove_rrset, replace_rrset
from ddns.api.serializers import Json, event_json, rrset_json
from ddns.model import names, records
from ddns.model.journal import Event, EventKind, unpack_values
from ddns.model.records import RRset


class ZoneHistoryOperations(BaseOperations):
    """The history of zones."""

    async def zone_history(self, origin: str, limit: int = 20) -> Json:
        """Show the changes of a zone's records and hosts since its owner has it, newest first:
        when, by whom and by which way what was changed. *limit* is 1 to 100 events."""
        if not 1 <= limit <= MAX_EVENTS:
            raise Invalid(f"limit: expected 1 to {MAX_EVENTS}")
        apex = parsing.name(origin)

        def work(context: ReadContext) -> Json:
            context.own_zone(apex)
            events = context.transaction.zone_history(apex, limit)
            return {"origin": names.to_text(apex), "events": [event_json(one) for one in events]}

        return await self._read(work)

    async def zone_undo(self, origin: str, position: int) -> Json:
        """Put back the RRset that was there before a change of a zone's history. What has been
        changed again since is left alone."""
        apex = parsing.name(origin)

        def work(context: WriteContext) -> Json:
            zone = context.own_zone(apex)
            event = _event(context, apex, position)
            assert event.owner is not None
            assert event.type is not None
            present = context.transaction.rrset(apex, event.owner, event.type)
            before, after = (_side(event, side) for side in (event.before, event.after))
            if present != after:
                raise Conflict(
                    "{owner} {type} has been changed since; undo the later changes first",
                    owner=names.to_text(event.owner),
                    type=records.type_to_text(event.type),
                )
            if before is not None:
                before = replace_rrset(context, event.owner, event.type, before.rdatas, before.ttl)
            elif present is not None:
                remove_rrset(context, zone, present)
            return {
                "owner": names.to_text(event.owner),
                "type": records.type_to_text(event.type),
                "rrset": None if before is None else rrset_json(before),
            }

        return await self._transact(work)


def _event(context: WriteContext, origin: bytes, position: int) -> Event:
    """Return the event of an RRset at a position of the journal, if it is among the last ones of
    the zone that its owner is shown.

    :raises NotFound: when it is not.
    """
    for event in context.transaction.zone_history(origin, MAX_EVENTS):
        if event.position == position and event.kind is EventKind.RRSET:
            return event
    raise NotFound("there is no such change among the last ones of this zone")


def _side(event: Event, packed: bytes | None) -> RRset | None:
    assert event.owner is not None
    assert event.type is not None
    return None if packed is None else unpack_values(event.owner, event.type, packed)
