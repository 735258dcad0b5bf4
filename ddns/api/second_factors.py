"""Operations of people on their second factors."""

from __future__ import annotations

import dataclasses
from urllib.parse import urlsplit

from ddns.api import parsing
from ddns.api.access import WriteContext
from ddns.api.accounts import check_unchanged
from ddns.api.code_checks import CodeChecks, totp_purpose
from ddns.api.errors import Conflict, NotFound, WrongCode
from ddns.api.serializers import Json, account_json, second_factors_json
from ddns.model.second_factor import SecondFactors, Totp
from ddns.policy import secrets, totp


class SecondFactorOperations(CodeChecks):
    """One-time codes, recovery codes, and what there is besides."""

    async def second_factor_show(self) -> Json:
        """Show which second factors one has: whether one-time codes, how many recovery codes are
        left, and passkeys."""
        name = self._caller.logged_in_account()
        factors = await self._read(lambda context: context.second_factors(name))
        return second_factors_json(factors)

    async def totp_add(self, password: str) -> Json:
        """Begin to use one-time codes (RFC 6238): return a secret for an app, and its form for a QR
        code. From ``totp_confirm`` on each log-in takes a code."""
        account = await self._confirm_password(password)
        name, secret = account.name, totp.generate_secret()
        sealed = await self._seal(secret, totp_purpose(name))

        def work(context: WriteContext) -> None:
            check_unchanged(context, account)
            if context.second_factors(name).totp is not None:
                raise Conflict("you have one-time codes already; disable them first")
            context.transaction.put_totp(Totp(name, sealed, context.now))

        await self._transact(work, even_if_blocked=True)
        issuer = urlsplit(self._caller.origin).hostname or "ddns"
        return {"secret": secret, "uri": totp.uri(secret, name, issuer)}

    async def totp_confirm(self, code: str) -> Json:
        """Show by a first code that the app has the secret. The recovery codes in the answer are
        shown this once; they are made together with the first second factor, and null otherwise.
        With that, sessions end that were opened without one, but for this session."""
        name = self._caller.logged_in_account()
        kept = await self._read(lambda context: context.transaction.totp(name))
        if kept is None or kept.confirmed:
            raise NotFound("there are no one-time codes to confirm; begin again")
        step = self._guessed_step(kept, "".join(code.split()))
        if step is None:
            self._service.note_failure(name, self._caller.peer)
            raise WrongCode("that code is wrong; is the clock of your device right?")

        def work(context: WriteContext) -> list[str] | None:
            transaction = context.transaction
            if transaction.totp(name) != kept:
                raise Conflict("somebody else does the same at the moment; begin again")
            codes = first_codes(context, name)
            transaction.put_totp(dataclasses.replace(kept, confirmed=True, step=step))
            return codes

        codes = await self._transact(work, even_if_blocked=True)
        await self._end_weak_sessions(codes)
        return {"recovery_codes": codes}

    async def totp_disable(self, password: str) -> Json:
        """Use one-time codes no longer."""
        account = await self._confirm_password(password)

        def work(context: WriteContext) -> Json:
            check_unchanged(context, account)
            context.transaction.remove_totp(account.name)
            return second_factors_json(without_last(context, account.name))

        return await self._transact(work, even_if_blocked=True)

    async def recovery_codes_add(self, password: str) -> Json:
        """Get new recovery codes, each of which opens one session instead of a lost second factor.
        Former ones are no longer valid."""
        account = await self._confirm_password(password)

        def work(context: WriteContext) -> list[str]:
            check_unchanged(context, account)
            if not context.second_factors(account.name).exist:
                raise Conflict("you have no second factor that could be lost")
            return make_recovery_codes(context, account.name)

        return {"recovery_codes": await self._transact(work, even_if_blocked=True)}

    async def second_factor_remove(self, name: str) -> Json:
        """Remove all second factors of an account whose owner has lost them, recovery codes too:
        its password is enough to log in until there is another."""
        known = parsing.account_name(name)

        def work(context: WriteContext) -> Json:
            account, transaction = context.known_account(known), context.transaction
            transaction.remove_totp(known)
            for passkey in transaction.passkeys(known):
                transaction.remove_passkey(passkey.id)
            transaction.put_recovery_codes(known, ())
            return account_json(account)

        return await self._transact(work)

    async def _end_weak_sessions(self, codes: list[str] | None) -> None:
        """End the caller's other sessions that were opened without a second factor, if *codes* say
        that there was none until now."""
        service = self._service
        account = service.account_of(self._caller.logged_in_account())
        if codes is None or account is None:
            return
        for session in service.sessions_of(account):
            if not session.strong and session.digest != self._caller.session:
                service.sessions.close(session.digest)
        await service.write_sessions()


def make_recovery_codes(context: WriteContext, account: str) -> list[str]:
    """Give an account new recovery codes, which replace those that it had."""
    codes = [secrets.generate_recovery_code() for _ in range(secrets.RECOVERY_CODES)]
    context.transaction.put_recovery_codes(
        account, [secrets.digest_recovery_code(one) for one in codes]
    )
    return codes


def without_last(context: WriteContext, account: str) -> SecondFactors:
    """Return what is left after one of an account's second factors was removed. With the last one
    go the recovery codes."""
    if not context.second_factors(account).exist:
        context.transaction.put_recovery_codes(account, ())
    return context.second_factors(account)


def first_codes(context: WriteContext, account: str) -> list[str] | None:
    """Return recovery codes for an account that gets its first second factor, else None."""
    if context.second_factors(account).exist:
        return None
    return make_recovery_codes(context, account)
