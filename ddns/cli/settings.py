"""The subcommands for settings and for the server that has them."""

from __future__ import annotations

import argparse
from typing import Any

from ddns.cli.client import CallFailed, Client
from ddns.cli.output import Json, Shown


def add_commands(top: Any, group: Any, command: Any) -> None:
    """Add the subcommands; *group* and *command* make each."""
    made = group("config", "Files of settings")
    one = command(made, "check", config_check, "Say whether a server could use a file of settings")
    one.add_argument("file", help="a TOML file")
    one.set_defaults(alone=True)
    for name, run, about in (
        ("reload", reload, "Have the server read its settings and its certificate again"),
        ("status", status, "Say whether a server runs and answers"),
    ):
        command(top, name, run, about).set_defaults(running=True)


def config_check(client: Client | None, args: argparse.Namespace) -> Shown:
    """Needs neither server nor database."""
    from twisted.internet import reactor

    from ddns.config.toml import ConfigError
    from ddns.server.preflight import check_file

    try:
        check_file(reactor, args.file)
    except ConfigError as error:
        raise CallFailed("invalid", str(error)) from None
    answer: Json = {"file": args.file}
    return answer, [f"{args.file}: a server can use these settings"]


def reload(client: Client, args: argparse.Namespace) -> Shown:
    answer = client.call("reload")
    lines = [f"changed: {key}" for key in answer["changed"]]
    lines += [f"takes a new start: {key}" for key in answer["waiting"]]
    return answer, lines or ["nothing has changed; a certificate was read again if there is one"]


def status(client: Client, args: argparse.Namespace) -> Shown:
    answer = client.call("status")
    zones = answer["zones"]
    return answer, [f"ddns {answer['version']} answers for {zones} zone{'s' * (zones != 1)}"]
