"""Subcommands on the database as a whole: copying it, restoring a copy, looking for faults."""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path

from ddns.cli.client import CallFailed, Client
from ddns.cli.command import Group, Needs, argument
from ddns.cli.output import Json, Result, count

top = Group("")


@top.command(
    "backup",
    "Copy the database to a file, even while a server runs",
    argument("file", nargs="?", help="without it only the key file is copied"),
    argument("--force", action="store_true", help="replace files that exist"),
    argument(
        "--key-file", metavar="FILE", help="copy the key file too, to this file; keep it apart"
    ),
)
def backup(client: Client, args: argparse.Namespace) -> Result:
    if args.file is None and args.key_file is None:
        raise CallFailed("invalid", "say where to: a file, --key-file, or both")
    answer: Json = {}
    lines = []
    if args.key_file is not None:
        file = os.path.abspath(args.key_file)  # the server has another working directory
        try:
            answer["key_file"] = client.call("backup_key", file=file, force=args.force)["file"]
            lines.append(f"copied the key file to {answer['key_file']}")
        except CallFailed as error:
            if error.answer["error"]["code"] != "not_found":
                raise
            answer["key_file"] = None
            lines.append(str(error))
    if args.file is not None:
        answer |= client.call("backup", file=os.path.abspath(args.file), force=args.force)
        lines.append(
            f"copied the database to {answer['file']}: {answer['size']} octets,"
            f" {count(answer['zones'], 'zone')}, position {answer['position']} of the journal"
        )
    return Result(answer, lines)


@top.command(
    "restore",
    "Replace the database by a backup",
    argument("file"),
    needs=Needs.CLOSED_DATABASE,
)
def restore(client: Client | None, args: argparse.Namespace) -> Result:
    """Replace the database, unless a server has it open.

    :raises ddns.store.interfaces.StoreError: when it cannot be done.
    """
    if client is not None:
        raise CallFailed("in_use", f"a server runs on {args.database}: stop it first")
    from ddns.model import names
    from ddns.store.sqlite.restore import restore

    done = restore(Path(args.database), Path(args.file), time.time())
    raised = [
        {"origin": names.to_text(origin), "was": was, "serial": serial}
        for origin, was, serial in done.raised
    ]
    answer: Json = {
        "database": args.database,
        "replaced": None if done.replaced is None else str(done.replaced),
        "readable": done.readable,
        "zones": done.zones,
        "raised": raised,
    }
    lines = [f"restored {args.database} from {args.file}: {count(done.zones, 'zone')}"]
    if done.replaced is not None:
        lines.append(f"kept the former database as {done.replaced}")
    if not done.readable and done.zones:
        lines.append("there was no readable database, so all serials were raised by 1048576")
    lines += [
        f"raised the serial of {zone['origin']} from {zone['was']} to {zone['serial']}"
        for zone in raised
    ]
    return Result(answer, lines)


@top.command("check", "Look for faults in the database")
def check(client: Client, args: argparse.Namespace) -> Result:
    answer = client.call("check")
    faults = answer["faults"]
    if faults:
        message = f"{count(len(faults), 'fault')} found in {args.database}"
        answer["error"] = {"code": "faulty", "message": message}
        return Result(answer, faults)
    return Result(
        answer,
        [
            f"no faults in {count(answer['zones'], 'zone')}, {count(answer['rrsets'], 'RRset')}"
            f" and {count(answer['events'], 'event')} of the journal"
        ],
    )
