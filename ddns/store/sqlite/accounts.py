"""Changes of accounts, their keys, and the tokens that were sent to their owners by mail.

The functions are methods of :class:`ddns.store.sqlite.transaction.Transaction`; see
:class:`ddns.store.interfaces.ITransaction` for what they promise.
"""

from __future__ import annotations

import dataclasses

from ddns.model.account import Account, Key, PendingToken
from ddns.model.journal import EventKind
from ddns.store.sqlite.acme_dns import remove_acme_dns_of
from ddns.store.sqlite.hosts import remove_host
from ddns.store.sqlite.key_rows import INSERT, row_of, zones_column
from ddns.store.sqlite.reader import known
from ddns.store.sqlite.unit_of_work import UnitOfWork


def put_account(unit: UnitOfWork, account: Account) -> None:
    unit.write_through()
    before = unit.account(account.name)
    unit.execute(
        "insert into account (name, password, created, block_reason, block_since, block_until,"
        " host_limit, email, operator, language) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        " on conflict (name) do update set"
        " password = excluded.password, block_reason = excluded.block_reason,"
        " block_since = excluded.block_since, block_until = excluded.block_until,"
        " host_limit = excluded.host_limit, email = excluded.email,"
        " operator = excluded.operator, language = excluded.language",
        (
            account.name,
            account.password,
            account.created,
            *(dataclasses.astuple(account.block) if account.block else (None, None, None)),
            account.host_limit,
            account.email,
            account.operator,
            account.language,
        ),
    )
    unit.journal(EventKind.ACCOUNT, account.name, before, account)


def remove_account(unit: UnitOfWork, name: str) -> None:
    account = known(unit.account(name), f"account {name}")
    # One by one, for each is an event; what is left SQLite removes by foreign keys and triggers.
    for host in unit.hosts(account=name):
        remove_host(unit, host.name)
    for key in unit.keys(name):
        remove_key(unit, key.id)
    remove_acme_dns_of(unit, name)
    remove_pending_tokens(unit, name)
    unit.write_through()
    unit.execute("delete from account where name = ?", (name,))
    unit.journal(EventKind.ACCOUNT, name, account, None)


def put_mark(unit: UnitOfWork, account: str, mark: bytes, at: float, most: int) -> None:
    unit.write_through()
    unit.execute(
        "insert into mark (account, mark, at) select name, ?2, ?3 from account where name = ?1"
        " on conflict do update set at = excluded.at",
        (account, mark, at),
    )
    unit.execute(
        "delete from mark where account = ?1 and mark not in"
        " (select mark from mark where account = ?1 order by at desc limit ?2)",
        (account, most),
    )


# Keys --------------------------------------------------------------------------------------------


def add_key(unit: UnitOfWork, key: Key) -> Key:
    unit.write_through()
    cursor = unit.execute(INSERT, row_of(key))
    assert cursor.lastrowid is not None
    key = dataclasses.replace(key, id=cursor.lastrowid)
    unit.connection.executemany(
        "insert into key_host (key, name) values (?, ?)",
        [(key.id, name) for name in sorted(key.hosts or ())],
    )
    if key.tsig is not None:
        unit.execute(
            "insert into tsig (key, name, algorithm) values (?, ?, ?)",
            (key.id, key.tsig.name, key.tsig.algorithm),
        )
    unit.journal(EventKind.KEY, str(key.id), None, key)
    return key


def change_key(unit: UnitOfWork, key: Key) -> None:
    before = known(unit.key(key.id), f"key {key.id}")
    unit.write_through()
    unit.execute(
        "update key set digest = ?, sealed = ?, enabled = ?, zones = ? where id = ?",
        (key.digest, key.sealed, key.enabled, zones_column(key), key.id),
    )
    key = dataclasses.replace(
        before, digest=key.digest, sealed=key.sealed, enabled=key.enabled, zones=key.zones
    )
    unit.journal(EventKind.KEY, str(key.id), before, key)


def remove_key(unit: UnitOfWork, number: int) -> None:
    key = known(unit.key(number), f"key {number}")
    unit.write_through()
    unit.execute("delete from key where id = ?", (number,))
    unit.journal(EventKind.KEY, str(number), key, None)


# Tokens ------------------------------------------------------------------------------------------


def put_pending_token(unit: UnitOfWork, pending: PendingToken) -> None:
    unit.write_through()
    unit.execute(
        "insert into pending (digest, purpose, account, expires, email, password)"
        " values (?, ?, ?, ?, ?, ?)",
        dataclasses.astuple(pending),
    )


def remove_pending_tokens(unit: UnitOfWork, account: str) -> None:
    unit.write_through()
    unit.execute("delete from pending where account = ?", (account,))


def expire_pending_tokens(unit: UnitOfWork, now: float) -> None:
    unit.write_through()
    unit.execute("delete from pending where expires <= ?", (now,))
