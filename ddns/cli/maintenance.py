"""The subcommands for the database as a whole: copies of it, and whether it is as it should be."""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ddns.cli.client import CallFailed, Client
from ddns.cli.output import Json, Shown


def add_commands(top: Any, command: Any) -> None:
    """Add the subcommands, which stand in no group; *command* makes each."""
    one = command(top, "backup", backup, "Copy the database to a file, also while a server runs")
    one.add_argument("file", nargs="?", help="without it only the key file is copied")
    one.add_argument("--force", action="store_true", help="replace files that exist")
    one.add_argument(
        "--key-file", metavar="FILE", help="copy the key file too, to this file, to be kept apart"
    )
    one = command(top, "restore", restore, "Put a backup in the place of the database", True)
    one.add_argument("file")
    command(top, "check", check, "Look for what is wrong with the database")


def backup(client: Client, args: argparse.Namespace) -> Shown:
    """Names are the caller's: the server has another working directory."""
    if args.file is None and args.key_file is None:
        raise CallFailed("invalid", "say where to: a file, --key-file, or both")
    answer: Json = {}
    lines = []
    if args.key_file is not None:
        file = os.path.abspath(args.key_file)
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
            f" {answer['zones']} zones, position {answer['position']} of the journal"
        )
    return answer, lines


def restore(client: Client, args: argparse.Namespace) -> Shown:
    """Refuse: whoever answers has the database open."""
    raise CallFailed("in_use", f"a server runs on {args.database}: stop it first")


def restore_here(args: argparse.Namespace) -> Shown:
    """Replace the database, which nobody has open.

    :raises ddns.store.interfaces.StoreError: when it cannot be done.
    """
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
    return answer, _told(answer, args.file)


def _told(answer: Json, file: str) -> Iterable[str]:
    yield f"restored {answer['database']} from {file}: {answer['zones']} zones"
    if answer["replaced"] is not None:
        yield f"the database that was there is kept as {answer['replaced']}"
    if not answer["readable"] and answer["zones"]:
        yield "no database could be read there, so all serials were raised by 1048576, to be later"
    for zone in answer["raised"]:
        yield f"raised the serial of {zone['origin']} from {zone['was']} to {zone['serial']}"


def check(client: Client, args: argparse.Namespace) -> Shown:
    answer = client.call("check")
    faults = answer["faults"]
    if faults:
        number = f"{len(faults)} faults" if len(faults) > 1 else "1 fault"
        answer["error"] = {"code": "faulty", "message": f"{number} found in {args.database}"}
        return answer, faults
    return answer, [
        f"no faults in {answer['zones']} zones, {answer['rrsets']} RRsets"
        f" and {answer['events']} events of the journal"
    ]
