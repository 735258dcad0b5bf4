"""Operations on invitations to a zone, and on its members."""

from __future__ import annotations

from ddns.api import parsing
from ddns.api.access import ReadContext, WriteContext
from ddns.api.base import BaseOperations
from ddns.api.errors import Exceeded, Invalid, NotFound
from ddns.api.serializers import Json, invitation_json, member_json, zone_json
from ddns.model import names
from ddns.model.registration import Invitation, Member
from ddns.policy import secrets
from ddns.policy.registration import DAY

MAX_USES = 1000
MAX_DAYS = 365
MAX_INVITATIONS = 100
"""Maximum of unexpired invitations to one zone of a person's."""


class InvitationOperations(BaseOperations):
    """Membership of zones in which only members may register hosts."""

    async def invitation_list(self, origin: str) -> Json:
        """List the invitations to a zone that can still be redeemed, without their codes."""
        apex = parsing.name(origin)

        def work(context: ReadContext) -> Json:
            context.own_zone(apex)
            found = context.transaction.invitations(apex)
            return {
                "invitations": [invitation_json(one) for one in found if one.expires > context.now]
            }

        return await self._read(work)

    async def invitation_add(self, origin: str, uses: int = 1, days: int = 7) -> Json:
        """Create an invitation to a zone, for so many accounts (1 to 1000) and days (1 to 365). The
        answer holds the code, which is not stored and cannot be shown again."""
        if not 1 <= uses <= MAX_USES:
            raise Invalid("uses: expected 1 to {most}", most=MAX_USES)
        if not 1 <= days <= MAX_DAYS:
            raise Invalid("days: expected 1 to {most}", most=MAX_DAYS)
        code, apex = secrets.generate_key(), parsing.name(origin)

        def work(context: WriteContext) -> Json:
            context.own_zone(apex)
            transaction, now = context.transaction, context.now
            present = transaction.invitations(apex)
            for one in present:
                if one.expires <= now:
                    transaction.remove_invitation(one.id)
            alive = sum(one.expires > now for one in present)
            if not context.caller.operator and alive >= MAX_INVITATIONS:
                raise Exceeded(
                    "a zone may have {limit} invitations; revoke some",
                    limit=MAX_INVITATIONS,
                )
            digest, expires = secrets.digest_key(code), now + days * DAY
            invitation = Invitation(0, apex, digest, uses, expires, now, context.caller.name)
            return {"code": code, **invitation_json(transaction.add_invitation(invitation))}

        return await self._transact(work)

    async def invitation_revoke(self, origin: str, number: int) -> Json:
        """Revoke an invitation. Whoever has redeemed it stays a member."""
        apex = parsing.name(origin)

        def work(context: WriteContext) -> Json:
            context.own_zone(apex)
            # SQLite's integers end at 2**63
            found = context.transaction.invitation(number) if 0 < number < 2**63 else None
            if found is None or found.zone != apex:
                raise NotFound(
                    "there is no invitation {number} to zone {origin}",
                    number=number,
                    origin=names.to_text(apex),
                )
            context.transaction.remove_invitation(number)
            return invitation_json(found)

        return await self._transact(work)

    async def invitation_redeem(self, code: str) -> Json:
        """Become a member of the zone that an invitation is for. A member uses nothing up."""
        digest = secrets.digest_key(code.strip() if code.isascii() else "")

        def work(context: WriteContext) -> Json:
            if context.caller.account is None:
                raise Invalid("only an account can be a member of a zone")
            account = context.known_account(context.caller.account).name
            invitation = context.transaction.invitation_by_digest(digest)
            if invitation is None or invitation.expires <= context.now:
                raise NotFound("there is no such invitation, or it has expired or been used up")
            if context.transaction.member(invitation.zone, account) is None:
                context.transaction.use_invitation(invitation.id)
                context.transaction.add_member(Member(invitation.zone, account, context.now))
            return zone_json(context.known_zone(invitation.zone), context.caller)

        return await self._transact(work)

    async def member_list(self, origin: str) -> Json:
        """List the members of a zone."""
        apex = parsing.name(origin)

        def work(context: ReadContext) -> Json:
            context.own_zone(apex)
            return {"members": [member_json(one) for one in context.transaction.members(apex)]}

        return await self._read(work)

    async def member_remove(self, origin: str, account: str) -> Json:
        """End an account's membership of a zone; its hosts stay. Members may leave."""
        apex, name = parsing.name(origin), parsing.account_name(account)

        def work(context: WriteContext) -> Json:
            transaction, caller = context.transaction, context.caller
            zone, member = transaction.zone(apex), transaction.member(apex, name)
            is_owner = zone is not None and caller.owns(zone.account)
            if member is None or not (is_owner or caller.owns(name)):
                raise NotFound(
                    "zone {origin} has no member {name}", origin=names.to_text(apex), name=name
                )
            transaction.remove_member(apex, name)
            return member_json(member)

        return await self._transact(work)
