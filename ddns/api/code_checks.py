"""Checks of the codes that a log-in takes as its second factor."""

from __future__ import annotations

import dataclasses

from ddns.api.access import ReadContext, WriteContext
from ddns.api.base import BaseOperations
from ddns.api.errors import ApiError, TooMany, WrongCode
from ddns.model.second_factor import Totp
from ddns.policy import secrets, totp
from ddns.system.secret_box import SecretBoxError, Tampered


class CodeChecks(BaseOperations):
    """Uses up one-time codes and recovery codes."""

    async def _use_code(self, account: str, code: str) -> None:
        """Take a one-time code or a recovery code of an account, which then are used up.

        :raises WrongCode: for any other. It counts like a wrong password.
        :raises TooMany: when there were too many. Recovery codes, which cannot be guessed, are
            taken all the same, so that nobody who knows the password can keep the owner out.
        """
        given = "".join(code.split())
        if totp.is_code(given):
            right = await self._use_one_time_code(account, given)
        else:
            right = await self._use_recovery_code(account, secrets.digest_recovery_code(given))
        if not right:
            self._service.note_failure(account, self._caller.peer)
            raise WrongCode("that code is wrong, or was used before")

    async def _use_one_time_code(self, account: str, code: str) -> bool:
        kept = await self._read(lambda context: context.transaction.totp(account))
        if kept is None or not kept.confirmed:
            return False
        step = self._guessed_step(kept, code)
        if step is None:
            return False

        def work(context: WriteContext) -> bool:
            present = context.transaction.totp(account)
            if present is None or present.sealed != kept.sealed or present.step >= step:
                return False
            context.transaction.put_totp(dataclasses.replace(present, step=step))
            return True

        return await self._transact(work)

    async def _use_recovery_code(self, account: str, digest: bytes) -> bool:
        def is_left(context: ReadContext) -> bool:
            return digest in context.transaction.recovery_codes(account)

        def work(context: WriteContext) -> bool:
            left = is_left(context)
            context.transaction.remove_recovery_code(account, digest)
            return left

        return await self._read(is_left) and await self._transact(work)

    def _guessed_step(self, kept: Totp, code: str) -> int | None:
        """Return the time step of a code that is right now and was not used yet; count it if it is
        wrong.

        :raises TooMany: when there were too many wrong ones for the account.
        :raises ApiError: when the secret cannot be unsealed.
        """
        limit, now = self._service.wrong_codes, self._service.clock()
        if (wait := limit.wait(kept.account, now)) > 0:
            raise TooMany(
                "there were too many wrong codes; try again later, or use a recovery code", wait
            )
        try:
            secret = self._secret_box.unseal(kept.sealed, totp_purpose(kept.account)).decode()
        except (SecretBoxError, Tampered) as error:
            raise ApiError("one-time codes cannot be checked: {error}", error=error) from error
        step = totp.step_of(secret, code, self._now(), kept.step)
        if step is None:
            limit.take(kept.account, now)
        return step


def totp_purpose(account: str) -> bytes:
    """Return the purpose of the sealed secret of an account's one-time codes."""
    return f"totp {account}".encode()
