"""Subcommands on accounts, for the operator; :mod:`ddns.cli.self_service` has those of people."""

from __future__ import annotations

import argparse
import getpass
import json
import sys

from ddns.cli.client import CallFailed, Client
from ddns.cli.command import Group, Needs, argument
from ddns.cli.keys import COLUMNS
from ddns.cli.output import Json, Result, fields, listing, local_time, request_lines, table

account = Group("account", "People who update hosts")

NAME = argument("name")
PASSWORD_STDIN = argument(
    "--password-stdin", action="store_true", help="read the password from standard input"
)


@account.command(
    "add",
    "Add an account",
    NAME,
    PASSWORD_STDIN,
    argument("--email", metavar="ADDRESS", help="where mail to its owner goes"),
    needs=Needs.NEW_DATABASE,
)
def account_add(client: Client, args: argparse.Namespace) -> Result:
    password = sys.stdin.readline().rstrip("\r\n") if args.password_stdin else None
    added = client.call("account_add", name=args.name, password=password, email=args.email)
    return Result(added, [f"added account {added['name']}"])


_SETTINGS = ("--hosts", "--email", "--operator", "--no-second-factor")


def _hosts(text: str) -> int | str:
    return text if text == "default" else int(text)


@account.command(
    "set",
    "Change an account's host limit, e-mail address or rights",
    NAME,
    argument("--hosts", type=_hosts, metavar="N", help="how many hosts, or 'default'"),
    argument("--email", metavar="ADDRESS", help="'' for none"),
    argument(
        "--operator",
        action=argparse.BooleanOptionalAction,
        help="whether it may do over the API what you may, logged in with a second factor",
    ),
    argument(
        "--no-second-factor",
        action="store_true",
        help="remove one-time codes, recovery codes and passkeys, which its owner has lost",
    ),
)
def account_set(client: Client, args: argparse.Namespace) -> Result:
    changed: Json = {}
    lines = []
    if args.email is not None:
        changed |= client.call("email_set", name=args.name, email=args.email)
        lines.append(f"account {changed['name']} has the address {changed['email'] or '-'}")
    if args.hosts is not None:
        changed |= client.call("account_set", name=args.name, hosts=args.hosts)
        lines.append(f"account {changed['name']} may register {changed['host_limit']} hosts")
    if args.operator is not None:
        changed |= client.call("account_set", name=args.name, operator=args.operator)
        lines.append(f"account {changed['name']} is {'an' if args.operator else 'no'} operator")
    if args.no_second_factor:
        changed |= client.call("second_factor_remove", name=args.name)
        lines.append(f"account {changed['name']} has no second factor")
    if not lines:
        raise CallFailed("invalid", f"nothing to set: give one of {', '.join(_SETTINGS)}")
    return Result(changed, lines)


@account.command("set-password", "Set an account's password", NAME, PASSWORD_STDIN)
def account_set_password(client: Client, args: argparse.Namespace) -> Result:
    password = read_password(args, "New password", client, new=True)
    changed = client.call("password_set", name=args.name, password=password)
    return Result(changed, [f"account {changed['name']} has another password"])


def read_password(
    args: argparse.Namespace, prompt: str, client: Client, *, new: bool = False
) -> str:
    """Read a password from standard input or a terminal without echo, there a *new* one twice.

    :raises CallFailed: when there is no terminal, or the two differ.
    """
    if getattr(client, "in_the_clear", False):
        print(
            "ddns: warning: this connection is not encrypted; anybody who reads it can log in",
            file=sys.stderr,
        )
    if args.password_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if not sys.stdin.isatty():
        raise CallFailed("invalid", "there is no terminal to ask for a password: --password-stdin")
    password = getpass.getpass(f"{prompt}: ")
    if new and getpass.getpass(f"{prompt}, again: ") != password:
        raise CallFailed("invalid", "that was not the same password twice")
    return password


def read_code(given: str | None, what: str) -> str:
    """Return a token or code: from standard input or a terminal without echo, unless it was *given*
    as an argument, where other users of the machine see it.

    :raises CallFailed: when there is none.
    """
    if given is not None:
        print(
            f"ddns: warning: other users of this machine can see the {what} among the arguments;"
            " without it there you are asked for it",
            file=sys.stderr,
        )
        return given
    code = getpass.getpass(f"{what}: ") if sys.stdin.isatty() else sys.stdin.readline()
    if not code.strip():
        raise CallFailed("invalid", f"type the {what}, or give it on standard input")
    return code.strip()


@account.command("list", "List accounts")
def account_list(client: Client, args: argparse.Namespace) -> Result:
    answer = client.call("account_list")
    return listing(
        answer,
        "accounts",
        "no accounts yet; add one with: ddns account add NAME",
        NAME="name",
        PASSWORD="password",
        EMAIL="email",
        OPERATOR="operator",
        BLOCKED=lambda one: _until(one["blocked"]),
    )


def _until(block: Json | None) -> str:
    if block is None:
        return "no"
    return f"until {local_time(block['until']) if block['until'] else 'it is lifted'}"


@account.command("show", "Show an account with its hosts, keys and last requests", NAME)
def account_show(client: Client, args: argparse.Namespace) -> Result:
    shown = client.call("account_show", name=args.name)
    block = shown["blocked"]
    since = "" if block is None else f"since {local_time(block['since'])} "
    reason = "" if block is None else f": {block['reason']}"
    lines = fields(
        {
            "Name": shown["name"],
            "Password": shown["password"],
            "Email": shown["email"],
            "Operator": shown["operator"],
            "Blocked": f"{since}{_until(block)}{reason}",
            "Host limit": shown["host_limit"],
            "DonDNS": "API enabled" if shown["dondns"] else "API disabled",
            "Zones": shown["zones"],
            "Hosts": shown["hosts"],
        }
    )
    keys = table(shown["keys"], **COLUMNS)
    lines += ["", "Keys:", *keys] if keys else []
    title = "Last requests that named none of its hosts, newest first:"
    return Result(shown, lines + request_lines(shown["requests"], title))


@account.command("export", "Print everything that is kept of an account, as JSON", NAME)
def account_export(client: Client, args: argparse.Namespace) -> Result:
    whole: Json = {}
    after: str | None = ""
    while after is not None:
        page = client.call("account_export", name=args.name, after=after or None)
        whole.setdefault(page["part"], []).extend(page["items"])
        after = page["next"]
    return Result(whole, json.dumps(whole, indent=2, ensure_ascii=False).splitlines())


account.call(
    "remove", "Remove an account with its keys and hosts", NAME, says="removed account {name}"
)

account.call(
    "block",
    "Let an account change nothing",
    NAME,
    argument("reason", help="shown to the account's owner"),
    argument("--days", type=float, help="how long (default: until it is lifted)"),
    says="blocked account {name}",
)

account.call(
    "unblock", "Lift the block of an account", NAME, says="lifted the block of account {name}"
)
