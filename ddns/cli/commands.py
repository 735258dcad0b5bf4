"""The subcommands on accounts, keys, hosts and records: each calls the API and returns what to
show, as JSON and as lines for people."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable

from ddns.cli.client import CallFailed, Client
from ddns.cli.output import Json, Shown, cell, table

_HOST_LINES = ("name", "unicode", "zone", "account", "ttl")
_KEY_COLUMNS = ("id", "account", "kind", "enabled", "hosts")


def account_add(client: Client, args: argparse.Namespace) -> Shown:
    password = None
    if args.password_stdin:
        password = sys.stdin.readline().rstrip("\r\n")
    account = client.call("account_add", name=args.name, password=password, email=args.email)
    return account, [f"added account {account['name']}"]


def account_list(client: Client, args: argparse.Namespace) -> Shown:
    answer = client.call("account_list")
    return answer, table(answer["accounts"], ("name", "password", "email", "blocked"))


def account_show(client: Client, args: argparse.Namespace) -> Shown:
    account = client.call("account_show", name=args.name)
    lines = [
        f"name: {account['name']}",
        f"password: {cell(account['password'])}",
        f"email: {cell(account['email'])}",
        f"hosts that it may register: {account['host_limit']}",
        f"DonDNS: {'API enabled' if account['dondns'] else 'API disabled'}",
        *_blocked(account["blocked"]),
        *(f"zone: {zone}" for zone in account["zones"]),
        *(f"host: {host}" for host in account["hosts"]),
        *(f"key: {line}" for line in table(account["keys"], _KEY_COLUMNS)),
        *_requests(account["requests"]),
    ]
    return account, lines


def _blocked(block: Json | None) -> Iterable[str]:
    if block is not None:
        end = block["until"] or "it is lifted"
        yield f"blocked: from {block['since']} until {end}: {block['reason']}"


def account_remove(client: Client, args: argparse.Namespace) -> Shown:
    account = client.call("account_remove", name=args.name)
    return account, [f"removed account {account['name']}"]


def account_block(client: Client, args: argparse.Namespace) -> Shown:
    account = client.call("account_block", name=args.name, reason=args.reason, days=args.days)
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
    return answer, table(answer["keys"], _KEY_COLUMNS)


def key_revoke(client: Client, args: argparse.Namespace) -> Shown:
    key = client.call("key_revoke", number=_key_number(client, args))
    return key, [f"revoked key {key['id']} of account {key['account']}"]


def host_add(client: Client, args: argparse.Namespace) -> Shown:
    records = [{"type": kind, "rdata": rdata} for kind, rdata in args.record]
    host = client.call(
        "host_add",
        name=args.name,
        account=args.account,
        ttl=args.ttl,
        records=records or None,
        wildcard=args.wildcard,
    )
    return host, [f"added host {host['name']} for account {host['account']}"]


def host_list(client: Client, args: argparse.Namespace) -> Shown:
    answer = client.call("host_list", account=args.account, zone=args.zone)
    return answer, table(answer["hosts"], ("name", "account", "ttl"))


def host_show(client: Client, args: argparse.Namespace) -> Shown:
    host = client.call("host_show", name=args.name)
    shown = [key for key in (*_HOST_LINES, "wildcard") if key in host]
    lines = [f"{key}: {cell(host[key])}" for key in shown]
    return host, [*lines, *_record_lines(host["records"]), *_requests(host["requests"])]


def _requests(requests: list[Json]) -> Iterable[str]:
    """What clients asked and were told, newest first, a blank line in front of each."""
    for one in requests:
        wrong = ", whose credentials were wrong" if one["failed"] else ""
        yield ""
        yield f"{one['at']} {one['dialect']} from {one['peer']} as {one['user']!r}{wrong}"
        yield f"  asked: {one['asked']}"
        yield f"  told: {' | '.join(one['answer'].splitlines())}"
        if one["reason"]:
            yield f"  because: {one['reason']}"
        if one["agent"]:
            yield f"  program: {one['agent']}"


def host_set(client: Client, args: argparse.Namespace) -> Shown:
    host = client.call(
        "host_set", name=args.name, account=args.account, ttl=args.ttl, wildcard=args.wildcard
    )
    return host, [f"changed host {host['name']}"]


def host_history(client: Client, args: argparse.Namespace) -> Shown:
    answer = client.call("host_history", name=args.name, limit=args.limit)
    lines = []
    for event in answer["events"]:
        what = f"{event['owner']} {event['type'] or 'host'}"
        before, after = _side(event["before"]), _side(event["after"])
        lines.append(
            f"{event['at']}  {event['who']} by {event['via']}: {what}: {before} -> {after}"
        )
    return answer, lines


def _side(side: Json | None) -> str:
    """One state of what has changed, in a line."""
    if side is None:
        return "nothing"
    if "rdatas" in side:
        return f"{', '.join(side['rdatas'])} (TTL {side['ttl']})"
    return f"account {side['account']}, TTL {side['ttl']}"


def host_remove(client: Client, args: argparse.Namespace) -> Shown:
    host = client.call("host_remove", name=args.name)
    return host, [f"removed host {host['name']}"]


def record_show(client: Client, args: argparse.Namespace) -> Shown:
    answer = client.call("record_show", owner=args.owner)
    return answer, _record_lines(answer["records"])


def _record_lines(records: list[Json]) -> list[str]:
    """Records as a master file has them."""
    return [
        f"{record['owner']}. {record['ttl']} IN {record['type']} {rdata}"
        for record in records
        for rdata in record["rdatas"]
    ]


def record_set(client: Client, args: argparse.Namespace) -> Shown:
    record = client.call(
        "record_set", owner=args.owner, type=args.type, rdatas=args.rdata, ttl=args.ttl
    )
    return record, [f"set {record['owner']} {record['type']}"]


def record_delete(client: Client, args: argparse.Namespace) -> Shown:
    answer = client.call("record_delete", owner=args.owner, type=args.type)
    return answer, [f"deleted {record['owner']} {record['type']}" for record in answer["deleted"]]
