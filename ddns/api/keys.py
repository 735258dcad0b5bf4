"""Operations on keys: the secrets that clients update hosts with."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import NamedTuple

from ddns.api import parsing, zone_parsing
from ddns.api.access import ReadContext, WriteContext
from ddns.api.base import BaseOperations
from ddns.api.errors import Conflict, Exceeded, Forbidden, Invalid, NotFound
from ddns.api.serializers import Json, key_json
from ddns.model import names
from ddns.model.account import Host, Key, KeyKind, Right
from ddns.policy import secrets
from ddns.store.interfaces import IReading

_LIMITED = (KeyKind.UPDATE, KeyKind.TSIG)
"""Kinds of keys that may be limited to zones and types."""


class KeyOperations(BaseOperations):
    """Keys of accounts."""

    async def key_list(self, account: str | None = None, host: str | None = None) -> Json:
        """List the keys of an account, or all of the caller's, without their secrets; or those that
        may update a *host* of theirs."""
        of_account = parsing.optional(parsing.account_name, account)
        name = parsing.optional(parsing.host_name, host)

        def work(context: ReadContext) -> Json:
            if name is None:
                keys = context.transaction.keys(context.account_filter(of_account))
            else:
                known = context.own_host(name)
                keys = keys_of(context, known) if of_account in (None, known.account) else []
            return {"keys": [key_json(key) for key in keys]}

        return await self._read(work)

    async def key_add(
        self,
        account: str | None = None,
        hosts: list[str] | None = None,
        kind: str = KeyKind.UPDATE,
        name: str | None = None,
        algorithm: str | None = None,
        secret: str | None = None,
        zones: list[str] | None = None,
        types: list[str] | None = None,
        rights: list[str] | None = None,
    ) -> Json:
        """Create a key for all hosts of the account or for the named ones. The answer holds the
        secret, which is not stored and cannot be shown again. People need not name the account: it
        is their own. Zones and types are limits of keys of kind update and tsig; name, algorithm
        and a secret that is there already are for those of kind tsig. A key with the right operator
        has no limits."""
        of, owner = parsing.key_kind(kind), self._account_or_own(account)
        only = None if not hosts else frozenset(parsing.host_name(host) for host in hosts)
        if of is not KeyKind.TSIG and any(one is not None for one in (name, algorithm, secret)):
            raise Invalid("name, algorithm and secret are for tsig keys")
        if of not in _LIMITED and any(one is not None for one in (zones, types)):
            raise Invalid("zones and types are for update and tsig keys")
        if of is KeyKind.FREEDNS and only is None:
            raise Invalid("a freedns key is for hosts: say for which")
        key = Key(
            0,
            owner,
            of,
            b"",
            only,
            rights=parsing.key_rights(of, rights),
            zones=parsing.key_zones(zones),
            types=frozenset(map(zone_parsing.record_type, types)) if types else None,
            tsig=parsing.tsig_name(name, algorithm) if of is KeyKind.TSIG else None,
        )
        if Right.OPERATOR in key.rights and any((hosts, zones, types)):
            raise Invalid("a key with the right operator has no limits of hosts, zones or types")
        await self._read(lambda context: context.own_account(owner))
        made = await self._new_secret(key, secret)

        def work(context: WriteContext) -> Json:
            transaction, limit = context.transaction, context.rules.keys_per_account
            context.own_account(owner)
            if not context.caller.operator and len(transaction.keys(owner)) >= limit:
                raise Exceeded(
                    "account {account} may have {limit} keys and has them",
                    account=owner,
                    limit=limit,
                )
            if of is KeyKind.DONDNS and (other := dondns_key(transaction, owner)) is not None:
                raise Conflict(
                    "account {account} has a DonDNS key already: regenerate or enable key {id}",
                    account=owner,
                    id=other.id,
                )
            for host in sorted(only or ()):
                found, zone = transaction.host(host), transaction.zone_of(host)
                whose = found.account if found else zone.account if zone else None
                if whose != owner:
                    raise NotFound(
                        "account {account} has no host {host}",
                        account=owner,
                        host=names.to_text(host),
                    )
            _check_rights(context, key)
            added = dataclasses.replace(
                key, digest=made.digest, sealed=made.sealed, created=context.now
            )
            return {"key": made.secret, **key_json(transaction.add_key(added))}

        return await self._transact(work)

    async def key_disable(self, number: int) -> Json:
        """Disable a key: clients cannot use it until it is enabled again."""
        return await self._change_key(number, even_if_blocked=True, enabled=False)

    async def key_enable(self, number: int) -> Json:
        """Enable a key again. Only an operator enables one with an operator's rights."""
        return await self._change_key(number, check=_check_operator, enabled=True)

    async def key_regenerate(self, number: int) -> Json:
        """Give a key another secret and enable it; the former secret becomes invalid. Only an
        operator does so with a key that has an operator's rights."""

        def read(context: ReadContext) -> Key:
            key = context.own_key(number)
            _check_operator(context, key)
            return key

        made = await self._new_secret(await self._read(read))
        changed = await self._change_key(
            number,
            check=_check_operator,
            digest=made.digest,
            sealed=made.sealed,
            enabled=True,
        )
        return {"key": made.secret, **changed}

    async def key_revoke(self, number: int) -> Json:
        """Remove a key. Clients can no longer use it."""

        def work(context: WriteContext) -> Json:
            key = context.own_key(number)
            context.transaction.remove_key(number)
            return key_json(key)

        return await self._transact(work, even_if_blocked=True)

    async def _change_key(
        self,
        number: int,
        *,
        check: Callable[[WriteContext, Key], None] = lambda context, key: None,
        even_if_blocked: bool = False,
        **changed: object,
    ) -> Json:
        """Change attributes of a key, if it passes the *check*."""

        def work(context: WriteContext) -> Json:
            before = context.own_key(number)
            check(context, before)
            key = dataclasses.replace(before, **changed)  # type: ignore[arg-type]
            context.transaction.change_key(key)
            return key_json(key)

        return await self._transact(work, even_if_blocked=even_if_blocked)

    async def _new_secret(self, key: Key, given: str | None = None) -> _NewSecret:
        """Return a secret for a key, or the one that was *given*, and what is stored of it."""
        by = ""
        if key.tsig is not None:
            by = names.to_text(key.tsig.name)  # keys of two names may have the same secret
            secret = plain = given or secrets.generate_tsig_secret()
            if not secrets.is_base64(secret):
                raise Invalid("the secret of a tsig key is Base64 of at least 16 octets")
        elif key.kind is KeyKind.MINIUPDATE:
            secret = secrets.generate_key(secrets.SHORT_KEY_LENGTH)
            plain = secrets.responder(secret)
        else:
            sent = secret = secrets.generate_key()
            if key.kind is KeyKind.FREEDNS:
                sent = secrets.freedns_login(key.account, secret)
            return _NewSecret(secret, secrets.digest_key(sent))
        sealed = await self._seal(plain, key.account.encode())
        return _NewSecret(secret, secrets.digest_key(by + secret), sealed)


def keys_of(context: ReadContext, host: Host) -> list[Key]:
    """Return the keys that may update a host."""
    return [key for key in context.transaction.keys(host.account) if key.reaches(host)]


class _NewSecret(NamedTuple):
    """A secret, the digest to store in its place, and what has to be stored sealed."""

    secret: str
    digest: bytes
    sealed: bytes | None = None


def _check_rights(context: WriteContext, key: Key) -> None:
    """Refuse a key that cannot be, or that opens what is not the caller's to give."""
    caller = context.caller
    if key.tsig is not None:
        if context.transaction.tsig_key(key.tsig.name) is not None:
            raise Conflict("there is a tsig key {name} already", name=names.to_text(key.tsig.name))
        if not caller.operator and key.tsig.algorithm in secrets.WEAK_ALGORITHMS:
            raise Forbidden(
                "only the operator makes keys for {algorithm}", algorithm=key.tsig.algorithm
            )
    _check_operator(context, key)
    for origin in sorted(key.zones or ()):
        zone = context.known_zone(origin) if caller.operator else context.own_zone(origin)
        if zone.account not in (None, key.account):
            raise NotFound(
                "account {account} has no zone {origin}",
                account=key.account,
                origin=names.to_text(origin),
            )


def _check_operator(context: ReadContext | WriteContext, key: Key) -> None:
    """Refuse to let somebody have an operator's rights by a key who does not have them already: an
    operator's password alone does not give them."""
    if Right.OPERATOR in key.rights and not context.caller.operator:
        raise Forbidden("only an operator makes keys with the right operator, or makes them work")


def dondns_key(reading: IReading, account: str) -> Key | None:
    """Return the DonDNS key of an account, of which there is one at most (DonDNS seed 2.1)."""
    keys = (key for key in reading.keys(account) if key.kind is KeyKind.DONDNS)
    return next(keys, None)
