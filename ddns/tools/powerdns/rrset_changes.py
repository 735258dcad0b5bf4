"""What a PATCH of a zone asks for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ddns.api import zone_parsing
from ddns.api.errors import Invalid
from ddns.model import names, records
from ddns.model.record_changes import ChangeType, RRsetChange
from ddns.model.records import TXT
from ddns.tools.base import ToolError
from ddns.tools.powerdns.zone_ids import dotted

UNPROCESSABLE = 422
"""The status of what is JSON and makes no sense (RFC 9110 15.5.21)."""

SHOWN = 4
"""Changes of a request that the owner of a host is shown."""

MOST = 5000
"""RRsets that a key changes at once, unless it is an operator's: the thread that writes has nothing
for others meanwhile."""

_RECORDS = {ChangeType.REPLACE, ChangeType.EXTEND, ChangeType.PRUNE}


def changes(rrsets: object, origin: bytes, most: int | None = None) -> tuple[RRsetChange, ...]:
    """Read the changes of a zone, which are to be made one after the other.

    Comments are passed over where they stand beside records: there is no place for them.

    :param most: how many there may be.
    :raises ToolError: saying which RRset cannot be changed like that.
    """
    if not isinstance(rrsets, list):
        raise ToolError(UNPROCESSABLE, "rrsets: expected a list of RRsets")
    if most is not None and len(rrsets) > most:
        raise ToolError(UNPROCESSABLE, f"rrsets: {len(rrsets)} are too many, {most} may be sent")
    return tuple(_distinct(_change(one, origin) for one in rrsets))


def new_rrsets(rrsets: object) -> object:
    """Return the RRsets of a new zone as changes: none of them has to say what becomes of it."""
    if not isinstance(rrsets, list):
        return rrsets
    return [
        {**one, "changetype": ChangeType.REPLACE.name} if isinstance(one, dict) else one
        for one in rrsets
    ]


def shown(wanted: Sequence[RRsetChange]) -> str:
    """Return in one line what is to be changed; of many changes the first."""
    first = [f"{one.action.name} {_named(one.owner, one.type)}" for one in wanted[:SHOWN]]
    return ", ".join(first if len(first) == len(wanted) else [*first, "..."])


def _distinct(found: Iterator[RRsetChange]) -> Iterator[RRsetChange]:
    """Yield changes, but not two of a kind of one RRset: of two lists of records, which one is to
    be there?"""
    seen = set()
    for change in found:
        what = (change.owner, change.type, change.action)
        if what in seen:
            raise ToolError(UNPROCESSABLE, f"Duplicate RRset {_named(change.owner, change.type)}")
        seen.add(what)
        yield change


def _named(owner: bytes, number: int) -> str:
    return f"{dotted(owner)} {records.type_to_text(number)}"


def _change(given: object, origin: bytes) -> RRsetChange:
    if not isinstance(given, dict):
        raise ToolError(UNPROCESSABLE, "rrsets: expected objects")
    owner = absolute_name(_text(given, "name"))
    if not names.is_subdomain(owner, origin):
        raise ToolError(UNPROCESSABLE, f"{dotted(owner)} is out of zone {dotted(origin)}")
    kind = _text(given, "type")
    try:
        number = zone_parsing.record_type(kind)
        action = _action(_text(given, "changetype"))
        if action not in _RECORDS:
            return RRsetChange(owner, number, action)
        return _with_records(given, owner, number, action)
    except (Invalid, ToolError) as error:
        raise ToolError(UNPROCESSABLE, f"{dotted(owner)} {kind}: {error}") from None


def _with_records(
    given: Mapping[str, Any], owner: bytes, number: int, action: ChangeType
) -> RRsetChange:
    """Return a change that names records. A REPLACE by none is a DELETE."""
    listed = given.get("records")
    if listed is None and given.get("comments"):
        raise Invalid("comments are not kept here")
    if not isinstance(listed, list):
        raise Invalid("records: expected a list")
    rdatas = zone_parsing.rdatas(number, (_content(number, one) for one in listed), None)
    if action is ChangeType.REPLACE and not rdatas:
        return RRsetChange(owner, number, ChangeType.DELETE)
    ttl = None if action is ChangeType.PRUNE else given.get("ttl")
    if ttl is None and action is ChangeType.REPLACE:
        raise Invalid("ttl: missing")
    if ttl is not None and (isinstance(ttl, bool) or not isinstance(ttl, int)):
        raise Invalid("ttl: expected a number of seconds")
    return RRsetChange(owner, number, action, rdatas, zone_parsing.ttl(ttl))


def _content(number: int, given: object) -> str:
    """Return the rdata of a record in presentation form.

    :raises Invalid: for one that would be there without being answered, and for text without
        quotes, of which a space would make two.
    """
    if not isinstance(given, dict):
        raise Invalid("records: expected objects")
    content = _text(given, "content")
    if given.get("disabled") not in (None, False):
        raise Invalid("there are no disabled records here: leave it out")
    if number == TXT and not content.startswith('"'):
        raise Invalid(f'{content!r} has to be in quotes: "..."')
    return content


def _action(text: str) -> ChangeType:
    try:
        return ChangeType[text.upper()]
    except KeyError:
        known = ", ".join(ChangeType.__members__)
        raise Invalid(f"changetype: {text!r} is none of {known}") from None


def absolute_name(text: str) -> bytes:
    """Read a name that has to have its final dot.

    :raises ToolError: when it is no name, or might be relative.
    """
    if not text.endswith("."):
        raise ToolError(UNPROCESSABLE, f"{text!r} is not absolute: it has to end in a dot")
    try:
        return names.from_text(text)
    except names.BadName as error:
        raise ToolError(UNPROCESSABLE, str(error)) from None


def _text(given: Mapping[str, Any], member: str) -> str:
    value = given.get(member)
    if not isinstance(value, str):
        raise ToolError(UNPROCESSABLE, f"{member}: expected a text")
    return value
