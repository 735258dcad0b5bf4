"""Operations on keys."""

from __future__ import annotations

from functools import partial

from ddns.api import access, account_work, parsing
from ddns.api.base import Part
from ddns.api.errors import ApiError
from ddns.api.serializers import Json
from ddns.model.account import Key, KeyKind
from ddns.policy import secrets
from ddns.system.secret_box import SecretBoxError


class Keys(Part):
    """Secrets that clients update hosts with."""

    async def key_list(self, account: str | None = None) -> Json:
        """The keys of an account, or all that are the caller's; never the secrets."""
        known = None if account is None else parsing.account_name(account)
        listed = partial(account_work.key_list, caller=self._caller, account=known)
        return {"keys": await self._read(listed)}

    async def key_add(
        self,
        account: str | None = None,
        hosts: list[str] | None = None,
        kind: str = KeyKind.UPDATE,
    ) -> Json:
        """A new key, for all hosts of the account or for the named ones. The answer holds the
        secret, which is not kept and cannot be shown again. People need not name the account: it is
        their own."""
        of, known = parsing.key_kind(kind), access.account_meant(self._caller, account)
        only = None if not hosts else frozenset(parsing.host_name(host) for host in hosts)
        await self._read(lambda reading: access.own_account(reading, self._caller, known))
        secret, digest, sealed = await self._new_secret(of, known)
        key = Key(0, known, of, digest, only, self._now(), sealed)
        add = partial(account_work.key_add, caller=self._caller, rules=self.rules, key=key)
        added = await self._transact(add)
        return {"key": secret, **added}

    async def _new_secret(self, kind: KeyKind, account: str) -> tuple[str, bytes, bytes | None]:
        """A secret, what is stored in its place, and what is sealed if it answers challenges."""
        if kind is not KeyKind.MINIUPDATE:
            secret = secrets.generate_key()
            return secret, secrets.digest_key(secret), None
        secret = secrets.generate_key(secrets.SHORT_KEY_LENGTH)
        beside = await self._read(lambda reading: reading.any_sealed_secret())
        seal = partial(
            self._secret_box.seal, secrets.responder(secret).encode(), account.encode(), beside
        )
        try:
            return secret, secrets.digest_key(secret), await self._run_slow(seal)
        except SecretBoxError as error:
            raise ApiError(str(error)) from error

    async def key_disable(self, number: int) -> Json:
        """Keep a key, but let it open nothing."""
        return await self._enable(number, False)

    async def key_enable(self, number: int) -> Json:
        """Let a key open again what it is for."""
        return await self._enable(number, True)

    async def _enable(self, number: int, enabled: bool) -> Json:
        return await self._transact(
            partial(account_work.key_enable, caller=self._caller, number=number, enabled=enabled),
            blocked_too=not enabled,
        )

    async def key_regenerate(self, number: int) -> Json:
        """Give a key another secret, and enable it; the former one opens nothing any more."""
        key = await self._read(partial(access.own_key, caller=self._caller, number=number))
        secret, digest, sealed = await self._new_secret(key.kind, key.account)
        changed = await self._transact(
            partial(
                account_work.key_regenerate,
                caller=self._caller,
                number=number,
                digest=digest,
                sealed=sealed,
            )
        )
        return {"key": secret, **changed}

    async def key_revoke(self, number: int) -> Json:
        """Remove a key; it opens nothing from then on."""
        return await self._transact(
            partial(account_work.key_revoke, caller=self._caller, number=number), blocked_too=True
        )
