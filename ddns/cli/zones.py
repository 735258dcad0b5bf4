"""Subcommands on zones."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import uuid
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from ddns.cli.client import CallFailed, Client, SocketClient
from ddns.cli.command import Group, Needs, argument, one_of, several
from ddns.cli.output import Json, Result, fields, listing, local_time, table
from ddns.model import names, rows
from ddns.model.account import Addresses, Registration

if TYPE_CHECKING:
    from ddns.cli.masterfile import MasterFile

CHUNK = 2**16
"""Octets of a request of an import, about."""

zone = Group("zone", "Zones that this server is authoritative for")

ORIGIN = argument("origin")
ADDRESSES = one_of(
    "--addresses",
    Addresses,
    help="addresses that clients may give to hosts: any, or only those of the public Internet",
)
SECONDARY = several(
    "--secondary",
    "ADDRESS[#PORT][,KEY]",
    "who is told of changes and may transfer it; may be repeated; '' for none",
    dest="secondaries",
)


@zone.command(
    "add",
    "Add a zone with SOA and NS records",
    ORIGIN,
    several(
        "--ns",
        "NAME[=ADDRESS]",
        "a name server, and with an address its A or AAAA record (default: ns1.ORIGIN)",
        default=[],
    ),
    argument("--account", metavar="OWNER", help="the account that may edit its records"),
    ADDRESSES,
    one_of(
        "--registration",
        Registration,
        default=Registration.CLOSED,
        help="who may register hosts in it (default: %(default)s)",
    ),
    SECONDARY,
    argument(
        "--catalog",
        action="store_true",
        help="a zone that lists all others for its secondaries (RFC 9432)",
    ),
    needs=Needs.NEW_DATABASE,
)
def zone_add(client: Client, args: argparse.Namespace) -> Result:
    servers = []
    for text in args.ns:
        name, _, address = text.partition("=")
        servers.append({"name": name, "address": address or None})
    added = client.call(
        "zone_add",
        origin=args.origin,
        ns=servers,
        account=args.account,
        addresses=args.addresses,
        registration=args.registration,
        secondaries=args.secondaries,
        catalog=args.catalog,
    )
    return Result(added, [f"added zone {added['origin']}"])


zone.call(
    "set",
    "Change a zone's owner or policy",
    ORIGIN,
    argument("--account", metavar="OWNER", help="'' for the operator"),
    ADDRESSES,
    one_of("--registration", Registration, help="who may register hosts in it"),
    SECONDARY,
    several(
        "--update-from",
        "NETWORK",
        "whose unsigned DNS UPDATEs it takes; may be repeated; '' for none",
        dest="update_from",
    ),
    says="changed zone {origin}",
)


@zone.command(
    "import",
    "Add or replace zones",
    argument("file", nargs="+", help="a master file; the owner of its SOA is the origin"),
    argument(
        "--origin",
        metavar="NAME",
        help="the origin of the one file, where it does not say so itself, as BIND's and Windows'",
    ),
    several(
        "--include", "DIR", "where $INCLUDE may find files as well, beside the file", default=[]
    ),
    argument("--replace-hosts", action="store_true", help="replace the records of hosts too"),
    needs=Needs.NEW_DATABASE,
)
def zone_import(client: Client, args: argparse.Namespace) -> Result:
    """Import each file on its own: a wrong one changes nothing and does not stop the others."""
    from ddns.cli import masterfile
    from ddns.cli.masterfile_reader import BadMasterFile

    origin = None
    if args.origin is not None:
        if len(args.file) > 1:
            raise CallFailed("invalid", "--origin is that of one file; import them one by one")
        try:
            origin = names.from_text(args.origin)
        except names.BadName as error:
            raise CallFailed("invalid", str(error)) from error
    check = give_way() if isinstance(client, SocketClient) else lambda: None
    done, failed = [], []
    with _progress(args.file, check, shown=not args.json and sys.stderr.isatty()) as advance:
        for path in args.file:
            try:
                parsed = masterfile.read(path, advance, origin=origin, folders=args.include)
                result = send_zone(client, parsed, args.replace_hosts)
            except BadMasterFile as error:
                failed.append({"file": path, "code": "invalid", "message": str(error)})
            except CallFailed as error:
                failed.append({"file": path, **error.answer["error"]})
            else:
                told = {"warnings": parsed.warnings} if parsed.warnings else {}
                done.append({"file": path, **result, "ignored": parsed.ignored, **told})
    lines = [
        f"imported zone {one['origin']} from {one['file']}: {one['written']} RRsets written,"
        f" {one['removed']} removed"
        + (f", {one['skipped']} left to hosts" if one["skipped"] else "")
        + (f", {one['ignored']} outside the zone ignored" if one["ignored"] else "")
        for one in done
    ]
    answer: Json = {"zones": done}
    if failed:
        answer["error"] = {
            "code": failed[0]["code"],
            "message": "; ".join(failure["message"] for failure in failed),
            "files": failed,
        }
    warnings = [warning for one in done for warning in one.get("warnings", ())]
    return Result(answer, lines, f"warning: {'; '.join(warnings)}" if warnings else "")


@contextlib.contextmanager
def _progress(
    paths: list[str], check: Callable[[], None], *, shown: bool
) -> Iterator[Callable[[int], None]]:
    """Show how much of the files has been read, in a line that is erased at the end, and call
    *check* for each piece of them."""
    total = sum(os.path.getsize(path) for path in paths if os.path.isfile(path))
    read = 0

    def advance(octets: int) -> None:
        nonlocal read
        read += octets
        check()
        if shown:
            percent = min(100, 100 * read // max(total, 1))
            print(f"\rimporting: {percent:3}%", end="", file=sys.stderr, flush=True)

    yield advance
    if shown and read:
        print(f"\r{'':15}\r", end="", file=sys.stderr, flush=True)


def give_way() -> Callable[[], None]:
    """Lower this process's priority: parsing a large file must not hold up the queries that the
    server answers on the same machine. Return what to call between pieces of the work."""
    from ddns.system.threads import YieldingProcess

    return YieldingProcess().check


def send_zone(client: Client, parsed: MasterFile, replace_hosts: bool) -> Json:
    """Send a zone in chunks of rows. The server collects them under the name *stage*, and the last
    one puts them all in place at once."""
    stage = uuid.uuid4().hex
    chunk: list[rows.Row] = []
    size = part = 0

    def send(last: bool) -> Json:
        return client.call(
            "zone_import",
            origin=names.to_text(parsed.origin),
            rows=rows.pack_rows(chunk),
            stage=stage,
            part=part,
            last=last,
            serial=parsed.serial,
            replace_hosts=replace_hosts,
        )

    for row in parsed.rows:
        if size > CHUNK:
            send(last=False)
            chunk, size, part = [], 0, part + 1
        chunk.append(row)
        size += len(row[0]) + len(row[3]) + 11
    return send(last=True)


@zone.command("export", "Print a zone as a master file", ORIGIN)
def zone_export(client: Client, args: argparse.Namespace) -> Result:
    from ddns.model.masterfile import write

    lines = write(client.rows(args.origin))
    if args.json:
        return Result({"origin": args.origin, "records": list(lines)})
    return Result({}, lines)


@zone.command("show", "Show a zone, and ask its secondaries how far they have followed", ORIGIN)
def zone_show(client: Client, args: argparse.Namespace) -> Result:
    shown = client.call("zone_show", origin=args.origin)
    unicode = {"Unicode": shown["unicode"]} if "unicode" in shown else {}
    lines = fields(
        {
            "Origin": shown["origin"],
            **unicode,
            "Serial": shown["serial"],
            "Owner": shown["account"],
            "Addresses": shown["addresses"],
            "Registration": shown["registration"],
            "Created": local_time(shown["created"]),
            "RRsets": shown["rrsets"],
            "Catalog": shown.get("catalog", False),
            "Secondaries": shown.get("secondaries"),
        }
    )
    following = table(
        shown["followed_by"],
        SECONDARY="secondary",
        SERIAL="serial",
        BEHIND=lambda one: _seconds(one["seconds_behind"]),
        TOLD=lambda one: one["told"] and local_time(one["told"]),
        PROBLEM="problem",
    )
    return Result(shown, lines + (["", *following] if following else []))


def _seconds(behind: float | None) -> str | None:
    return None if behind is None else f"{behind:.0f} s"


@zone.command("list", "List zones")
def zone_list(client: Client, args: argparse.Namespace) -> Result:
    answer = client.call("zone_list")
    none = "join one with an invitation: ddns zone join"
    return listing(
        answer,
        "zones",
        f"no zones yet; {none if args.server else 'add one with: ddns zone add ORIGIN'}",
        ORIGIN="origin",
        SERIAL="serial",
        OWNER="account",
        ADDRESSES="addresses",
        REGISTRATION="registration",
    )


zone.call(
    "remove", "Remove a zone with its hosts and records", ORIGIN, says="removed zone {origin}"
)
