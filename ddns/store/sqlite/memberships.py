"""Invitations, members, and names that were released."""

from __future__ import annotations

import dataclasses

from ddns.model.account import Host
from ddns.model.journal import EventKind, public
from ddns.model.registration import Invitation, Member
from ddns.store.interfaces import StoreError
from ddns.store.sqlite.unit_of_work import UnitOfWork


class Registering(UnitOfWork):
    """The part of a transaction that is about who may have a name."""

    def name_servers(self) -> frozenset[bytes]:
        self._direct()  # what it reads may be waiting to be written
        return super().name_servers()

    # Released names --------------------------------------------------------------------------

    def _release(self, host: Host) -> None:
        self._execute(
            "insert or replace into released (name, account, at) values (?, ?, ?)",
            (host.name, host.account, self._author.at),
        )

    def _release_all(self, origin: bytes) -> None:
        self._execute(
            "insert or replace into released (name, account, at) select name, account, ? from host"
            " where zone = (select id from zone where origin = ?)",
            (self._author.at, origin),
        )

    def forget_released(self, until: float) -> None:
        self._direct()
        self._execute("delete from released where at <= ?", (until,))

    # Invitations -----------------------------------------------------------------------------

    def add_invitation(self, invitation: Invitation) -> Invitation:
        self._direct()
        cursor = self._execute(
            "insert into invitation (zone, digest, uses, expires, created, by)"
            " values ((select id from zone where origin = ?), ?, ?, ?, ?, ?)",
            (
                invitation.zone,
                invitation.digest,
                invitation.uses,
                invitation.expires,
                invitation.created,
                invitation.by,
            ),
        )
        assert cursor.lastrowid is not None
        added = dataclasses.replace(invitation, id=cursor.lastrowid)
        self._journal(EventKind.INVITATION, str(added.id), None, public(added), value=added)
        return added

    def use_invitation(self, number: int) -> None:
        before = self._known_invitation(number)
        if before.uses <= 1:
            self.remove_invitation(number)
            return
        self._direct()
        after = dataclasses.replace(before, uses=before.uses - 1)
        self._execute("update invitation set uses = ? where id = ?", (after.uses, number))
        self._journal(EventKind.INVITATION, str(number), public(before), public(after), value=after)

    def remove_invitation(self, number: int) -> None:
        before = self._known_invitation(number)
        self._direct()
        self._execute("delete from invitation where id = ?", (number,))
        self._journal(EventKind.INVITATION, str(number), public(before), None)

    def _known_invitation(self, number: int) -> Invitation:
        found = self.invitation(number)
        if found is None:
            raise StoreError(f"there is no invitation {number}")
        return found

    # Members ---------------------------------------------------------------------------------

    def add_member(self, member: Member) -> None:
        self._direct()
        self._execute(
            "insert into member (zone, account, since)"
            " values ((select id from zone where origin = ?), ?, ?)",
            (member.zone, member.account, member.since),
        )
        self._journal(EventKind.MEMBER, member.account, None, public(member), value=member)

    def remove_member(self, zone: bytes, account: str) -> None:
        before = self.member(zone, account)
        if before is None:
            raise StoreError(f"account {account} is no member")
        self._direct()
        self._execute(
            "delete from member where zone = (select id from zone where origin = ?)"
            " and account = ?",
            (zone, account),
        )
        self._journal(EventKind.MEMBER, account, public(before), None)
