"""The subcommands on zones: each calls the API and returns what to show, as JSON and as lines."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import uuid
from typing import Any

import click

from ddns.cli.client import CallFailed, Client, SocketClient
from ddns.cli.output import Json, Shown, table
from ddns.model import names, rows

_ZONE_COLUMNS = ("origin", "serial", "account", "addresses", "registration")

CHUNK = 2**16
"""Octets a request of an import."""


SMALL_SHARE = 10
"""setpriority(2) that gives a program a tenth of what another one gets."""


def zone_add(client: Client, args: argparse.Namespace) -> Shown:
    servers = []
    for text in args.ns:
        name, _, address = text.partition("=")
        servers.append({"name": name, "address": address or None})
    zone = client.call(
        "zone_add",
        origin=args.origin,
        ns=servers,
        account=args.account,
        addresses=args.addresses,
        registration=args.registration,
    )
    return zone, [f"added zone {zone['origin']}"]


def zone_set(client: Client, args: argparse.Namespace) -> Shown:
    zone = client.call(
        "zone_set",
        origin=args.origin,
        account=args.account,
        addresses=args.addresses,
        registration=args.registration,
    )
    return zone, [f"changed zone {zone['origin']}"]


def zone_import(client: Client, args: argparse.Namespace) -> Shown:
    """Each file by itself: one that is wrong changes nothing and does not keep others back."""
    from ddns.cli import masterfile

    if isinstance(client, SocketClient):
        give_way()
    done, failed, lines = [], [], []
    total = sum(os.path.getsize(path) for path in args.file if os.path.isfile(path))
    with click.progressbar(
        length=total,
        label="importing",
        file=sys.stderr,
        hidden=args.json or not sys.stderr.isatty(),
    ) as bar:
        for path in args.file:
            try:
                parsed = masterfile.read(path, bar.update)
                result = _send(client, parsed, args.replace_hosts)
            except masterfile.BadMasterFile as error:
                failed.append({"file": path, "code": "invalid", "message": str(error)})
            except CallFailed as error:
                failed.append({"file": path, **error.answer["error"]})
            else:
                done.append({"file": path, **result, "ignored": parsed.ignored})
    for zone in done:
        lines.append(
            f"imported zone {zone['origin']} from {zone['file']}: {zone['written']} RRsets written,"
            f" {zone['removed']} removed"
            + (f", {zone['skipped']} left to hosts" if zone["skipped"] else "")
            + (f", {zone['ignored']} outside the zone ignored" if zone["ignored"] else "")
        )
    answer: Json = {"zones": done}
    if failed:
        answer["error"] = {
            "code": failed[0]["code"],
            "message": "; ".join(failure["message"] for failure in failed),
            "files": failed,
        }
    return answer, lines


def give_way() -> None:
    """Take only the processor time that nobody else wants: parsing a large file must not hold up
    the queries that the server answers on the same machine. Where all of it is wanted there would
    be none left, so then take a small share."""
    from ddns.system import threads

    if threads.is_busy() or not threads.run_when_idle():
        with contextlib.suppress(OSError):  # a sandbox may forbid it
            os.setpriority(os.PRIO_PROCESS, 0, SMALL_SHARE)


def _send(client: Client, zone: Any, replace_hosts: bool) -> Json:
    stage = uuid.uuid4().hex
    chunk: list[rows.Row] = []
    size = part = 0

    def send(last: bool) -> Json:
        return client.call(
            "zone_import",
            origin=names.to_text(zone.origin),
            rows=rows.pack_rows(chunk),
            stage=stage,
            part=part,
            last=last,
            serial=zone.serial,
            replace_hosts=replace_hosts,
        )

    for row in zone.rows:
        if size > CHUNK:
            send(last=False)
            chunk, size, part = [], 0, part + 1
        chunk.append(row)
        size += len(row[0]) + len(row[3]) + 11
    return send(last=True)


def zone_export(client: Client, args: argparse.Namespace) -> Shown:
    from ddns.cli import masterfile

    lines = masterfile.write(client.rows(args.origin))
    if args.json:
        return {"origin": args.origin, "records": list(lines)}, ()
    return {}, lines


def zone_list(client: Client, args: argparse.Namespace) -> Shown:
    answer = client.call("zone_list")
    return answer, table(answer["zones"], _ZONE_COLUMNS)


def zone_remove(client: Client, args: argparse.Namespace) -> Shown:
    zone = client.call("zone_remove", origin=args.origin)
    return zone, [f"removed zone {zone['origin']}"]


def zone_invite(client: Client, args: argparse.Namespace) -> Shown:
    invitation = client.call("invitation_add", origin=args.origin, uses=args.uses, days=args.days)
    return invitation, [invitation["code"]]


def zone_invitations(client: Client, args: argparse.Namespace) -> Shown:
    if args.revoke is not None:
        gone = client.call("invitation_revoke", origin=args.origin, number=args.revoke)
        return gone, [f"revoked invitation {gone['id']} to zone {gone['zone']}"]
    answer = client.call("invitation_list", origin=args.origin)
    return answer, table(answer["invitations"], ("id", "uses", "expires", "by"))


def zone_join(client: Client, args: argparse.Namespace) -> Shown:
    zone = client.call("invitation_redeem", code=args.code)
    return zone, [f"you may register hosts in {zone['origin']}"]


def zone_members(client: Client, args: argparse.Namespace) -> Shown:
    if args.remove is not None:
        gone = client.call("member_remove", origin=args.origin, account=args.remove)
        return gone, [f"account {gone['account']} is no member of zone {gone['zone']} any more"]
    answer = client.call("member_list", origin=args.origin)
    return answer, table(answer["members"], ("account", "since"))
