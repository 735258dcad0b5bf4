"""Changes of second factors.

The functions are methods of :class:`ddns.store.sqlite.transaction.Transaction`; see
:class:`ddns.store.people.IChangingPeople` for what they promise.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection

from ddns.model.second_factor import Passkey, Totp
from ddns.store.sqlite.unit_of_work import UnitOfWork


def put_totp(unit: UnitOfWork, totp: Totp) -> None:
    unit.write_through()
    unit.execute(
        "insert or replace into totp (account, sealed, created, confirmed, step)"
        " values (?, ?, ?, ?, ?)",
        dataclasses.astuple(totp),
    )


def remove_totp(unit: UnitOfWork, account: str) -> None:
    unit.write_through()
    unit.execute("delete from totp where account = ?", (account,))


def put_recovery_codes(unit: UnitOfWork, account: str, digests: Collection[bytes]) -> None:
    unit.write_through()
    unit.execute("delete from recovery_code where account = ?", (account,))
    unit.connection.executemany(
        "insert into recovery_code (account, digest) values (?, ?)",
        [(account, digest) for digest in digests],
    )


def remove_recovery_code(unit: UnitOfWork, account: str, digest: bytes) -> None:
    unit.write_through()
    unit.execute("delete from recovery_code where account = ? and digest = ?", (account, digest))


def add_passkey(unit: UnitOfWork, passkey: Passkey) -> Passkey:
    unit.write_through()
    cursor = unit.execute(
        "insert into passkey (account, credential, public_key, counter, name, created, used)"
        " values (?, ?, ?, ?, ?, ?, ?)",
        dataclasses.astuple(passkey)[1:],
    )
    assert cursor.lastrowid is not None
    return dataclasses.replace(passkey, id=cursor.lastrowid)


def use_passkey(unit: UnitOfWork, number: int, counter: int, at: float) -> None:
    unit.write_through()
    unit.execute("update passkey set counter = ?, used = ? where id = ?", (counter, at, number))


def remove_passkey(unit: UnitOfWork, number: int) -> None:
    unit.write_through()
    unit.execute("delete from passkey where id = ?", (number,))
