"""Subcommands on the members of zones, and their invitations."""

from __future__ import annotations

import argparse

from ddns.cli.accounts import read_code
from ddns.cli.client import Client
from ddns.cli.command import argument
from ddns.cli.output import Result, listing, time_of
from ddns.cli.zones import ORIGIN, zone

__all__ = ["zone"]

zone.call(
    "invite",
    "Make an invitation and print its code",
    ORIGIN,
    argument("--uses", type=int, default=1, metavar="N", help="accounts (default: %(default)s)"),
    argument("--days", type=int, default=7, metavar="N", help="default: %(default)s"),
    operation="invitation_add",
    says="{code}",
)


@zone.command(
    "invitations",
    "List invitations that can still be used",
    ORIGIN,
    argument("--revoke", type=int, metavar="NUMBER", help="revoke this one instead"),
)
def zone_invitations(client: Client, args: argparse.Namespace) -> Result:
    if args.revoke is not None:
        gone = client.call("invitation_revoke", origin=args.origin, number=args.revoke)
        return Result(gone, [f"revoked invitation {gone['id']} to zone {gone['zone']}"])
    answer = client.call("invitation_list", origin=args.origin)
    return listing(
        answer,
        "invitations",
        f"no invitations; make one with: ddns zone invite {args.origin}",
        NUMBER="id",
        USES_LEFT="uses",
        EXPIRES=time_of("expires"),
        BY="by",
    )


@zone.command(
    "join",
    "Use an invitation",
    argument("code", nargs="?", help="better typed or given on standard input, unseen"),
)
def zone_join(client: Client, args: argparse.Namespace) -> Result:
    code = read_code(args.code, "code of the invitation")
    joined = client.call("invitation_redeem", code=code)
    return Result(joined, [f"you may register hosts in {joined['origin']}"])


@zone.command(
    "members",
    "List members",
    ORIGIN,
    argument("--remove", metavar="ACCOUNT", help="end this account's membership instead"),
)
def zone_members(client: Client, args: argparse.Namespace) -> Result:
    if args.remove is not None:
        gone = client.call("member_remove", origin=args.origin, account=args.remove)
        return Result(
            gone, [f"account {gone['account']} is no longer a member of zone {gone['zone']}"]
        )
    answer = client.call("member_list", origin=args.origin)
    none = f"no members; invite somebody with: ddns zone invite {args.origin}"
    return listing(answer, "members", none, ACCOUNT="account", SINCE=time_of("since"))
