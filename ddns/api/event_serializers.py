"""JSON forms of the journal's events, as :mod:`ddns.api.serializers` has them of the model."""

from __future__ import annotations

import json

from ddns.api.serializers import Json, time_json, values_json
from ddns.model import names, records
from ddns.model.journal import Event, EventKind, unpack_values


def event_json(event: Event) -> Json:
    """Return an event of a host: an RRset, or the host itself, before and after."""
    assert event.owner is not None
    return {
        "position": event.position,
        "at": time_json(event.author.at),
        "who": event.author.who,
        "via": event.author.via,
        "kind": str(event.kind),
        "owner": names.to_text(event.owner),
        "type": None if event.type is None else records.type_to_text(event.type),
        "before": _side_json(event, event.before),
        "after": _side_json(event, event.after),
    }


def journal_json(event: Event) -> Json:
    """Return an event of any kind."""
    return {
        "position": event.position,
        "at": time_json(event.author.at),
        "via": event.author.via,
        "kind": str(event.kind),
        "subject": event.subject,
        "zone": None if event.zone is None else names.to_text(event.zone),
        "owner": None if event.owner is None else names.to_text(event.owner),
        "type": None if event.type is None else records.type_to_text(event.type),
        "before": _side_json(event, event.before),
        "after": _side_json(event, event.after),
    }


def _side_json(event: Event, side: bytes | None) -> Json | None:
    if side is None:
        return None
    if event.kind is not EventKind.RRSET:
        shown: Json = json.loads(side)
        return shown
    assert event.owner is not None
    assert event.type is not None
    return values_json(unpack_values(event.owner, event.type, side))
