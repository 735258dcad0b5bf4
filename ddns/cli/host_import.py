"""The subcommand that takes over hosts from another service."""

from __future__ import annotations

import argparse
import json
from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING

from ddns.cli.client import CallFailed, Client
from ddns.cli.command import argument, several
from ddns.cli.hosts import host
from ddns.cli.output import Json, Result, count

if TYPE_CHECKING:
    from ddns.moving.listing import ListedHost, Listing

__all__ = ["host"]

ITEMS = 500
"""Maximum of items of one call."""

OCTETS = 6000
"""Maximum of their JSON, as a server takes it from people."""

SHOWN = 50
"""Maximum of lines on what is left out."""


@host.command(
    "import",
    "Add the hosts that another service had",
    argument("file", nargs="+", help="lists in the form that --from says"),
    argument(
        "--from",
        dest="form",
        required=True,
        metavar="FORM",
        help="list (a host a line, its addresses behind it), csv, desec, dynv6 or nsupdate.info",
    ),
    argument(
        "--account", metavar="NAME", help="their account (default: that of whoever has logged in)"
    ),
    argument("--zone", metavar="ORIGIN", help="where hosts of one label are"),
    several("--rename", "OLD=NEW", "another end for names; may be repeated", default=[]),
    argument("--ttl", type=int, metavar="SECONDS", help="of new hosts (default: 10)"),
    argument("--dry-run", action="store_true", help="say what would be, and change nothing"),
)
def host_import(client: Client, args: argparse.Namespace) -> Result:
    """Import what can be: a host that cannot does not stop the others."""
    listing = _read(args)
    bare = {one.name for one in listing.hosts if not one.records}
    hosts: list[Json] = []
    left_out = [{"name": one.what, "type": None, "reason": one.why} for one in listing.left_out]
    refusal: Json = {}
    try:
        for items in _calls(listing):
            done = client.call(
                "host_import",
                hosts=items,
                account=args.account,
                ttl=args.ttl,
                dry_run=args.dry_run,
            )
            hosts += done["hosts"]
            left_out += done["left_out"]
    except CallFailed as error:  # what has been imported stays
        if not hosts:
            raise
        refusal = error.answer
    if not hosts:
        refusal = CallFailed("invalid", "no host could be imported").answer
    answer = {"dry_run": args.dry_run, "hosts": hosts, "left_out": left_out, **refusal}
    elsewhere = any("is in no zone" in str(one["reason"]) for one in left_out)
    note = "--zone completes names of one label only" if args.zone and elsewhere else ""
    return Result(answer, _lines(answer, bare), note)


def _read(args: argparse.Namespace) -> Listing:
    """Read the files.

    :raises CallFailed: naming the one that is not such a list.
    """
    from ddns.moving.formats import FORMATS
    from ddns.moving.listing import BadList, Listing, Suffixes
    from ddns.moving.reading import MAX_FILE

    read = FORMATS.get(args.form)
    if read is None:
        raise CallFailed("invalid", f"--from {args.form}: expected one of {', '.join(FORMATS)}")
    at = ""

    def contents() -> Iterator[bytes]:
        nonlocal at
        for at in args.file:
            with open(at, "rb") as file:
                yield file.read(MAX_FILE + 1)
        at = ", ".join(args.file)

    try:
        listing = Listing(Suffixes(args.rename), args.zone)
        read(contents(), listing)
    except OSError as error:
        raise CallFailed("failed", f"{error.filename}: {error.strerror}") from error
    except BadList as error:
        raise CallFailed("invalid", f"{at}: {error}" if at else str(error)) from error
    return listing


def _calls(listing: Listing) -> Iterator[list[Json]]:
    """Yield the items of each call. Those of a host are together, and hosts that follow others come
    behind these."""
    part: list[Json] = []
    size = 0
    for one in sorted(listing.hosts, key=lambda host: bool(host.follows)):
        items = list(_items(one))
        octets = len(json.dumps(items))
        if part and (len(part) + len(items) > ITEMS or size + octets > OCTETS):
            yield part
            part, size = [], 0
        part += items
        size += octets
    if part:
        yield part


def _items(one: ListedHost) -> Iterator[Json]:
    lan = {"interface_id": one.interface_id, "follows": one.follows} if one.follows else {}
    if lan or not one.records:
        yield {"host": one.name, **lan}
    for owner, kind, rdata in one.records:
        yield {"host": one.name, "owner": owner, "type": kind, "rdata": rdata}


def _lines(answer: Json, bare: Collection[str]) -> Iterator[str]:
    """Yield a line for each host, of which *bare* ones have no records in the files, and one for
    each thing that is left out, as far as they are not too many."""
    added = "would be added" if answer["dry_run"] else "added"
    for one in answer["hosts"]:
        rrsets = count(one["rrsets"], "RRset")
        with_records = f"{added} with {rrsets}" if one["added"] else f"there already, {rrsets} more"
        if one["added"] and one["name"] in bare:
            with_records = f"{added}, no records in the files"
        yield f"{one['name']}: {with_records}"
    for one in answer["left_out"][:SHOWN]:
        what = f"{one['name']} {one['type']}" if one["type"] else one["name"]
        yield f"left out: {what}: {one['reason']}"
    if (more := len(answer["left_out"]) - SHOWN) > 0:
        yield f"left out: {more} more, which --json shows"
