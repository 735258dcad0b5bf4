"""Operations of people on their passkeys, and logging in with one."""

from __future__ import annotations

import dataclasses
from functools import partial

from ddns.api.access import WriteContext
from ddns.api.errors import Conflict, Exceeded, Invalid, NotFound, Unauthenticated
from ddns.api.second_factors import SecondFactorOperations, first_codes, without_last
from ddns.api.serializers import Json, passkey_json
from ddns.model import records
from ddns.model.second_factor import Passkey
from ddns.policy import passkeys, secrets
from ddns.policy.passkeys import BadPasskey, Site

MAX_PASSKEYS = 20
"""Maximum of passkeys of one account."""

MAX_NAME = 64
"""Maximum of characters in the name of a passkey."""

LOGGING_IN = ""
"""Whose challenges for logging in are: nobody's yet."""


class PasskeyOperations(SecondFactorOperations):
    """Passkeys, each of which stands for a password and a second factor."""

    async def passkey_options(self, password: str) -> Json:
        """Begin to make a passkey (WebAuthn): return the options for ``navigator.credentials`` in
        the browser, which are good for five minutes and once."""
        site, account = self._site(), await self._confirm_password(password)
        name = account.name
        present = await self._read(lambda context: context.transaction.passkeys(name))
        _check_count(present)
        challenge = self._challenge_for(name)
        return {"options": passkeys.creation_options(site, challenge, account, present)}

    async def passkey_add(self, name: str, credential: Json) -> Json:
        """Keep the passkey that the browser has made, as the JSON that it returns, under a *name*
        for its owner. The recovery codes in the answer are shown this once; they are made together
        with the first second factor, and null otherwise. With that, sessions end that were opened
        without one, but for this session."""
        site, account = self._site(), self._caller.logged_in_account()
        label = name.strip()
        if not label.isprintable() or not 1 <= len(label) <= MAX_NAME:
            raise Invalid("a passkey has a name of 1 to {most} characters", most=MAX_NAME)
        try:
            challenge = passkeys.challenge_in(credential)
            if self._service.challenges.take(challenge, self._service.clock()) != account:
                raise Conflict("this took too long, or was done already; begin again")
            made = await self._run_slow(partial(passkeys.verify_new, credential, site, challenge))
        except BadPasskey as error:
            raise Invalid("this passkey is not taken: {error}", error=error) from error

        def work(context: WriteContext) -> Json:
            transaction = context.transaction
            _check_count(transaction.passkeys(account))
            if transaction.passkey(made.id) is not None:
                raise Conflict("this passkey is known already")
            codes = first_codes(context, account)
            key = Passkey(0, account, made.id, made.public_key, made.counter, label, context.now)
            return {"passkey": passkey_json(transaction.add_passkey(key)), "recovery_codes": codes}

        answer = await self._transact(work, even_if_blocked=True)
        await self._end_weak_sessions(answer["recovery_codes"])
        return answer

    async def passkey_list(self) -> Json:
        """List one's passkeys, oldest first, and when each was last used."""
        name = self._caller.logged_in_account()
        found = await self._read(lambda context: context.transaction.passkeys(name))
        return {"passkeys": [passkey_json(passkey) for passkey in found]}

    async def passkey_remove(self, number: int) -> Json:
        """Remove one of one's passkeys: it opens nothing any more."""
        name = self._caller.logged_in_account()

        def work(context: WriteContext) -> Json:
            for passkey in context.transaction.passkeys(name):
                if passkey.id == number:
                    context.transaction.remove_passkey(number)
                    without_last(context, name)
                    return passkey_json(passkey)
            raise NotFound("there is no passkey {number}", number=number)

        return await self._transact(work, even_if_blocked=True)

    async def passkey_login_options(self) -> Json:
        """Begin to log in with a passkey, whoever it may be: return the options for
        ``navigator.credentials`` in the browser, which are good for five minutes and once."""
        challenge = self._challenge_for(LOGGING_IN)
        return {"options": passkeys.request_options(self._site(), challenge)}

    async def passkey_log_in(self, credential: Json) -> Json:
        """Open a session with a passkey, which stands for name, password and second factor: the
        JSON that the browser returns."""
        service, site = self._service, self._site()
        try:
            challenge = passkeys.challenge_in(credential)
            known_as = passkeys.credential_id(credential)
            if service.challenges.take(challenge, service.clock()) != LOGGING_IN:
                raise Unauthenticated("this took too long, or was done already; begin again")
            passkey = await self._read(lambda context: context.transaction.passkey(known_as))
            account = None if passkey is None else service.account_of(passkey.account)
            if passkey is None or account is None or account.password is None:
                raise Unauthenticated("nobody here has this passkey")
            counter = await self._run_slow(
                partial(passkeys.verify_use, credential, site, challenge, passkey, account)
            )
        except BadPasskey as error:
            raise Unauthenticated("this passkey is not taken: {error}", error=error) from error

        def work(context: WriteContext) -> bool:
            present = context.transaction.passkey(known_as)
            if present is None or dataclasses.replace(present, used=passkey.used) != passkey:
                return False  # removed, or used again with the same counter
            context.transaction.use_passkey(passkey.id, counter, context.now)
            return True

        if not await self._transact(work):
            raise Unauthenticated("this passkey is not taken: somebody else uses it")
        return await service.open_session(account, self._caller, strong=True)

    def _site(self) -> Site:
        """Return the site that the caller sees.

        :raises Invalid: where browsers have no passkeys.
        """
        site = passkeys.site(self._caller.origin)
        if site is None:
            raise Invalid("passkeys take HTTPS, and a server that has a name")
        return site

    def _challenge_for(self, purpose: str) -> str:
        """Return a challenge that is good once, for an account or for :data:`LOGGING_IN`."""
        service, challenge = self._service, secrets.generate_token()
        to = purpose or records.network_of(self._caller.peer)
        service.challenges.add(challenge, purpose, to, service.clock())
        return challenge


def _check_count(present: list[Passkey]) -> None:
    if len(present) >= MAX_PASSKEYS:
        raise Exceeded("an account may have {limit} passkeys and has them", limit=MAX_PASSKEYS)
