"""Operations on keys: the secrets that clients update hosts with."""

from __future__ import annotations

import dataclasses
from functools import partial

from ddns.api import parsing
from ddns.api.access import ReadContext, WriteContext
from ddns.api.base import BaseOperations
from ddns.api.errors import ApiError, Conflict, Exceeded, NotFound
from ddns.api.serializers import Json, key_json
from ddns.model import names
from ddns.model.account import Key, KeyKind
from ddns.policy import secrets
from ddns.store.interfaces import IReading
from ddns.system.secret_box import SecretBoxError


class KeyOperations(BaseOperations):
    """Keys of accounts."""

    async def key_list(self, account: str | None = None) -> Json:
        """List the keys of an account, or all of the caller's, without their secrets."""
        of_account = parsing.optional(parsing.account_name, account)

        def work(context: ReadContext) -> Json:
            keys = context.transaction.keys(context.account_filter(of_account))
            return {"keys": [key_json(key) for key in keys]}

        return await self._read(work)

    async def key_add(
        self,
        account: str | None = None,
        hosts: list[str] | None = None,
        kind: str = KeyKind.UPDATE,
    ) -> Json:
        """Create a key for all hosts of the account or for the named ones. The answer holds the
        secret, which is not stored and cannot be shown again. People need not name the account: it
        is their own."""
        of, owner = parsing.key_kind(kind), self._account_or_own(account)
        only = None if not hosts else frozenset(parsing.host_name(host) for host in hosts)
        await self._read(lambda context: context.own_account(owner))
        secret, digest, sealed = await self._new_secret(of, owner)

        def work(context: WriteContext) -> Json:
            transaction, limit = context.transaction, context.rules.keys_per_account
            context.own_account(owner)
            if not context.caller.operator and len(transaction.keys(owner)) >= limit:
                raise Exceeded(f"account {owner} may have {limit} keys and has them")
            if of is KeyKind.DONDNS and (other := dondns_key(transaction, owner)) is not None:
                raise Conflict(
                    f"account {owner} has a DonDNS key already: regenerate or enable key {other.id}"
                )
            for name in sorted(only or ()):
                host, zone = transaction.host(name), transaction.zone_of(name)
                whose = host.account if host else zone.account if zone else None
                if whose != owner:
                    raise NotFound(f"account {owner} has no host {names.to_text(name)}")
            key = transaction.add_key(Key(0, owner, of, digest, only, context.now, sealed))
            return {"key": secret, **key_json(key)}

        return await self._transact(work)

    async def key_disable(self, number: int) -> Json:
        """Disable a key: clients cannot use it until it is enabled again."""
        return await self._change_key(number, even_if_blocked=True, enabled=False)

    async def key_enable(self, number: int) -> Json:
        """Enable a key again."""
        return await self._change_key(number, enabled=True)

    async def key_regenerate(self, number: int) -> Json:
        """Give a key another secret and enable it; the former secret becomes invalid."""
        key = await self._read(lambda context: context.own_key(number))
        secret, digest, sealed = await self._new_secret(key.kind, key.account)
        changed = await self._change_key(number, digest=digest, sealed=sealed, enabled=True)
        return {"key": secret, **changed}

    async def key_revoke(self, number: int) -> Json:
        """Remove a key. Clients can no longer use it."""

        def work(context: WriteContext) -> Json:
            key = context.own_key(number)
            context.transaction.remove_key(number)
            return key_json(key)

        return await self._transact(work, even_if_blocked=True)

    async def _change_key(
        self, number: int, *, even_if_blocked: bool = False, **changed: object
    ) -> Json:
        """Change attributes of a key."""

        def work(context: WriteContext) -> Json:
            key = dataclasses.replace(context.own_key(number), **changed)  # type: ignore[arg-type]
            context.transaction.change_key(key)
            return key_json(key)

        return await self._transact(work, even_if_blocked=even_if_blocked)

    async def _new_secret(self, kind: KeyKind, account: str) -> tuple[str, bytes, bytes | None]:
        """Return a secret, the digest to store in its place, and for a key that answers challenges
        what has to be stored sealed."""
        if kind is not KeyKind.MINIUPDATE:
            secret = secrets.generate_key()
            return secret, secrets.digest_key(secret), None
        secret = secrets.generate_key(secrets.SHORT_KEY_LENGTH)
        other = await self._read(lambda context: context.transaction.any_sealed_secret())
        plain = secrets.responder(secret).encode()
        try:
            sealed = await self._run_slow(
                partial(self._secret_box.seal, plain, account.encode(), other)
            )
        except SecretBoxError as error:
            raise ApiError(str(error)) from error
        return secret, secrets.digest_key(secret), sealed


def dondns_key(reading: IReading, account: str) -> Key | None:
    """Return the DonDNS key of an account, of which there is one at most (DonDNS seed 2.1)."""
    keys = (key for key in reading.keys(account) if key.kind is KeyKind.DONDNS)
    return next(keys, None)
