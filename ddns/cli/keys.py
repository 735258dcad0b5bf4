"""Subcommands on keys, the secrets of clients."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from ddns.cli.client import CallFailed, Client
from ddns.cli.command import Group, argument, one_of, several
from ddns.cli.output import Column, Json, Result, listing
from ddns.model.account import KeyKind, Right

key = Group("key", "Secrets that clients update hosts with")

COLUMNS: dict[str, Column] = {
    "NUMBER": "id",
    "ACCOUNT": "account",
    "KIND": lambda one: f"{one['kind']} {one['name']}" if "name" in one else one["kind"],
    "ENABLED": "enabled",
    "RIGHTS": "rights",
    "HOSTS": lambda one: one["hosts"] or "all",
    "ZONES": lambda one: one["zones"] or "all",
    "TYPES": "types",
}


@key.command(
    "add",
    "Make a key and print it, this once",
    argument("account"),
    several("--host", "NAME", "limit it to this host; may be repeated", dest="hosts"),
    one_of(
        "--kind",
        KeyKind,
        default=KeyKind.UPDATE,
        help="which clients it is for (default: %(default)s)",
    ),
    argument("--name", help="what a tsig key is called (default: made up)"),
    argument("--algorithm", help="of a tsig key (default: hmac-sha256)"),
    argument(
        "--secret-file",
        metavar="FILE",
        help='the secret that a tsig key has already, in Base64; "-" reads standard input',
    ),
    several("--zone", "ORIGIN", "limit it to this zone; may be repeated", dest="zones"),
    several("--type", "TYPE", "what it may change; may be repeated", dest="types"),
    several(
        "--right",
        "RIGHT",
        "what it is good for, of {} (default: update, and records with an update key); may be"
        " repeated".format(", ".join(Right)),
        dest="rights",
        choices=list(Right),
    ),
)
def key_add(client: Client, args: argparse.Namespace) -> Result:
    given = ("account", "hosts", "kind", "name", "algorithm", "zones", "types", "rights")
    answer = client.call(
        "key_add", **{one: getattr(args, one) for one in given}, secret=_secret(args.secret_file)
    )
    is_tsig = args.kind == KeyKind.TSIG
    return Result(answer, tsig_lines(answer) if is_tsig else [answer["key"]])


def _secret(file: str | None) -> str | None:
    """Read the secret in a file.

    :raises CallFailed: if it cannot be read.
    """
    if file is None:
        return None
    try:
        return sys.stdin.read().strip() if file == "-" else Path(file).read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise CallFailed("invalid", f"{file}: {error}") from error


def tsig_lines(key: Json) -> list[str]:
    """Return a TSIG key in the words of the programs that sign with it."""
    name, algorithm, secret = key["name"], key["algorithm"], key["key"]
    short = algorithm.removesuffix(".sig-alg.reg.int")
    return [
        "# nsupdate, knsupdate: a file for -k; BIND: named.conf",
        f'key "{name}" {{ algorithm {short}; secret "{secret}"; }};',
        "# Knot: knot.conf",
        "key:",
        f"  - id: {name}",
        f"    algorithm: {short}",
        f"    secret: {secret}",
        "# NSD: nsd.conf",
        "key:",
        f"  name: {name}",
        f"  algorithm: {short}",
        f'  secret: "{secret}"',
        "# lego: environment",
        f"RFC2136_TSIG_KEY={name}. RFC2136_TSIG_ALGORITHM={algorithm}."
        f" RFC2136_TSIG_SECRET={secret}",
        "# certbot: the file for --dns-rfc2136-credentials",
        f"dns_rfc2136_name = {name}.",
        f"dns_rfc2136_secret = {secret}",
        f"dns_rfc2136_algorithm = {short.upper()}",
    ]


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
            if name == "regenerate" and answer["kind"] == KeyKind.TSIG:
                return Result(answer, tsig_lines(answer))
            return Result(answer, [says.format_map(answer)])


_add_commands_on_one()
