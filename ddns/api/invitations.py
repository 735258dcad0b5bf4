"""Operations on invitations to a zone, and on its members."""

from __future__ import annotations

from functools import partial

from ddns.api import invitation_work, parsing
from ddns.api.base import Part
from ddns.api.errors import Invalid
from ddns.api.serializers import Json
from ddns.model.registration import Invitation
from ddns.policy import secrets
from ddns.policy.registration import DAY

MAX_USES = 1000
MAX_DAYS = 365


class Invitations(Part):
    """Who may register hosts in a zone that is open to members."""

    async def invitation_list(self, origin: str) -> Json:
        """The invitations to a zone that can still be redeemed, without their codes."""
        listed = partial(
            invitation_work.invitation_list,
            caller=self._caller,
            origin=parsing.name(origin),
            now=self._now(),
        )
        return {"invitations": await self._read(listed)}

    async def invitation_add(self, origin: str, uses: int = 1, days: int = 7) -> Json:
        """An invitation to a zone, for so many accounts (1 to 1000) and days (1 to 365). The answer
        holds the code, which is not kept and cannot be shown again."""
        if not 1 <= uses <= MAX_USES:
            raise Invalid(f"uses: expected 1 to {MAX_USES}")
        if not 1 <= days <= MAX_DAYS:
            raise Invalid(f"days: expected 1 to {MAX_DAYS}")
        code, now = secrets.generate_key(), self._now()
        invitation = Invitation(
            0,
            parsing.name(origin),
            secrets.digest_key(code),
            uses,
            now + days * DAY,
            now,
            self._caller.name,
        )
        added = await self._transact(
            partial(invitation_work.invitation_add, caller=self._caller, invitation=invitation)
        )
        return {"code": code, **added}

    async def invitation_revoke(self, origin: str, number: int) -> Json:
        """Take an invitation back; who has redeemed it stays a member."""
        return await self._transact(
            partial(
                invitation_work.invitation_revoke,
                caller=self._caller,
                origin=parsing.name(origin),
                number=number,
            )
        )

    async def invitation_redeem(self, code: str) -> Json:
        """Become a member of the zone that an invitation is for."""
        return await self._transact(
            partial(
                invitation_work.invitation_redeem,
                caller=self._caller,
                digest=secrets.digest_key(code.strip() if code.isascii() else ""),
                now=self._now(),
            )
        )

    async def member_list(self, origin: str) -> Json:
        """The members of a zone."""
        listed = partial(
            invitation_work.member_list, caller=self._caller, origin=parsing.name(origin)
        )
        return {"members": await self._read(listed)}

    async def member_remove(self, origin: str, account: str) -> Json:
        """End an account's membership in a zone; hosts that it has stay. Members may leave."""
        return await self._transact(
            partial(
                invitation_work.member_remove,
                caller=self._caller,
                origin=parsing.name(origin),
                account=parsing.account_name(account),
            )
        )
