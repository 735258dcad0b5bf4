"""Options that several subcommands have."""

from __future__ import annotations

import argparse
from enum import StrEnum

from ddns.model.account import Addresses, KeyKind


def values_of(kind: type[StrEnum]) -> list[str]:
    """Its values, as argparse is to show them."""
    return [one.value for one in kind]


def add_policy(one: argparse.ArgumentParser) -> None:
    """What a zone lets its hosts have."""
    one.add_argument(
        "--addresses",
        choices=values_of(Addresses),
        help="which addresses clients may give to hosts: any, or only those of the Internet",
    )


def add_key(one: argparse.ArgumentParser) -> None:
    """Which key is meant."""
    one.add_argument("key", help="its number, or the account if that has one key of the kind only")
    one.add_argument("--kind", choices=values_of(KeyKind))
