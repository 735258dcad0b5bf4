"""Subcommands on notices: what owners of hosts are told, and how."""

from __future__ import annotations

import argparse

from ddns.cli.accounts import read_code
from ddns.cli.client import Client
from ddns.cli.command import Argument, Group, argument
from ddns.cli.output import Json, Result, fields, local_time, table

notice = Group("notice", "What owners of hosts are told, by mail and otherwise")

OF: tuple[Argument, ...] = (
    argument("--host", metavar="NAME", help="of this host (default: of the account and its hosts)"),
    argument("--account", metavar="NAME", help="default: that of whoever has logged in"),
)
URL = argument("url", nargs="?", help="better typed or given on standard input, unseen")


@notice.command("show", "Show what an account is told, and where it is sent", *OF)
def notice_show(client: Client, args: argparse.Namespace) -> Result:
    return _shown(client.call("notice_show", account=args.account, host=args.host))


@notice.command(
    "set",
    "Change what an account is told",
    *OF,
    argument("--mail", metavar="KINDS", help="told by mail, with commas between; '' for none"),
    argument("--targets", metavar="KINDS", help="told to webhooks and services, likewise"),
    argument(
        "--silent-days",
        dest="silent_days",
        type=int,
        metavar="DAYS",
        help="without a word for so long, a host is silent; 0 for never",
    ),
    argument("--reset", action="store_true", help="forget what was set before"),
)
def notice_set(client: Client, args: argparse.Namespace) -> Result:
    answer = client.call(
        "notice_set",
        account=args.account,
        host=args.host,
        mail=_kinds(args.mail),
        targets=_kinds(args.targets),
        silent_days=args.silent_days,
        reset=args.reset,
    )
    return _shown(answer)


def _kinds(text: str | None) -> list[str] | None:
    return None if text is None else text.replace(",", " ").split()


def _shown(answer: Json) -> Result:
    of = f"host {answer['host']}" if answer["host"] else f"account {answer['account']}"
    lines = fields(
        {
            "Of": of if answer["own"] else f"{of}, nothing of its own",
            "By mail": answer["mail"] if answer["email"] else "the account has no address",
            "To targets": answer["targets"],
            "Silent after": f"{answer['silent_days']} days" if answer["silent_days"] else "never",
        }
    )
    targets = table(
        answer["sent_to"],
        ID="id",
        WAY="way",
        TO="shown",
        HOST="host",
        FAILING_SINCE=lambda one: one["failing"] and local_time(one["failing"]),
        NEXT=lambda one: one["next"] and local_time(one["next"]),
        GIVEN_UP="given_up",
        PROBLEM="problem",
    )
    return Result(answer, [*lines, *(["", *targets] if targets else [])])


@notice.command("webhook", "Have notices posted to a URL; print what signs them", URL, *OF)
def notice_webhook(client: Client, args: argparse.Namespace) -> Result:
    answer = _added(client, args, "webhook")
    return Result(answer, [answer["secret"]], f"target {answer['id']} posts to {answer['shown']}")


@notice.command("apprise", "Have notices sent by a service of apprise, by its URL", URL, *OF)
def notice_apprise(client: Client, args: argparse.Namespace) -> Result:
    answer = _added(client, args, "apprise")
    return Result(answer, [f"target {answer['id']} sends by {answer['shown']}"])


def _added(client: Client, args: argparse.Namespace, way: str) -> Json:
    url = read_code(args.url, "URL")
    return client.call("notice_target_add", way=way, url=url, account=args.account, host=args.host)


notice.call(
    "remove",
    "Have no more notices sent to a webhook or service",
    argument("number", type=int),
    says="removed target {id}",
    operation="notice_target_remove",
)


@notice.command(
    "off",
    "Switch off a kind of mails, with the token from one",
    argument("token", nargs="?", help="better typed or given on standard input, unseen"),
)
def notice_off(client: Client, args: argparse.Namespace) -> Result:
    answer = client.call("notice_off", token=read_code(args.token, "token from the mail"))
    of = f" about {answer['host']}" if answer["host"] else ""
    return Result(answer, [f"no more mails of kind {answer['kind']}{of}"])
