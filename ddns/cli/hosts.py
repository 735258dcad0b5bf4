"""Subcommands on hosts."""

from __future__ import annotations

import argparse

from ddns.cli.client import Client
from ddns.cli.command import Group, argument
from ddns.cli.output import (
    Json,
    Result,
    fields,
    listing,
    local_time,
    record_lines,
    request_lines,
    time_of,
)

host = Group("host", "Names that clients update")

NAME = argument("name")


@host.command(
    "add",
    "Add a host",
    NAME,
    argument(
        "--account", metavar="NAME", help="its account (default: that of whoever has logged in)"
    ),
    argument("--ttl", type=int, metavar="SECONDS", help="default: 10"),
    argument(
        "--record",
        nargs=2,
        action="append",
        default=[],
        metavar=("TYPE", "RDATA"),
        help="a record to begin with, such as A 127.0.0.1; may be repeated",
    ),
    argument("--wildcard", action="store_true", help="make all names below it aliases of it"),
)
def host_add(client: Client, args: argparse.Namespace) -> Result:
    records = [{"type": kind, "rdata": rdata} for kind, rdata in args.record]
    added = client.call(
        "host_add",
        name=args.name,
        account=args.account,
        ttl=args.ttl,
        records=records or None,
        wildcard=args.wildcard,
    )
    return Result(added, [f"added host {added['name']} for account {added['account']}"])


host.call(
    "set",
    "Change a host",
    NAME,
    argument("--account", metavar="NAME", help="give it to this account"),
    argument("--ttl", type=int, metavar="SECONDS", help="the TTL of its records too"),
    argument(
        "--expire-after",
        dest="expire_after",
        type=int,
        metavar="DAYS",
        help="take it offline when no client was heard of for so long; 0 for never",
    ),
    argument(
        "--interface-id",
        dest="interface_id",
        metavar="ID",
        help="what its IPv6 address has beyond a prefix, such as ::a; '' for none",
    ),
    argument(
        "--follows",
        metavar="HOST",
        help="the host whose clients tell the prefix for it, its router; '' for none",
    ),
    argument(
        "--follows-address",
        dest="follows_address",
        action=argparse.BooleanOptionalAction,
        help="whether the /64 of an address of that host will do, where no prefix is told",
    ),
    argument(
        "--wildcard",
        action=argparse.BooleanOptionalAction,
        help="whether all names below it are aliases of it",
    ),
    says="changed host {name}",
)


@host.command(
    "list",
    "List hosts",
    argument("--account", metavar="NAME"),
    argument("--zone", metavar="ORIGIN"),
)
def host_list(client: Client, args: argparse.Namespace) -> Result:
    answer = client.call("host_list", account=args.account, zone=args.zone)
    of = f" of account {args.account}" if args.account else ""
    within = f" in zone {args.zone}" if args.zone else ""
    add = f"ddns host add NAME{'' if args.server else ' --account ACCOUNT'}"
    none = f"no hosts{of}{within}; add one with: {add}"
    return listing(answer, "hosts", none, NAME="name", ACCOUNT="account", TTL="ttl")


@host.command("show", "Show a host with its addresses, records and last requests", NAME)
def host_show(client: Client, args: argparse.Namespace) -> Result:
    shown = client.call("host_show", name=args.name)
    unicode = {"Unicode": shown["unicode"]} if "unicode" in shown else {}
    lines = fields(
        {
            "Addresses": _addresses(shown),
            "Last heard": _last_heard(shown["requests"]),
            "Name": shown["name"],
            **unicode,
            "Zone": shown["zone"],
            "Account": shown["account"],
            "TTL": shown["ttl"],
            "Wildcard": shown["wildcard"],
            **({"Offline after": _expiry(shown)} if "expire_after" in shown else {}),
            **_lan(shown),
        }
    )
    records = record_lines(shown["records"])
    lines += ["", "Records:", *records] if records else []
    return Result(shown, lines + request_lines(shown["requests"], "Last requests, newest first:"))


@host.command("diagnose", "Tell why a host is not updated, and what to change", NAME)
def host_diagnose(client: Client, args: argparse.Namespace) -> Result:
    found = client.call("host_diagnosis", name=args.name)
    lines = [f"{found['name']}: {found['state']}", found["sentence"]]
    for one in found["findings"]:
        at = local_time(one["at"])
        lines += ["", f"{one['severity']}: {one['why']} ({one['rule']}, {at})"]
        lines.append(f"  {one['change']}")
    return Result(found, lines)


def _expiry(shown: Json) -> str:
    """Return after how many days of silence a host goes offline, and when."""
    when = f", at {local_time(shown['expires'])} if it goes on" if "expires" in shown else ""
    return f"{shown['expire_after']} days of silence{when}"


def _lan(shown: Json) -> Json:
    """Return which prefixes a host takes from another one, and gives to others."""
    also = " (prefix, or the /64 of its address)" if shown.get("follows_address") else ""
    found = {
        "Interface ID": shown.get("interface_id"),
        "Follows": f"{shown['follows']}{also}" if "follows" in shown else None,
        "Followed by": shown.get("followers"),
        "Prefixes": shown.get("prefixes"),
    }
    return {key: value for key, value in found.items() if value}


def _addresses(shown: Json) -> list[str]:
    """Return what DNS answers for the addresses of a host."""
    own = [one for one in shown["records"] if one["owner"] == shown["name"]]
    addresses = [rdata for one in own if one["type"] in ("A", "AAAA") for rdata in one["rdatas"]]
    aliases = [f"those of {one['rdatas'][0]}" for one in own if one["type"] == "CNAME"]
    return addresses or aliases or ["no address (offline)"]


def _last_heard(requests: list[Json]) -> str:
    """Return when a client last proved to be the host's, and what it was told."""
    for one in requests:
        if not one["failed"]:
            told = " | ".join(one["answer"].splitlines())
            return f"{local_time(one['at'])}, by {one['dialect']} from {one['peer']}: {told}"
    return "no request on record"


@host.command(
    "history",
    "Show the changes of a host",
    NAME,
    argument("--limit", type=int, default=20, metavar="N", help="default: %(default)s"),
)
def host_history(client: Client, args: argparse.Namespace) -> Result:
    answer = client.call("host_history", name=args.name, limit=args.limit)
    return listing(
        answer,
        "events",
        f"no changes of {args.name} on record",
        TIME=time_of("at"),
        WHO="who",
        VIA="via",
        NAME="owner",
        TYPE=lambda event: event["type"] or "host",
        CHANGE=lambda event: f"{_side(event['before'])} -> {_side(event['after'])}",
    )


def _side(side: Json | None) -> str:
    """Return the state before or after a change, in one line."""
    if side is None:
        return "nothing"
    if "rdatas" in side:
        return f"{', '.join(side['rdatas'])} (TTL {side['ttl']})"
    gone = [{1: "A", 28: "AAAA"}.get(number, str(number)) for number in side.get("dormant", ())]
    offline = f", offline ({', '.join(gone)})" if gone else ""
    days = side.get("expire_after", 0)
    expiry = f", offline after {days} days" if days else ""
    own = f", interface ID {side['interface_id']}" if side.get("interface_id") else ""
    leader = f", follows {side['follows']}" if side.get("follows") else ""
    return f"account {side['account']}, TTL {side['ttl']}{offline}{expiry}{own}{leader}"


host.call("remove", "Remove a host with its records", NAME, says="removed host {name}")
