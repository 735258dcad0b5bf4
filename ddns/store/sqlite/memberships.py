"""Changes of invitations and members.

The functions are methods of :class:`ddns.store.sqlite.transaction.Transaction`; see
:class:`ddns.store.interfaces.ITransaction` for what they promise.
"""

from __future__ import annotations

import dataclasses

from ddns.model.journal import EventKind
from ddns.model.registration import Invitation, Member
from ddns.store.interfaces import StoreError
from ddns.store.sqlite.reader import known
from ddns.store.sqlite.unit_of_work import UnitOfWork


def add_invitation(unit: UnitOfWork, invitation: Invitation) -> Invitation:
    unit.write_through()
    cursor = unit.execute(
        "insert into invitation (zone, digest, uses, expires, created, by)"
        " values ((select id from zone where origin = ?), ?, ?, ?, ?, ?)",
        dataclasses.astuple(invitation)[1:],
    )
    assert cursor.lastrowid is not None
    added = dataclasses.replace(invitation, id=cursor.lastrowid)
    unit.journal(EventKind.INVITATION, str(added.id), None, added)
    return added


def use_invitation(unit: UnitOfWork, number: int) -> None:
    before = known(unit.invitation(number), f"invitation {number}")
    if before.uses <= 1:
        remove_invitation(unit, number)
        return
    unit.write_through()
    after = dataclasses.replace(before, uses=before.uses - 1)
    unit.execute("update invitation set uses = ? where id = ?", (after.uses, number))
    unit.journal(EventKind.INVITATION, str(number), before, after)


def remove_invitation(unit: UnitOfWork, number: int) -> None:
    before = known(unit.invitation(number), f"invitation {number}")
    unit.write_through()
    unit.execute("delete from invitation where id = ?", (number,))
    unit.journal(EventKind.INVITATION, str(number), before, None)


def add_member(unit: UnitOfWork, member: Member) -> None:
    unit.write_through()
    unit.execute(
        "insert into member (zone, account, since)"
        " values ((select id from zone where origin = ?), ?, ?)",
        dataclasses.astuple(member),
    )
    unit.journal(EventKind.MEMBER, member.account, None, member)


def remove_member(unit: UnitOfWork, zone: bytes, account: str) -> None:
    before = unit.member(zone, account)
    if before is None:
        raise StoreError(f"account {account} is no member")
    unit.write_through()
    unit.execute(
        "delete from member where zone = (select id from zone where origin = ?) and account = ?",
        (zone, account),
    )
    unit.journal(EventKind.MEMBER, account, before, None)
