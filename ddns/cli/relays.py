"""Subcommands on relays of hosts."""

from __future__ import annotations

import argparse
import getpass
import sys

from ddns.cli.client import CallFailed, Client
from ddns.cli.command import Group, argument, several
from ddns.cli.output import Column, Result, listing, local_time

relay = Group("relay", "Services elsewhere that hosts are passed on to")

SECRETS = {
    "dyndns2": "password",
    "duckdns": "token",
    "cloudflare": "token",
    "desec": "token",
    "rfc2136": "secret",
    "webhook": "secret",
}
"""The kinds of relays, and the setting of each that is a secret."""

COLUMNS: dict[str, Column] = {
    "NUMBER": "id",
    "KIND": "kind",
    "SERVICE": "service",
    "STATE": "state",
    "HAS": lambda one: ",".join(one["delivered"] or []),
    "TRIED": lambda one: one["tried"] and local_time(one["tried"]),
    "NEXT": lambda one: one["next"] and local_time(one["next"]),
    "RESULT": "result",
}


@relay.command("list", "List the relays of a host, without their secrets", argument("name"))
def relay_list(client: Client, args: argparse.Namespace) -> Result:
    answer = client.call("relay_list", name=args.name)
    none = f"no relays yet; set one with: ddns relay add {args.name} KIND"
    return listing(answer, "relays", none, **COLUMNS)


@relay.command(
    "add",
    "Pass the addresses of a host on to a service, now and whenever they change",
    argument("name"),
    argument("kind", choices=list(SECRETS)),
    several("--set", "NAME=VALUE", "a setting, such as hostname=home.example.org"),
    argument(
        "--secret-stdin",
        action="store_true",
        help="read the password, token or secret from standard input",
    ),
)
def relay_add(client: Client, args: argparse.Namespace) -> Result:
    settings = dict(_setting(text) for text in args.set or ())
    if secret := _secret(SECRETS[args.kind], args):
        settings[SECRETS[args.kind]] = secret
    added = client.call("relay_add", name=args.name, kind=args.kind, settings=settings)
    lines = [added["secret"]] if "secret" in added else []
    said = f"relay {added['id']} passes {added['host']} on to {added['service']}"
    return Result(added, lines or [said], said if lines else "")


def _setting(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise CallFailed("invalid", f"--set {text}: expected NAME=VALUE")
    if name in SECRETS.values():
        raise CallFailed("invalid", f"--set {name}: everybody on this machine could read it here")
    return name, value


def _secret(name: str, args: argparse.Namespace) -> str:
    """Return the secret of a new relay, which no argument holds; a webhook may do without."""
    if args.secret_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if args.kind == "webhook":
        return ""
    if not sys.stdin.isatty():
        raise CallFailed("invalid", f"there is no terminal to ask for the {name}: --secret-stdin")
    return getpass.getpass(f"{name.capitalize()}: ")


NUMBER = argument("number", type=int)

relay.call("remove", "Remove a relay", NUMBER, says="removed relay {id} to {service}")
relay.call("retry", "Deliver to a relay now", NUMBER, says="relay {id} to {service} is tried now")
