"""Entry point of the ``ddns`` command: parse its options, reach a server, show the result."""

from __future__ import annotations

import argparse
import dataclasses
import io
import json
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from ddns import __version__
from ddns.cli.client import CallFailed, Client, NoServer, SocketClient
from ddns.cli.command import Group, Needs, add_groups
from ddns.cli.output import Result, hint
from ddns.model.text import printable
from ddns.system.files import restored_path, socket_path

DATABASE = "ddns.sqlite"
SERVER = "DDNS_SERVER"

STARTING = 15.0
"""Seconds to wait for a server that holds the database but does not answer yet."""


def _group(word: str) -> Group | None:
    """Return the group of that name, if scripts call its subcommands again and again. Nothing of
    the others is imported then, which would take longer than the call."""
    match word:
        case "host":
            from ddns.cli.host_import import host

            return host
        case "record":
            from ddns.cli.records import record

            return record
    return None


def _groups() -> tuple[Group, ...]:
    """Return all groups, in the order of the help."""
    from ddns.cli import (
        accounts,
        acme_dns,
        host_import,
        keys,
        maintenance,
        notices,
        records,
        relays,
        self_service,
        server,
        zone_members,
    )

    return (
        *(zone_members.zone, accounts.account, keys.key, host_import.host, records.record),
        *(acme_dns.acme_dns, notices.notice, relays.relay),
        *(self_service.top, self_service.session, self_service.password, self_service.email),
        *(maintenance.top, server.config, server.certificate, server.top),
    )


def parser(word: str = "") -> argparse.ArgumentParser:
    """Return the parser of all subcommands and their options.

    :param word: the first word of the command; those that it cannot be may be missing.
    """
    top = argparse.ArgumentParser(
        prog="ddns",
        description="Administer a dynamic DNS server. While a server runs on the database, the"
        " command acts through it and returns when DNS answers the change; otherwise it opens the"
        " database itself. With --server it acts for somebody who has logged in there.",
    )
    top.add_argument("--version", action="version", version=f"ddns {__version__}")
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--database", metavar="FILE", help=f"default: {DATABASE}")
    # Both are accepted before and after the subcommand, whose defaults must not undo the former.
    for within, default in ((top, None), (common, argparse.SUPPRESS)):
        within.add_argument(
            "--server",
            metavar="URL",
            default=default,
            help=f"a server far away (default: {SERVER} in the environment)",
        )
        within.add_argument(
            "--ca", metavar="FILE", default=default, help="certificates to trust, a PEM file"
        )
    common.add_argument("--json", action="store_true", help="answer in JSON")
    group = _group(word)
    add_groups(top, common, _groups() if group is None else (group,))
    return top


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status: 0, or 1 after an error."""
    words = sys.argv[1:] if argv is None else argv
    args = parser(words[0] if words else "").parse_args(words)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # file names need not be text
    try:
        result = _run(args)
    except CallFailed as error:
        result = Result(error.answer, note=error.hint)
    try:
        if args.json:
            print(json.dumps(result.answer, ensure_ascii=False))
        else:
            for line in result.lines:
                print(printable(line, keep="\t"))
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    refusal, note = result.answer.get("error"), result.note
    if refusal is not None:
        print(f"ddns: {printable(refusal['message'])}", file=sys.stderr)
        note = note or hint(refusal, args.command.name, args.server)
        note = note and f"hint: {note}"
    if note and not args.json:
        print(f"ddns: {printable(note)}", file=sys.stderr)
    return int(refusal is not None)


def _run(args: argparse.Namespace) -> Result:
    """Run the subcommand through the server far away, if one is named, or through the one that
    runs on the database, or else with the database opened here."""
    needs = args.command.needs
    args.server = args.server or (os.environ.get(SERVER) if args.database is None else None)
    args.database = args.database or DATABASE

    def work(client: Client | None) -> Result:
        result: Result = args.command.run(client, args)
        return dataclasses.replace(result, lines=list(result.lines))

    if needs is Needs.NOTHING:
        return work(None)
    if args.server:
        from ddns.cli.remote import RemoteClient

        return work(RemoteClient(args.server, args.ca))
    if needs is Needs.LOGIN:
        raise CallFailed("invalid", f"say which server: --server URL, or {SERVER}=URL")
    deadline = time.monotonic() + STARTING
    while True:
        try:
            client = SocketClient(socket_path(args.database))
        except NoServer:
            pass
        else:
            return work(client)
        _check_without_server(args.database, needs)
        from ddns.cli import local
        from ddns.store.interfaces import StoreError
        from ddns.store.sqlite.database import StoreInUse

        try:
            if needs is Needs.CLOSED_DATABASE:
                return work(None)
            return local.run(args.database, work)
        except StoreInUse as error:
            if time.monotonic() > deadline:
                trouble = "it does not answer; wait until it has started, or see what it does"
                raise CallFailed("in_use", str(error), trouble) from error
            time.sleep(0.05)
        except StoreError as error:
            raise CallFailed("failed", str(error)) from error


def _check_without_server(database: str, needs: Needs) -> None:
    """Check that a subcommand can do without a server.

    :raises CallFailed: when it cannot.
    """
    if needs is Needs.RUNNING_SERVER:
        raise CallFailed(
            "not_running",
            f"no server runs on {database}",
            f"start one with: twistd ddns --database {database}"
            " (or name the database of one that runs with --database FILE)",
        )
    there = Path(database).exists() or restored_path(Path(database)).exists()
    if needs is Needs.DATABASE and not there:
        raise CallFailed(
            "not_found",
            f"there is no database {database}",
            "name one with --database FILE, or a server with --server URL;"
            " a new one is made by: ddns zone add ORIGIN",
        )


if __name__ == "__main__":
    sys.exit(main())
