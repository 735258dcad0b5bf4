"""The ``ddns`` command's options and how its results are shown."""

from __future__ import annotations

import argparse
import io
import json
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ddns import __version__
from ddns.cli import commands, maintenance, people, settings, zone_commands
from ddns.cli.client import CallFailed, Client, NoServer, SocketClient
from ddns.cli.options import add_key, add_policy, values_of
from ddns.cli.output import Command, Shown
from ddns.model.account import KeyKind, Registration

DATABASE = "ddns.sqlite"
SERVER = "DDNS_SERVER"

STARTING = 15.0
"""Seconds to wait for a server that holds the database but does not answer yet."""


def parser() -> argparse.ArgumentParser:
    """All subcommands and their options."""
    top = argparse.ArgumentParser(
        prog="ddns",
        description="Administer a dynamic DNS server. While a server runs on the database, the"
        " command acts through it and returns when DNS answers the change; otherwise it opens the"
        " database itself. With --server it acts for somebody who has logged in there.",
    )
    top.add_argument("--version", action="version", version=f"ddns {__version__}")
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--database", metavar="FILE", help=f"default: {DATABASE}")
    for within, default in ((top, None), (common, argparse.SUPPRESS)):
        within.add_argument(
            "--server",
            metavar="URL",
            default=default,
            help=f"the server of somebody else (default: {SERVER} in the environment)",
        )
        within.add_argument(
            "--ca", metavar="FILE", default=default, help="certificates to trust, a PEM file"
        )
    common.add_argument("--json", action="store_true", help="answer in JSON")
    groups = top.add_subparsers(dest="group", required=True, metavar="GROUP")

    def group(name: str, about: str) -> Any:
        made = groups.add_parser(name, help=about, description=about)
        return made.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def command(
        within: Any, name: str, run: Command, about: str, creates: bool = False
    ) -> argparse.ArgumentParser:
        made: argparse.ArgumentParser = within.add_parser(
            name, help=about, description=about, parents=[common]
        )
        made.set_defaults(run=run, creates=creates, remote=False, alone=False, running=False)
        return made

    zone = group("zone", "Zones that this server is authoritative for")
    one = command(zone, "add", zone_commands.zone_add, "Add a zone with SOA and NS records", True)
    one.add_argument("origin")
    one.add_argument(
        "--ns",
        action="append",
        default=[],
        metavar="NAME[=ADDRESS]",
        help="a name server; with an address, its A or AAAA record too (default: ns1.ORIGIN)",
    )
    one.add_argument("--account", metavar="OWNER", help="the account that may edit its records")
    add_policy(one)
    one.add_argument(
        "--registration",
        choices=values_of(Registration),
        default=Registration.CLOSED,
        help="who may register hosts in it (default: %(default)s)",
    )
    one = command(zone, "set", zone_commands.zone_set, "Change a zone's owner or its policy")
    one.add_argument("origin")
    one.add_argument("--account", metavar="OWNER", help="'' for the operator")
    add_policy(one)
    one.add_argument(
        "--registration",
        choices=values_of(Registration),
        help="who may register hosts in it",
    )
    one = command(zone, "import", zone_commands.zone_import, "Add or replace zones", True)
    one.add_argument("file", nargs="+", help="a master file; its SOA's owner is the origin")
    one.add_argument(
        "--replace-hosts", action="store_true", help="replace also the records of hosts"
    )
    one = command(zone, "invite", zone_commands.zone_invite, "Make an invitation and show it")
    one.add_argument("origin")
    one.add_argument("--uses", type=int, default=1, metavar="N", help="default: %(default)s")
    one.add_argument("--days", type=int, default=7, metavar="N", help="default: %(default)s")
    one = command(zone, "invitations", zone_commands.zone_invitations, "List invitations")
    one.add_argument("origin")
    one.add_argument("--revoke", type=int, metavar="NUMBER", help="take this one back")
    one = command(zone, "join", zone_commands.zone_join, "Use an invitation")
    one.add_argument("code")
    one = command(zone, "members", zone_commands.zone_members, "List members")
    one.add_argument("origin")
    one.add_argument("--remove", metavar="ACCOUNT", help="end this account's membership")
    one = command(zone, "export", zone_commands.zone_export, "Print a zone as a master file")
    one.add_argument("origin")
    command(zone, "list", zone_commands.zone_list, "List zones")
    one = command(
        zone, "remove", zone_commands.zone_remove, "Remove a zone with its hosts and records"
    )
    one.add_argument("origin")

    account = group("account", "People who update hosts")
    one = command(account, "add", commands.account_add, "Add an account", True)
    one.add_argument("name")
    one.add_argument(
        "--password-stdin", action="store_true", help="read a password from standard input"
    )
    one.add_argument("--email", metavar="ADDRESS", help="where its owner is written to")
    command(account, "list", commands.account_list, "List accounts")
    one = command(account, "show", commands.account_show, "Show an account with all it has")
    one.add_argument("name")
    one = command(
        account, "remove", commands.account_remove, "Remove an account with its keys and hosts"
    )
    one.add_argument("name")

    one = command(account, "block", commands.account_block, "Let an account change nothing")
    one.add_argument("name")
    one.add_argument("reason", help="which the account's owner is shown")
    one.add_argument("--days", type=float, help="how long (default: until it is lifted)")
    one = command(account, "unblock", commands.account_unblock, "Lift the block of an account")
    one.add_argument("name")

    key = group("key", "Secrets that clients update hosts with")
    one = command(key, "add", commands.key_add, "Make a key and show it, this once")
    one.add_argument("account")
    one.add_argument(
        "--host", action="append", metavar="NAME", help="limit it to this host; may be repeated"
    )
    one.add_argument(
        "--kind",
        choices=values_of(KeyKind),
        default=KeyKind.UPDATE,
        help="which clients it is for (default: %(default)s)",
    )
    one = command(key, "list", commands.key_list, "List keys, without their secrets")
    one.add_argument("account", nargs="?")
    for name, run, about in (
        ("disable", commands.key_disable, "Keep a key, but let it open nothing"),
        ("enable", commands.key_enable, "Let a key open again what it is for"),
        ("regenerate", commands.key_regenerate, "Give a key another secret and show it, this once"),
    ):
        add_key(command(key, name, run, about))
    add_key(command(key, "revoke", commands.key_revoke, "Remove a key"))

    host = group("host", "Names that clients update")
    one = command(host, "add", commands.host_add, "Add a host")
    one.add_argument("name")
    one.add_argument(
        "--account", metavar="NAME", help="whose it is; for who has logged in, their own"
    )
    one.add_argument("--ttl", type=int, metavar="SECONDS", help="default: 10")
    one.add_argument(
        "--record",
        nargs=2,
        action="append",
        default=[],
        metavar=("TYPE", "RDATA"),
        help="a record that it has from the start, such as A 127.0.0.1; may be repeated",
    )
    one.add_argument("--wildcard", action="store_true", help="let all names below it lead to it")
    one = command(host, "set", commands.host_set, "Change a host")
    one.add_argument("name")
    one.add_argument("--account", metavar="NAME", help="give it to this account")
    one.add_argument("--ttl", type=int, metavar="SECONDS", help="of its records, too")
    one.add_argument(
        "--wildcard",
        action=argparse.BooleanOptionalAction,
        help="whether all names below it lead to it",
    )
    one = command(host, "list", commands.host_list, "List hosts")
    one.add_argument("--account", metavar="NAME")
    one.add_argument("--zone", metavar="ORIGIN")
    one = command(host, "show", commands.host_show, "Show a host with its records")
    one.add_argument("name")
    one = command(host, "history", commands.host_history, "Show what has become of a host")
    one.add_argument("name")
    one.add_argument("--limit", type=int, default=20, metavar="N", help="default: %(default)s")
    one = command(host, "remove", commands.host_remove, "Remove a host with its records")
    one.add_argument("name")

    record = group("record", "Records of any type")
    one = command(record, "show", commands.record_show, "Show all records of a name")
    one.add_argument("owner")
    one = command(record, "set", commands.record_set, "Set all records of a name and type")
    one.add_argument("owner")
    one.add_argument("type")
    one.add_argument("rdata", nargs="+", help="one argument a record, as in a master file")
    one.add_argument("--ttl", type=int, metavar="SECONDS")
    one = command(record, "delete", commands.record_delete, "Delete records of a name")
    one.add_argument("owner")
    one.add_argument("type", nargs="?")
    people.add_commands(groups, group, command, account)
    maintenance.add_commands(groups, command)
    settings.add_commands(groups, group, command)
    return top


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; the answer is its exit status: 0, or 1 with one line on standard error."""
    args = parser().parse_args(argv)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # file names need not be text
    try:
        answer, lines = _run(args)
    except CallFailed as error:
        answer, lines = error.answer, ()
    try:
        if args.json:
            print(json.dumps(answer, ensure_ascii=False))
        for line in () if args.json else lines:
            print(_printable(line))
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    if "error" in answer:
        print(f"ddns: {_printable(answer['error']['message'])}", file=sys.stderr)
        return 1
    return 0


def _printable(text: str) -> str:
    """Text that may come from a stranger's file, without what would steer a terminal."""
    return "".join(
        character
        if character.isprintable() or character == "\t"
        else character.encode("unicode_escape", "surrogatepass").decode()
        for character in text
    )


def _run(args: argparse.Namespace) -> Shown:
    """Through a server far away if one is named; through one that runs here, or else with the
    database in our own hands."""
    from ddns.system.files import restored_path, socket_path

    server = args.server or (os.environ.get(SERVER) if args.database is None else None)
    database = args.database = args.database or DATABASE

    def work(client: Client | None) -> Shown:
        answer, lines = args.run(client, args)
        return answer, list(lines)

    if args.alone:
        return work(None)
    if server:
        from ddns.cli.remote import RemoteClient

        return work(RemoteClient(server, args.ca))
    if args.remote:
        raise CallFailed("invalid", f"say which server: --server URL, or {SERVER}=URL")
    deadline = time.monotonic() + STARTING
    while True:
        try:
            return work(SocketClient(socket_path(database)))
        except NoServer:
            if args.running:
                raise CallFailed("not_running", f"no server runs on {database}") from None
        there = Path(database).exists() or restored_path(Path(database)).exists()
        if not args.creates and not there:
            raise CallFailed("not_found", f"there is no database {database}")
        from ddns.cli import local
        from ddns.store.interfaces import StoreError
        from ddns.store.sqlite.database import StoreInUse

        try:
            if args.run is maintenance.restore:
                return maintenance.restore_here(args)
            return local.run(database, work)
        except StoreInUse as error:
            if time.monotonic() > deadline:
                raise CallFailed("in_use", str(error)) from error
            time.sleep(0.05)
        except StoreError as error:
            raise CallFailed("failed", str(error)) from error


if __name__ == "__main__":
    sys.exit(main())
