"""Subcommands on registrations of acme-dns."""

from __future__ import annotations

import argparse
import json

from ddns.cli.client import Client
from ddns.cli.command import Group, argument, several
from ddns.cli.output import Column, Json, Result, listing, local_time

acme_dns = Group("acme-dns", "Names that answer ACME's challenges for names elsewhere")

COLUMNS: dict[str, Column] = {
    "FULLDOMAIN": "fulldomain",
    "ACCOUNT": "account",
    "USED": lambda one: one["used"] and local_time(one["used"]),
    "NETWORKS": "allowfrom",
    "NOTE": "note",
}


@acme_dns.command(
    "list", "List registrations, without their passwords", argument("account", nargs="?")
)
def acme_dns_list(client: Client, args: argparse.Namespace) -> Result:
    answer = client.call("acme_dns_list", account=args.account)
    found: list[Json] = answer["registrations"]
    while after := answer.get("next"):
        answer = client.call("acme_dns_list", account=args.account, after=after)
        found += answer["registrations"]
    none = "no registrations yet; make one with: ddns acme-dns add ACCOUNT"
    return listing({"registrations": found}, "registrations", none, **COLUMNS)


@acme_dns.command(
    "add",
    "Register a name and print what an acme-dns client keeps of it, this once",
    argument("account", nargs="?", help="whose it is (default: nobody's, or yours)"),
    argument(
        "--domain",
        help="what it is for: print it as a file of clients that keep several; also the note",
    ),
    argument("--zone", metavar="ORIGIN", help="below another zone than that of the settings"),
    several(
        "--allowfrom",
        "NETWORK",
        "take updates from this network only; may be repeated",
    ),
    argument("--note", default=""),
)
def acme_dns_add(client: Client, args: argparse.Namespace) -> Result:
    answer = client.call(
        "acme_dns_add",
        account=args.account,
        zone=args.zone,
        allowfrom=args.allowfrom,
        note=args.note or args.domain or "",
    )
    kept = {args.domain: answer} if args.domain else answer
    alias = f"_acme-challenge.{args.domain or 'NAME'}. CNAME {answer['fulldomain']}."
    return Result(answer, [json.dumps(kept)], f"the domain needs the record: {alias}")


SUBDOMAIN = argument("subdomain", help="the first label of a registration's name")

acme_dns.call(
    "note",
    "Note something of a registration",
    SUBDOMAIN,
    argument("note"),
    says="noted of {fulldomain}: {note}",
    operation="acme_dns_set",
)
acme_dns.call(
    "remove",
    "Remove a registration with its records",
    SUBDOMAIN,
    says="removed {fulldomain}",
    operation="acme_dns_remove",
)
