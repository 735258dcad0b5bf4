"""The operations' work on invitations and members: synchronous functions of a transaction."""

from __future__ import annotations

from ddns.api import access
from ddns.api.caller import Caller
from ddns.api.errors import Exceeded, Invalid, NotFound
from ddns.api.parsing import known_account, known_zone
from ddns.api.serializers import Json, invitation_json, member_json, zone_json
from ddns.model import names
from ddns.model.registration import Invitation, Member
from ddns.store.interfaces import IReading, ITransaction

MAX_INVITATIONS = 100
"""How many invitations to a zone of theirs people may have out."""


def invitation_list(reading: IReading, caller: Caller, origin: bytes, now: float) -> list[Json]:
    """Those that have not expired."""
    access.own_zone(reading, caller, origin)
    return [invitation_json(one) for one in reading.invitations(origin) if one.expires > now]


def invitation_add(transaction: ITransaction, caller: Caller, invitation: Invitation) -> Json:
    """Those to the same zone that have expired are forgotten by the way."""
    access.own_zone(transaction, caller, invitation.zone)
    there = transaction.invitations(invitation.zone)
    for one in there:
        if one.expires <= invitation.created:
            transaction.remove_invitation(one.id)
    alive = sum(one.expires > invitation.created for one in there)
    if not caller.operator and alive >= MAX_INVITATIONS:
        raise Exceeded(f"a zone may have {MAX_INVITATIONS} invitations; revoke some")
    return invitation_json(transaction.add_invitation(invitation))


def invitation_revoke(
    transaction: ITransaction, caller: Caller, origin: bytes, number: int
) -> Json:
    """By whoever the zone belongs to."""
    access.own_zone(transaction, caller, origin)
    invitation = transaction.invitation(number) if 0 < number < 2**63 else None
    if invitation is None or invitation.zone != origin:
        raise NotFound(f"there is no invitation {number} to zone {names.to_text(origin)}")
    transaction.remove_invitation(number)
    return invitation_json(invitation)


def invitation_redeem(transaction: ITransaction, caller: Caller, digest: bytes, now: float) -> Json:
    """The zone that the caller is a member of now. Who is one already uses nothing up."""
    if caller.account is None:
        raise Invalid("only an account can be a member of a zone")
    account = known_account(transaction, caller.account)
    invitation = transaction.invitation_by_digest(digest)
    if invitation is None or invitation.expires <= now:
        raise NotFound("there is no such invitation, or it has expired or been used up")
    if transaction.member(invitation.zone, account.name) is None:
        transaction.use_invitation(invitation.id)
        transaction.add_member(Member(invitation.zone, account.name, now))
    return zone_json(known_zone(transaction, invitation.zone), caller)


def member_list(reading: IReading, caller: Caller, origin: bytes) -> list[Json]:
    """For whoever the zone belongs to."""
    access.own_zone(reading, caller, origin)
    return [member_json(member) for member in reading.members(origin)]


def member_remove(transaction: ITransaction, caller: Caller, origin: bytes, account: str) -> Json:
    """By whoever the zone belongs to, or by the member."""
    zone, member = transaction.zone(origin), transaction.member(origin, account)
    theirs = zone is not None and caller.owns(zone.account)
    if member is None or not (theirs or caller.owns(account)):
        raise NotFound(f"zone {names.to_text(origin)} has no member {account}")
    transaction.remove_member(origin, account)
    return member_json(member)
