"""Subcommands on settings and on the server that runs with them."""

from __future__ import annotations

import argparse

from ddns.cli.client import CallFailed, Client
from ddns.cli.command import Group, Needs, argument
from ddns.cli.output import Json, Result, count, local_time

top = Group("")
config = Group("config", "Settings files")
certificate = Group("certificate", "The server's own certificate")


@config.command(
    "check",
    "Say whether a server could use a settings file",
    argument("file", help="a TOML file"),
    needs=Needs.NOTHING,
)
def config_check(client: None, args: argparse.Namespace) -> Result:
    from twisted.internet import reactor

    from ddns.config.toml import ConfigError
    from ddns.server.preflight import check_file, exposed_files

    try:
        settings = check_file(reactor, args.file)
    except ConfigError as error:
        raise CallFailed("invalid", str(error)) from None
    answer: Json = {"file": args.file, "warnings": exposed_files(settings, args.file)}
    return Result(answer, [f"{args.file}: a server can use these settings", *_warnings(answer)])


@top.command(
    "reload",
    "Make the server read its settings and its certificate again",
    needs=Needs.RUNNING_SERVER,
)
def reload(client: Client, args: argparse.Namespace) -> Result:
    answer = client.call("reload")
    lines = [f"changed: {key}" for key in answer["changed"]]
    lines += [f"needs a restart: {key}" for key in answer["waiting"]]
    unchanged = "nothing has changed; the certificate, if there is one, was read again"
    return Result(answer, lines or [unchanged])


@top.command("status", "Say whether a server runs and answers", needs=Needs.RUNNING_SERVER)
def status(client: Client, args: argparse.Namespace) -> Result:
    answer = client.call("status")
    answers = f"ddns {answer['version']} answers for {count(answer['zones'], 'zone')}"
    own, fast = answer["certificate"], answer["fast_path"]
    path = f"fast path: {fast if answer['compiled'] else f'in Python: {fast}'}"
    return Result(answer, [answers, path, *(_shown(own) if own else []), *_warnings(answer)])


@certificate.command(
    "renew",
    "Order the server's own certificate now, and wait for it",
    needs=Needs.RUNNING_SERVER,
)
def certificate_renew(client: Client, args: argparse.Namespace) -> Result:
    answer = client.call("certificate_renew")
    return Result(answer, _shown(answer))


def _shown(certificate: Json) -> list[str]:
    """Return lines about the server's own certificate."""
    names = ", ".join(certificate["names"])
    if certificate["keys"]:
        keys = ", ".join(certificate["keys"])
        lines = [
            f"certificate for {names}: {keys}, issued by {certificate['issuer']},"
            f" expires {local_time(certificate['expires'])}"
        ]
    else:
        lines = [f"certificate for {names}: none yet, a temporary one is in use"]
    if certificate["names"] != certificate["wanted"]:
        lines.append(f"by the settings it is to be for {', '.join(certificate['wanted'])}")
    if certificate["ordering"]:
        lines.append(f"it is being ordered from {certificate['directory']}")
    else:
        lines.append(f"the next order is due {local_time(certificate['renewal'])}")
    if certificate["problem"]:
        failed = f"the last order failed {local_time(certificate['failed_at'])}"
        lines.append(f"warning: {failed}: {certificate['problem']}")
    return lines


def _warnings(answer: Json) -> list[str]:
    wrong = [answer["not_ready"]] if answer.get("not_ready") else []
    return [f"warning: {line}" for line in (*wrong, *answer["warnings"])]
