"""Registration of subcommands: each declares its options beside the function that runs it."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import Enum, StrEnum, auto
from typing import Any

from ddns.cli.client import Client
from ddns.cli.output import Result

Run = Callable[[Any, argparse.Namespace], Result]
"""The work of a subcommand. It gets a :class:`~ddns.cli.client.Client`, or None where it needs
none, and its parsed arguments."""


class Needs(Enum):
    """The target of a subcommand, which decides how the server or the database is reached."""

    NOTHING = auto()
    DATABASE = auto()
    NEW_DATABASE = auto()  # created if there is none
    CLOSED_DATABASE = auto()  # as files: gets a client only if a server has it open
    RUNNING_SERVER = auto()
    LOGIN = auto()  # a server given by --server


@dataclass(frozen=True, slots=True)
class Argument:
    """An argument or option, as :meth:`argparse.ArgumentParser.add_argument` takes it."""

    names: tuple[str, ...]
    settings: dict[str, Any]

    @property
    def key(self) -> str:
        """The attribute that its value has after parsing."""
        return str(self.settings.get("dest", self.names[0].lstrip("-")))


def argument(*names: str, **settings: Any) -> Argument:
    """Declare an argument or option of a subcommand."""
    return Argument(names, settings)


def one_of(name: str, choices: type[StrEnum], **settings: Any) -> Argument:
    """Declare an option whose value is one of an enumeration."""
    return Argument((name,), {"choices": [one.value for one in choices], **settings})


def several(name: str, metavar: str, help: str, **settings: Any) -> Argument:
    """Declare an option that may be repeated, whose value is a list."""
    return Argument((name,), {"action": "append", "metavar": metavar, "help": help, **settings})


@dataclass(frozen=True, slots=True)
class Command:
    """A subcommand."""

    name: str
    about: str
    arguments: tuple[Argument, ...]
    needs: Needs
    run: Run


@dataclass(frozen=True, slots=True)
class Group:
    """Subcommands on one subject. Those of the group without a name stand at the top."""

    name: str
    about: str = ""
    needs: Needs = Needs.DATABASE
    commands: list[Command] = field(default_factory=list)

    def command(
        self, name: str, about: str, *arguments: Argument, needs: Needs | None = None
    ) -> Callable[[Run], Run]:
        """Decorate the function that runs a subcommand of this group."""

        def register(run: Run) -> Run:
            self.commands.append(Command(name, about, arguments, needs or self.needs, run))
            return run

        return register

    def call(
        self, name: str, about: str, *arguments: Argument, says: str, operation: str = ""
    ) -> None:
        """Add a subcommand that passes its arguments to an operation of the same name and then
        *says* a line, in which the keys of the answer may stand in braces."""

        @self.command(name, about, *arguments)
        def run(client: Client, args: argparse.Namespace) -> Result:
            given = {one.key: getattr(args, one.key) for one in arguments}
            answer = client.call(operation or f"{self.name}_{name}", **given)
            return Result(answer, [says.format_map(answer)])


def add_groups(
    top: argparse.ArgumentParser, common: argparse.ArgumentParser, groups: Iterable[Group]
) -> None:
    """Add the groups to the parser *top*, giving each subcommand the options of *common* too."""
    at_top = top.add_subparsers(required=True, metavar="GROUP")
    for group in groups:
        within = at_top
        if group.name:
            made = at_top.add_parser(group.name, help=group.about, description=group.about)
            within = made.add_subparsers(required=True, metavar="COMMAND")
        for one in group.commands:
            parser = within.add_parser(
                one.name, help=one.about, description=one.about, parents=[common]
            )
            parser.set_defaults(command=one)
            for each in one.arguments:
                parser.add_argument(*each.names, **each.settings)
