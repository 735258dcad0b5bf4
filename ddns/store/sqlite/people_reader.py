"""Reading of accounts; part of a :class:`ddns.store.sqlite.reader.Reader`."""

from __future__ import annotations

import dataclasses
import sqlite3
from collections.abc import Callable
from typing import TypeVar

from zope.interface import implementer

from ddns.model.account import Account, PendingToken, Purpose
from ddns.model.second_factor import Passkey, Totp
from ddns.model.session import Session
from ddns.store.paging import AccountPage
from ddns.store.people import IReadingPeople
from ddns.store.sqlite.row_objects import make_account, make_pending, make_session, make_totp

T = TypeVar("T")

_ACCOUNT = (
    "select name, password, created, block_reason, block_since, block_until, host_limit, email,"
    " operator, language from account"
)
_SESSION = "select digest, account, password, created, used, peer, agent, strong from session"
_TOTP = "select account, sealed, created, confirmed, step from totp"
_PASSKEY = "select id, account, credential, public_key, counter, name, created, used from passkey"


@implementer(IReadingPeople)
class PeopleReader:
    """One connection's view of accounts. The caller begins and ends the transaction around it."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.execute = connection.execute

    def _one(self, make: Callable[..., T], sql: str, *parameters: object) -> T | None:
        row = self.execute(sql, parameters).fetchone()
        return None if row is None else make(*row)

    def account(self, name: str) -> Account | None:
        return self._one(make_account, f"{_ACCOUNT} where name = ?", name)

    def account_by_email(self, email: str) -> Account | None:
        return self._one(make_account, f"{_ACCOUNT} where email = ? collate nocase", email)

    def accounts(self, page: AccountPage | None = None) -> list[Account]:
        if page is None:
            return [make_account(*row) for row in self.execute(f"{_ACCOUNT} order by name")]
        rows = self.execute(
            f"{_ACCOUNT} where name > :after and (instr(name, :search)"
            " or instr(lower(coalesce(email, '')), :search))"
            " and (not :blocked or block_reason is not null) order by name limit :limit",
            dataclasses.asdict(page),
        )
        return [make_account(*row) for row in rows]

    def pending(self, digest: bytes) -> PendingToken | None:
        row = self.execute(
            "select digest, purpose, account, expires, email, password from pending"
            " where digest = ?",
            (digest,),
        ).fetchone()
        return None if row is None else make_pending(*row)

    def count_pending_tokens(self, purpose: Purpose) -> int:
        counted = "select count(*) from pending where purpose = ?"
        return self._one(int, counted, str(purpose)) or 0

    def marks(self, since: float, limit: int) -> list[tuple[str, bytes, float]]:
        of = "select account, mark, at from mark where at > ? order by at desc limit ?"
        return self.execute(of, (since, limit)).fetchall()

    def sessions(self, account: str | None = None) -> list[Session]:
        of = f"{_SESSION} where account = coalesce(?, account) order by used"
        return [make_session(*row) for row in self.execute(of, (account,))]

    def totp(self, account: str) -> Totp | None:
        return self._one(make_totp, f"{_TOTP} where account = ?", account)

    def totps(self) -> list[Totp]:
        return [make_totp(*row) for row in self.execute(f"{_TOTP} order by account")]

    def recovery_codes(self, account: str) -> frozenset[bytes]:
        rows = self.execute("select digest from recovery_code where account = ?", (account,))
        return frozenset(digest for (digest,) in rows)

    def passkeys(self, account: str) -> list[Passkey]:
        rows = self.execute(f"{_PASSKEY} where account = ? order by id", (account,))
        return [Passkey(*row) for row in rows]

    def passkey(self, credential: bytes) -> Passkey | None:
        return self._one(Passkey, f"{_PASSKEY} where credential = ?", credential)
