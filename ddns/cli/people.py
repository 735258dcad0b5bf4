"""The subcommands of people who come by themselves, and what the operator does for them."""

from __future__ import annotations

import argparse
import getpass
import sys
from typing import TYPE_CHECKING, Any

from ddns.cli.client import CallFailed, Client

if TYPE_CHECKING:
    from ddns.cli.output import Command, Json, Shown
    from ddns.cli.remote import RemoteClient


def add_commands(top: Any, group: Any, command: Any, account: Any) -> None:
    """Add them to the parsers that :mod:`ddns.cli.main` makes: to the top, in groups of their own
    that *group* makes, to the group *account*; *command* makes each."""

    def remote(within: Any, name: str, run: Command, about: str) -> argparse.ArgumentParser:
        made: argparse.ArgumentParser = command(within, name, run, about)
        made.set_defaults(remote=True)
        return made

    one = remote(top, "register", register, "Ask for an account; a mail tells how to go on")
    one.add_argument("name")
    one.add_argument("--email", metavar="ADDRESS", required=True)
    _password(one)
    one = remote(top, "confirm", confirm, "Confirm an address with the token from a mail")
    one.add_argument("token")
    one = remote(top, "login", login, "Log in to a server")
    one.add_argument("name")
    _password(one)
    remote(top, "logout", logout, "Log out of a server")

    password = group("password", "The password of who has logged in, or has forgotten it")
    one = remote(password, "change", password_change, "Set another password")
    _password(one, "read the old password and, in a second line, the new one from standard input")
    one = remote(password, "forgot", password_forgot, "Ask for a mail to set another password")
    one.add_argument("name", help="or the e-mail address")
    one = remote(password, "reset", password_reset, "Set a password with the token from a mail")
    one.add_argument("token")
    _password(one)

    email = group("email", "The e-mail address of who has logged in")
    one = remote(email, "change", email_change, "Ask to be written to at another address")
    one.add_argument("address")
    _password(one)

    one = remote(account, "leave", account_leave, "Remove one's own account with keys and hosts")
    one.add_argument("name")
    _password(one)
    one = command(account, "set", account_set, "Change what an account may have, or its address")
    one.add_argument("name")
    one.add_argument("--hosts", type=_hosts, metavar="N", help="how many, or 'default'")
    one.add_argument("--email", metavar="ADDRESS", help="'' for none")
    one = command(account, "set-password", account_set_password, "Set an account's password")
    one.add_argument("name")
    _password(one)


def _password(
    one: argparse.ArgumentParser, about: str = "read the password from standard input"
) -> None:
    one.add_argument("--password-stdin", action="store_true", help=about)


def _server(client: Client) -> RemoteClient:
    """The client, which is one of a server that people come to: these commands have no other."""
    from ddns.cli.remote import RemoteClient

    assert isinstance(client, RemoteClient)
    return client


def _read(args: argparse.Namespace, prompt: str, client: Client, new: bool = False) -> str:
    """A password, from standard input or a person who does not see it; a *new* one twice."""
    if getattr(client, "in_the_clear", False):
        print("ddns: this is not encrypted: who can read the traffic can log in", file=sys.stderr)
    if args.password_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if not sys.stdin.isatty():
        raise CallFailed("invalid", "there is no terminal to ask for a password: --password-stdin")
    password = getpass.getpass(f"{prompt}: ")
    if new and getpass.getpass(f"{prompt}, again: ") != password:
        raise CallFailed("invalid", "that was not the same password twice")
    return password


def register(client: Client, args: argparse.Namespace) -> Shown:
    server = _server(client).without_token()
    password = _read(args, "New password", client, new=True)
    answer = server.call("register", name=args.name, password=password, email=args.email)
    return answer, [f"a mail to {answer['email']} tells how to confirm account {answer['name']}"]


def confirm(client: Client, args: argparse.Namespace) -> Shown:
    account = _server(client).without_token().call("confirm", token=args.token)
    return account, [f"account {account['name']} has the address {account['email']}; now log in"]


def login(client: Client, args: argparse.Namespace) -> Shown:
    server = _server(client).without_token()
    password = _read(args, "Password", client)
    return _logged_in(server, server.call("log_in", name=args.name, password=password))


def _logged_in(server: RemoteClient, answer: dict[str, Any]) -> Shown:
    """Keep the token, which nobody needs to see."""
    server.remember(answer.pop("token"))
    until = answer["expires"]
    return answer, [f"logged in to {server.url} as {answer['account']} until {until}"]


def logout(client: Client, args: argparse.Namespace) -> Shown:
    """Also where the server has forgotten us already, or will not answer."""
    server = _server(client)
    try:
        answer = server.call("log_out")
    except CallFailed as error:
        if error.answer["error"]["code"] != "unauthenticated":
            raise
        answer = {"account": None}
    finally:
        server.forget()
    return answer, [f"logged out of {server.url}"]


def password_change(client: Client, args: argparse.Namespace) -> Shown:
    server = _server(client)
    old = _read(args, "Old password", client)
    new = _read(args, "New password", client, new=True)
    return _logged_in(server, server.call("password_change", old=old, new=new))


def password_forgot(client: Client, args: argparse.Namespace) -> Shown:
    server = _server(client).without_token()
    answer = server.call("password_reset_request", name_or_email=args.name)
    return answer, ["if there is such an account with an address, a mail to it tells how to go on"]


def password_reset(client: Client, args: argparse.Namespace) -> Shown:
    server = _server(client).without_token()
    password = _read(args, "New password", client, new=True)
    account = server.call("password_reset", token=args.token, password=password)
    server.forget()
    return account, [f"account {account['name']} has another password; log in with it"]


def email_change(client: Client, args: argparse.Namespace) -> Shown:
    server = _server(client)
    password = _read(args, "Password", client)
    answer = server.call("email_change", email=args.address, password=password)
    return answer, [f"a mail to {answer['email']} tells how to confirm it"]


def account_leave(client: Client, args: argparse.Namespace) -> Shown:
    server = _server(client)
    password = _read(args, "Password", client)
    account = server.call("account_leave", name=args.name, password=password)
    server.forget()
    return account, [f"removed account {account['name']}"]


def account_set(client: Client, args: argparse.Namespace) -> Shown:
    account: Json = {}
    lines = []
    if args.email is not None:
        account |= client.call("email_set", name=args.name, email=args.email)
        lines.append(f"account {account['name']} has the address {account['email'] or '-'}")
    if args.hosts is not None:
        account |= client.call("account_set", name=args.name, hosts=args.hosts)
        lines.append(f"account {account['name']} may register {account['host_limit']} hosts")
    if not lines:
        raise CallFailed("invalid", "nothing to set: give --hosts or --email")
    return account, lines


def account_set_password(client: Client, args: argparse.Namespace) -> Shown:
    password = _read(args, "New password", client, new=True)
    account = client.call("password_set", name=args.name, password=password)
    return account, [f"account {account['name']} has another password"]


def _hosts(text: str) -> int | str:
    return text if text == "default" else int(text)
