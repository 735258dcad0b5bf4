"""Subcommands of people who use a server far away: registering, logging in, their own account."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from ddns.cli.accounts import NAME, PASSWORD_STDIN, account, read_code, read_password
from ddns.cli.client import CallFailed
from ddns.cli.command import Group, Needs, argument
from ddns.cli.output import Json, Result, count, listing, local_time, time_of

if TYPE_CHECKING:
    from ddns.cli.remote import RemoteClient

top = Group("", needs=Needs.LOGIN)
session = Group("session", "The logins of whoever has logged in", Needs.LOGIN)
password = Group("password", "The password of whoever has logged in or forgotten it", Needs.LOGIN)
email = Group("email", "The e-mail address of whoever has logged in", Needs.LOGIN)

TOKEN = argument("token", nargs="?", help="better typed or given on standard input, unseen")


@top.command(
    "register",
    "Ask for an account; a mail tells how to go on",
    NAME,
    argument("--email", metavar="ADDRESS", required=True),
    PASSWORD_STDIN,
)
def register(client: RemoteClient, args: argparse.Namespace) -> Result:
    client.drop_token()
    secret = read_password(args, "New password", client, new=True)
    answer = client.call("register", name=args.name, password=secret, email=args.email)
    return Result(
        answer, [f"a mail to {answer['email']} tells how to confirm account {answer['name']}"]
    )


@top.command("confirm", "Confirm an address with the token from a mail", TOKEN)
def confirm(client: RemoteClient, args: argparse.Namespace) -> Result:
    client.drop_token()
    confirmed = client.call("confirm", token=read_code(args.token, "token from the mail"))
    name = confirmed["name"]
    return Result(
        confirmed,
        [f"account {name} has the address {confirmed['email']}; now log in: ddns login {name}"],
    )


@top.command("login", "Log in to a server", NAME, PASSWORD_STDIN)
def login(client: RemoteClient, args: argparse.Namespace) -> Result:
    client.drop_token()
    secret = read_password(args, "Password", client)
    try:
        answer = client.call("log_in", name=args.name, password=secret)
    except CallFailed as error:
        refusal = error.answer["error"]
        if refusal["code"] != "second_factor":
            raise
        code = read_code(None, "code from your app, or a recovery code")
        answer = client.call("log_in_code", ticket=refusal["ticket"], code=code)
    return _logged_in(client, answer)


def _logged_in(client: RemoteClient, answer: Json) -> Result:
    """Keep the token in its file, and show only for how long it is good."""
    client.remember(answer.pop("token"))
    until = local_time(answer["expires"])
    return Result(answer, [f"logged in to {client.url} as {answer['account']} until {until}"])


@top.command("logout", "Log out of a server")
def logout(client: RemoteClient, args: argparse.Namespace) -> Result:
    """Forget the token even if the server does not know it any more or does not answer."""
    try:
        answer = client.call("log_out")
    except CallFailed as error:
        if error.answer["error"]["code"] != "unauthenticated":
            raise
        answer = {"account": None}
    finally:
        client.forget()
    return Result(answer, [f"logged out of {client.url}"])


@session.command("list", "List your logins, the last used first")
def session_list(client: RemoteClient, args: argparse.Namespace) -> Result:
    return listing(
        client.call("session_list"),
        "sessions",
        "nobody has logged in",
        ID="id",
        THIS="current",
        SINCE=time_of("created"),
        LAST_USED=time_of("used"),
        FROM="peer",
        PROGRAM="agent",
    )


session.call("close", "End one of your logins", argument("id"), says="ended login {id}")


@session.command("close-others", "End all your logins but this one")
def session_close_others(client: RemoteClient, args: argparse.Namespace) -> Result:
    answer = client.call("session_close_others")
    return Result(answer, [f"ended {count(answer['closed'], 'login')}"])


@password.command(
    "change",
    "Set another password",
    argument(
        "--password-stdin",
        action="store_true",
        help="read the old password and, on a second line, the new one from standard input",
    ),
)
def password_change(client: RemoteClient, args: argparse.Namespace) -> Result:
    old = read_password(args, "Old password", client)
    new = read_password(args, "New password", client, new=True)
    return _logged_in(client, client.call("password_change", old=old, new=new))


@password.command(
    "forgot",
    "Ask for a mail that lets you set another password",
    argument("name", help="the account, or its e-mail address"),
)
def password_forgot(client: RemoteClient, args: argparse.Namespace) -> Result:
    client.drop_token()
    answer = client.call("password_reset_request", name_or_email=args.name)
    return Result(
        answer, ["if there is such an account with an address, a mail to it tells how to go on"]
    )


@password.command("reset", "Set a password with the token from a mail", TOKEN, PASSWORD_STDIN)
def password_reset(client: RemoteClient, args: argparse.Namespace) -> Result:
    client.drop_token()
    token = read_code(args.token, "token from the mail")
    secret = read_password(args, "New password", client, new=True)
    changed = client.call("password_reset", token=token, password=secret)
    client.forget()
    return Result(changed, [f"account {changed['name']} has another password; log in with it"])


@email.command(
    "change", "Ask to have mail sent to another address", argument("address"), PASSWORD_STDIN
)
def email_change(client: RemoteClient, args: argparse.Namespace) -> Result:
    secret = read_password(args, "Password", client)
    answer = client.call("email_change", email=args.address, password=secret)
    return Result(answer, [f"a mail to {answer['email']} tells how to confirm it"])


@account.command(
    "leave",
    "Remove your own account with its keys and hosts",
    NAME,
    PASSWORD_STDIN,
    needs=Needs.LOGIN,
)
def account_leave(client: RemoteClient, args: argparse.Namespace) -> Result:
    secret = read_password(args, "Password", client)
    removed = client.call("account_leave", name=args.name, password=secret)
    client.forget()
    return Result(removed, [f"removed account {removed['name']}"])
