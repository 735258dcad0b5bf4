"""Subcommands on records of any type."""

from __future__ import annotations

import argparse

from ddns.cli.client import Client
from ddns.cli.command import Group, argument
from ddns.cli.output import Result, record_lines

record = Group("record", "Records of any type")

OWNER = argument("owner")


@record.command("show", "Show all records of a name", OWNER)
def record_show(client: Client, args: argparse.Namespace) -> Result:
    answer = client.call("record_show", owner=args.owner)
    lines = record_lines(answer["records"])
    return Result(answer, lines, "" if lines else f"no records at {answer['owner']}")


@record.command(
    "set",
    "Set all records of a name and type",
    OWNER,
    argument("type"),
    argument(
        "rdata",
        nargs="+",
        help="one argument per record, as in a master file; @ is the zone's origin",
    ),
    argument("--ttl", type=int, metavar="SECONDS"),
)
def record_set(client: Client, args: argparse.Namespace) -> Result:
    rrset = client.call(
        "record_set", owner=args.owner, type=args.type, rdatas=args.rdata, ttl=args.ttl
    )
    said = f"set {rrset['owner']} {rrset['type']}"
    if rrset["type"] == "SOA":
        said += f" with serial {rrset['rdatas'][0].split()[2]}, which the server counts"
    return Result(rrset, [said])


@record.command("delete", "Delete records of a name", OWNER, argument("type", nargs="?"))
def record_delete(client: Client, args: argparse.Namespace) -> Result:
    answer = client.call("record_delete", owner=args.owner, type=args.type)
    return Result(answer, [f"deleted {one['owner']} {one['type']}" for one in answer["deleted"]])
