"""Records at a host's names, an RRset a page."""

from __future__ import annotations

from ddns.api.errors import ApiError
from ddns.model import records
from ddns.pages.request import Answer
from ddns.pages.views.entry import MISTAKES
from ddns.pages.visit import Visit
from ddns.policy.registration import HOST_TYPES

TYPES = tuple(map(records.type_to_text, HOST_TYPES))
"""What people may set at their hosts."""

MAX_STRING = 255
"""Octets of one of the strings in a TXT record (RFC 1035 3.3)."""


async def edit(visit: Visit) -> Answer:
    """Show the records of a name and type, for changing them."""
    query = visit.request.query
    owner, type_ = query.get("owner", visit.parameters["name"]), query.get("type", "A")
    shown = await visit.operations.record_show(owner)
    found = [one for one in shown["records"] if one["type"] == type_]
    rdatas = "\n".join(found[0]["rdatas"]) if found else ""
    return _page(visit, owner, type_, rdatas, there=bool(found), error=None)


async def save(visit: Visit) -> Answer:
    """Replace the records of a name and type by what was typed, one a line."""
    request, operations = visit.request, visit.operations
    owner, type_ = request.field("owner"), request.field("type")
    lines = [line.strip() for line in request.field("rdatas").splitlines()]
    rdatas = [_as_rdata(type_, line) for line in lines if line]
    try:
        if rdatas:
            await operations.record_set(owner, type_, rdatas)
        else:
            await operations.record_delete(owner, type_)
    except MISTAKES as error:
        typed = request.field("rdatas")
        return _page(visit, owner, type_, typed, there=bool(rdatas), error=error)
    return visit.redirect("hosts", visit.parameters["name"], done="changed")


def _page(
    visit: Visit, owner: str, type_: str, rdatas: str, *, there: bool, error: ApiError | None
) -> Answer:
    return visit.page(
        "host_records.html",
        200 if error is None else error.status,
        host=visit.parameters["name"],
        owner=owner,
        type=type_,
        rdatas=rdatas,
        there=there,
        error=error,
    )


def _as_rdata(type_: str, line: str) -> str:
    r"""Return a typed line as rdata in presentation form: people write the text of a TXT record as
    it is, where a blank would end a string.

    >>> _as_rdata("TXT", "v=spf1 -all"), _as_rdata("TXT", '"a" "b"'), _as_rdata("MX", "5 a.b.")
    ('"v=spf1 -all"', '"a" "b"', '5 a.b.')
    """
    if type_ != "TXT" or line.startswith('"'):
        return line
    octets = line.encode()
    strings = [octets[at : at + MAX_STRING] for at in range(0, len(octets), MAX_STRING)]
    return " ".join(f'"{"".join(map(_escaped, string))}"' for string in strings)


def _escaped(octet: int) -> str:
    """Return an octet in a string in quotes (RFC 1035 5.1)."""
    if octet in b'"\\':
        return f"\\{octet:c}"
    return chr(octet) if 0x20 <= octet < 0x7F else f"\\{octet:03}"
