"""Model objects from rows of the database."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar

from ddns.model.account import (
    Account,
    Addresses,
    Block,
    Language,
    PendingToken,
    Purpose,
    Registration,
    ZoneInfo,
)
from ddns.model.journal import Author, Event, EventKind
from ddns.model.second_factor import Totp
from ddns.model.secondaries import secondary
from ddns.model.session import Session
from ddns.model.text import printable
from ddns.store.interfaces import StoreError

T = TypeVar("T")


def from_row(make: Callable[..., T]) -> Callable[..., T]:
    """Let a function raise StoreError for values that this program could not have put there."""

    @functools.wraps(make)
    def run(*row: Any) -> T:
        try:
            return make(*row)
        except (ValueError, IndexError, TypeError) as error:
            what = printable(str(error))[:200]
            raise StoreError(
                f"the database has a malformed value (see ddns check): {what}"
            ) from error

    return run


@from_row
def make_event(*row: Any) -> Event:
    return Event(row[0], Author(*row[1:4]), EventKind(row[4]), *row[5:])


@from_row
def make_account(*row: Any) -> Account:
    name, password, created, reason, since, until, host_limit, email, operator, language = row
    block = None if reason is None else Block(reason, since, until)
    speaks = None if language is None else Language(language)
    return Account(name, password, created, block, host_limit, email, bool(operator), speaks)


@from_row
def make_zone(*row: Any) -> ZoneInfo:
    origin, serial, account, created, addresses, registration, others, networks, catalog = row
    policy = Addresses(addresses), Registration(registration), tuple(map(secondary, others.split()))
    return ZoneInfo(
        *(origin, serial, account, created, *policy), tuple(networks.split()), bool(catalog)
    )


@from_row
def make_pending(*row: Any) -> PendingToken:
    return PendingToken(row[0], Purpose(row[1]), *row[2:])


@from_row
def make_session(*row: Any) -> Session:
    digest, account, password, created, used, peer, agent, strong = row
    return Session(digest, account, password, created, used, peer, agent, bool(strong))


@from_row
def make_totp(*row: Any) -> Totp:
    account, sealed, created, confirmed, step = row
    return Totp(account, sealed, created, bool(confirmed), step)
