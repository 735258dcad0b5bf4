"""Subcommands on keys, the secrets of clients."""

from __future__ import annotations

import argparse

from ddns.cli.client import CallFailed, Client
from ddns.cli.command import Group, argument, one_of
from ddns.cli.output import Column, Result, listing
from ddns.model.account import KeyKind

key = Group("key", "Secrets that clients update hosts with")

COLUMNS: dict[str, Column] = {
    "NUMBER": "id",
    "ACCOUNT": "account",
    "KIND": "kind",
    "ENABLED": "enabled",
    "HOSTS": lambda one: one["hosts"] or "all",
}

key.call(
    "add",
    "Make a key and print it, this once",
    argument("account"),
    argument(
        "--host",
        dest="hosts",
        action="append",
        metavar="NAME",
        help="limit it to this host; may be repeated",
    ),
    one_of(
        "--kind",
        KeyKind,
        default=KeyKind.UPDATE,
        help="which clients it is for (default: %(default)s)",
    ),
    says="{key}",
)


@key.command("list", "List keys, without their secrets", argument("account", nargs="?"))
def key_list(client: Client, args: argparse.Namespace) -> Result:
    answer = client.call("key_list", account=args.account)
    none = "no keys yet; make one with: ddns key add ACCOUNT"
    return listing(answer, "keys", none, **COLUMNS)


def _number(client: Client, args: argparse.Namespace) -> int:
    """Return the number of the key that is meant, which its account and kind may stand for."""
    if args.key.isascii() and args.key.isdecimal():
        return int(args.key)
    keys = client.call("key_list", account=args.key)["keys"]
    numbers = [one["id"] for one in keys if args.kind in (None, one["kind"])]
    if len(numbers) != 1:
        kind = f" of kind {args.kind}" if args.kind else ""
        found = "several keys" if numbers else "no key"
        raise CallFailed(
            "conflict" if numbers else "not_found",
            f"account {args.key} has {found}{kind}",
            f"list their numbers with: ddns key list {args.key}",
        )
    return int(numbers[0])


def _add_commands_on_one() -> None:
    for name, about, says in (
        ("disable", "Keep a key but let it open nothing", "disabled key {id} of account {account}"),
        ("enable", "Let a disabled key work again", "enabled key {id} of account {account}"),
        ("regenerate", "Give a key another secret and print it, this once", "{key}"),
        ("revoke", "Remove a key", "revoked key {id} of account {account}"),
    ):

        @key.command(
            name,
            about,
            argument("key", help="its number, or an account that has only one key of the kind"),
            one_of("--kind", KeyKind),
        )
        def run(
            client: Client, args: argparse.Namespace, name: str = name, says: str = says
        ) -> Result:
            answer = client.call(f"key_{name}", number=_number(client, args))
            return Result(answer, [says.format_map(answer)])


_add_commands_on_one()
