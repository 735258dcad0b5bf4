"""The subcommands: each calls the API and returns what to show, as JSON and as lines for people."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import time
import uuid
from collections.abc import Callable, Iterable
from typing import Any

import click

from ddns.cli.client import CallFailed, Client, SocketClient
from ddns.model import names, rows

Json = dict[str, Any]
Shown = tuple[Json, Iterable[str]]

_KEY_COLUMNS = ("id", "account", "kind", "enabled", "hosts")

CHUNK = 2**20
"""Octets a request of an import."""


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
    )
    return zone, [f"added zone {zone['origin']}"]


def zone_set(client: Client, args: argparse.Namespace) -> Shown:
    zone = client.call(
        "zone_set", origin=args.origin, account=args.account, addresses=args.addresses
    )
    return zone, [f"changed zone {zone['origin']}"]


def zone_import(client: Client, args: argparse.Namespace) -> Shown:
    """Each file by itself: one that is wrong changes nothing and does not keep others back."""
    from ddns.cli import masterfile

    if isinstance(client, SocketClient):
        _give_way()
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


def _give_way() -> None:
    """Take only the processor time that nobody else wants: parsing a large file must not hold up
    the queries that the server answers on the same machine. Where all of it is wanted there would
    be none left, so then take a fair share."""
    if hasattr(os, "SCHED_IDLE") and os.getloadavg()[0] < (os.cpu_count() or 1):
        with contextlib.suppress(OSError):  # a sandbox may forbid it
            os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))


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
    return answer, _table(answer["zones"], ("origin", "serial", "account", "addresses"))


def zone_remove(client: Client, args: argparse.Namespace) -> Shown:
    zone = client.call("zone_remove", origin=args.origin)
    return zone, [f"removed zone {zone['origin']}"]


def account_add(client: Client, args: argparse.Namespace) -> Shown:
    password = None
    if args.password_stdin:
        password = sys.stdin.readline().rstrip("\r\n")
    account = client.call("account_add", name=args.name, password=password, email=args.email)
    return account, [f"added account {account['name']}"]


def account_list(client: Client, args: argparse.Namespace) -> Shown:
    answer = client.call("account_list")
    return answer, _table(answer["accounts"], ("name", "password", "email", "blocked"))


def account_show(client: Client, args: argparse.Namespace) -> Shown:
    account = client.call("account_show", name=args.name)
    lines = [
        f"name: {account['name']}",
        f"password: {_cell(account['password'])}",
        f"email: {_cell(account['email'])}",
        f"DonDNS: {'API enabled' if account['dondns'] else 'API disabled'}",
        *_blocked(account["blocked"]),
        *(f"zone: {zone}" for zone in account["zones"]),
        *(f"host: {host}" for host in account["hosts"]),
        *(f"key: {line}" for line in _table(account["keys"], _KEY_COLUMNS)),
        *_requests(account["requests"]),
    ]
    return account, lines


def _blocked(block: Json | None) -> Iterable[str]:
    if block is not None:
        end = "it is lifted" if block["until"] is None else when(block["until"])
        yield f"blocked: from {when(block['since'])} until {end}: {block['reason']}"


def when(seconds: float) -> str:
    """A time in seconds since 1970 as people read it, in UTC (RFC 3339)."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def account_remove(client: Client, args: argparse.Namespace) -> Shown:
    account = client.call("account_remove", name=args.name)
    return account, [f"removed account {account['name']}"]


def account_block(client: Client, args: argparse.Namespace) -> Shown:
    until = None if args.days is None else time.time() + 86_400 * args.days
    account = client.call("account_block", name=args.name, reason=args.reason, until=until)
    return account, [f"blocked account {account['name']}"]


def account_unblock(client: Client, args: argparse.Namespace) -> Shown:
    account = client.call("account_unblock", name=args.name)
    return account, [f"lifted the block of account {account['name']}"]


def key_add(client: Client, args: argparse.Namespace) -> Shown:
    key = client.call("key_add", account=args.account, hosts=args.host or None, kind=args.kind)
    return key, [key["key"]]


def _key_number(client: Client, args: argparse.Namespace) -> int:
    """The number of the key that is meant, perhaps by its account and kind."""
    if args.key.isascii() and args.key.isdecimal():
        return int(args.key)
    keys = client.call("key_list", account=args.key)["keys"]
    numbers = [key["id"] for key in keys if args.kind in (None, key["kind"])]
    if len(numbers) != 1:
        kind = f" of kind {args.kind}" if args.kind else ""
        count = "several keys" if numbers else "no key"
        code = "conflict" if numbers else "not_found"
        raise CallFailed(code, f"account {args.key} has {count}{kind}")
    return int(numbers[0])


def key_disable(client: Client, args: argparse.Namespace) -> Shown:
    key = client.call("key_disable", number=_key_number(client, args))
    return key, [f"disabled key {key['id']} of account {key['account']}"]


def key_enable(client: Client, args: argparse.Namespace) -> Shown:
    key = client.call("key_enable", number=_key_number(client, args))
    return key, [f"enabled key {key['id']} of account {key['account']}"]


def key_regenerate(client: Client, args: argparse.Namespace) -> Shown:
    key = client.call("key_regenerate", number=_key_number(client, args))
    return key, [key["key"]]


def key_list(client: Client, args: argparse.Namespace) -> Shown:
    answer = client.call("key_list", account=args.account)
    return answer, _table(answer["keys"], _KEY_COLUMNS)


def key_revoke(client: Client, args: argparse.Namespace) -> Shown:
    key = client.call("key_revoke", number=_key_number(client, args))
    return key, [f"revoked key {key['id']} of account {key['account']}"]


def host_add(client: Client, args: argparse.Namespace) -> Shown:
    records = [{"type": kind, "rdata": rdata} for kind, rdata in args.record]
    host = client.call(
        "host_add", name=args.name, account=args.account, ttl=args.ttl, records=records or None
    )
    return host, [f"added host {host['name']} for account {host['account']}"]


def host_list(client: Client, args: argparse.Namespace) -> Shown:
    answer = client.call("host_list", account=args.account, zone=args.zone)
    return answer, _table(answer["hosts"], ("name", "account", "ttl"))


def host_show(client: Client, args: argparse.Namespace) -> Shown:
    host = client.call("host_show", name=args.name)
    lines = [f"{key}: {host[key]}" for key in ("name", "zone", "account", "ttl")]
    for record in host["records"]:
        for rdata in record["rdatas"]:
            lines.append(f"{record['owner']}. {record['ttl']} IN {record['type']} {rdata}")
    return host, [*lines, *_requests(host["requests"])]


def _requests(requests: list[Json]) -> Iterable[str]:
    """What clients asked and were told, newest first, a blank line in front of each."""
    for one in requests:
        wrong = ", whose credentials were wrong" if one["failed"] else ""
        yield ""
        yield f"{when(one['at'])} {one['dialect']} from {one['peer']} as {one['user']!r}{wrong}"
        yield f"  asked: {one['asked']}"
        yield f"  told: {' | '.join(one['answer'].splitlines())}"
        if one["agent"]:
            yield f"  program: {one['agent']}"


def host_remove(client: Client, args: argparse.Namespace) -> Shown:
    host = client.call("host_remove", name=args.name)
    return host, [f"removed host {host['name']}"]


def record_set(client: Client, args: argparse.Namespace) -> Shown:
    record = client.call(
        "record_set", owner=args.owner, type=args.type, rdatas=args.rdata, ttl=args.ttl
    )
    return record, [f"set {record['owner']} {record['type']}"]


def record_delete(client: Client, args: argparse.Namespace) -> Shown:
    answer = client.call("record_delete", owner=args.owner, type=args.type)
    return answer, [f"deleted {record['owner']} {record['type']}" for record in answer["deleted"]]


def _table(items: list[Json], columns: tuple[str, ...]) -> Iterable[str]:
    """Rows aligned for people; nothing at all where there is nothing."""
    cells = [[_cell(item[column]) for column in columns] for item in items]
    widths = [max(len(row[i]) for row in cells) for i in range(len(columns))] if cells else []
    for row in cells:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def _cell(value: object) -> str:
    match value:
        case None:
            return "-"
        case bool():
            return "yes" if value else "no"
        case {"until": until}:
            return "until lifted" if until is None else f"until {when(until)}"
        case list():
            return ",".join(map(str, value))
    return str(value)


Command = Callable[[Client, argparse.Namespace], Shown]
