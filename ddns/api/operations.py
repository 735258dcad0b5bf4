"""What an operator can do, one coroutine an operation, each a transaction of the store.

Every operation returns what JSON can hold, and returns it only when our DNS answers the change.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, TypeVar

from ddns.api import account_work, values, zone_work
from ddns.api.errors import ApiError, Conflict, Invalid
from ddns.model.account import Addresses, Key, KeyKind
from ddns.model.journal import Author
from ddns.model.rows import Row
from ddns.policy import secrets
from ddns.store.interfaces import IReading, IScan, IStore, ITransaction, StoreError
from ddns.vault import Vault, VaultError

T = TypeVar("T")

Json = dict[str, Any]


MOST_IMPORTS = 4
"""How many imports may be under way."""


class Operations:
    """*published* waits until our DNS answers what was committed to zones; *run_slow* runs a
    function outside the reactor's thread; *now* tells seconds since 1970; *vault* seals secrets."""

    def __init__(
        self,
        store: IStore,
        published: Callable[[frozenset[bytes]], Awaitable[None]],
        run_slow: values.RunSlow,
        now: Callable[[], float],
        vault: Vault,
        via: str = "command",
    ) -> None:
        self._store = store
        self._published = published
        self._run_slow = run_slow
        self._now = now
        self._vault = vault
        self._via = via
        self._stages: dict[str, int] = {}

    async def _transact(self, function: Callable[[ITransaction], T]) -> T:
        try:
            author = Author("operator", self._via, self._now())
            committed = await self._store.transact(author, function)
            await self._published(committed.zones)
        except StoreError as error:
            raise ApiError(str(error)) from error
        return committed.value

    async def _read(self, function: Callable[[IReading], T]) -> T:
        try:
            return await self._store.read(function)
        except StoreError as error:
            raise ApiError(str(error)) from error

    # Zones -----------------------------------------------------------------------------------

    async def zone_list(self) -> Json:
        """All zones."""
        return {"zones": await self._read(lambda r: [values.zone_json(z) for z in r.zones()])}

    async def zone_add(
        self,
        origin: str,
        ns: list[Json] | None = None,
        account: str | None = None,
        addresses: str = Addresses.ANY,
    ) -> Json:
        """A new zone with SOA and NS records. *ns* is a list of ``{"name", "address"}``;
        *addresses* says whether hosts may have any or only public ones."""
        return await self._transact(
            partial(
                zone_work.zone_add,
                origin=values.name(origin),
                servers=values.servers(ns or []),
                account=None if account is None else values.account_name(account),
                addresses=values.addresses(addresses),
                now=self._now(),
            )
        )

    async def zone_set(
        self, origin: str, account: str | None = None, addresses: str | None = None
    ) -> Json:
        """Change a zone's owner, ``""`` for the operator, or which addresses its hosts may have.
        What is not given stays."""
        changed: Json = {}
        if account is not None:
            changed["account"] = values.account_name(account) if account else None
        if addresses is not None:
            changed["addresses"] = values.addresses(addresses)
        return await self._transact(
            partial(zone_work.zone_set, origin=values.name(origin), changed=changed)
        )

    async def zone_remove(self, origin: str) -> Json:
        """Remove a zone with its hosts and records."""
        return await self._transact(partial(zone_work.zone_remove, origin=values.name(origin)))

    async def zone_import(
        self,
        origin: str,
        rows: bytes,
        stage: str,
        part: int = 0,
        last: bool = True,
        serial: int = 1,
        replace_hosts: bool = False,
    ) -> Json:
        """Rows of a zone (:mod:`ddns.model.rows`), to take effect together with the *last* ones.

        *stage* is a name that the caller chose for this import, *part* counts its calls from 0,
        *serial* is the file's.
        """
        if part != self._stages.pop(stage, 0):
            raise Conflict("this part of the import is not the next; begin it again")
        if not last:
            self._stages[stage] = part + 1
            if len(self._stages) > MOST_IMPORTS:  # whoever began the oldest has gone, it seems
                gone = next(iter(self._stages))
                del self._stages[gone]
                await self._transact(lambda transaction: transaction.drop_staged(gone))
        return await self._transact(
            partial(
                zone_work.zone_import,
                origin=values.name(origin),
                rows=rows,
                stage=stage,
                last=last,
                serial=serial,
                replace_hosts=replace_hosts,
                now=self._now(),
            )
        )

    async def zone_scan(self, origin: str) -> tuple[Row, IScan]:
        """The zone's SOA with its serial, and a walk over its records, the SOA with serial 0 among
        them; the caller closes it."""
        known = values.name(origin)
        soa = await self._read(partial(zone_work.soa_row, origin=known))
        return soa, self._store.scan(known)

    # Accounts and keys -----------------------------------------------------------------------

    async def account_list(self) -> Json:
        """All accounts."""
        return {
            "accounts": await self._read(lambda r: [values.account_json(a) for a in r.accounts()])
        }

    async def account_add(self, name: str, password: str | None = None) -> Json:
        """A new account, with or without a password."""
        known = values.account_name(name)
        hashed = None
        if password is not None:
            if not password:
                raise Invalid("an empty password is not possible")
            try:
                hashed = await self._run_slow(partial(secrets.hash_password, password))
            except UnicodeEncodeError:
                raise Invalid("a password has to be UTF-8") from None
        return await self._transact(
            partial(account_work.account_add, name=known, password=hashed, now=self._now())
        )

    async def account_show(self, name: str) -> Json:
        """An account with its keys, without their secrets, its hosts and zones."""
        return await self._read(partial(account_work.account_show, name=values.account_name(name)))

    async def account_remove(self, name: str) -> Json:
        """Remove an account with its keys and hosts."""
        return await self._transact(
            partial(account_work.account_remove, name=values.account_name(name))
        )

    async def key_list(self, account: str | None = None) -> Json:
        """The keys of an account, or all; never the secrets."""
        known = None if account is None else values.account_name(account)
        return {"keys": await self._read(partial(account_work.key_list, account=known))}

    async def key_add(
        self, account: str, hosts: list[str] | None = None, kind: str = KeyKind.UPDATE
    ) -> Json:
        """A new key, for all hosts of the account or for the named ones. The answer holds the
        secret, which is not kept and cannot be shown again."""
        of, known = values.key_kind(kind), values.account_name(account)
        only = None if not hosts else frozenset(values.host_name(host) for host in hosts)
        await self._read(lambda reading: values.known_account(reading, known))
        secret, digest, sealed = await self._new_secret(of, known)
        key = Key(0, known, of, digest, only, self._now(), sealed)
        added = await self._transact(partial(account_work.key_add, key=key))
        return {"key": secret, **added}

    async def _new_secret(self, kind: KeyKind, account: str) -> tuple[str, bytes, bytes | None]:
        """A secret, what is stored in its place, and what is sealed if it answers challenges."""
        if kind is not KeyKind.MINIUPDATE:
            secret = secrets.generate_key()
            return secret, secrets.digest_key(secret), None
        secret = secrets.generate_key(secrets.SHORT_KEY_LENGTH)
        beside = await self._read(lambda reading: reading.something_sealed())
        seal = partial(
            self._vault.seal, secrets.responder(secret).encode(), account.encode(), beside
        )
        try:
            return secret, secrets.digest_key(secret), await self._run_slow(seal)
        except VaultError as error:
            raise ApiError(str(error)) from error

    async def key_disable(self, number: int) -> Json:
        """Keep a key, but let it open nothing."""
        return await self._transact(partial(account_work.key_enable, number=number, enabled=False))

    async def key_enable(self, number: int) -> Json:
        """Let a key open again what it is for."""
        return await self._transact(partial(account_work.key_enable, number=number, enabled=True))

    async def key_regenerate(self, number: int) -> Json:
        """Give a key another secret, and enable it; the former one opens nothing any more."""
        key = await self._read(partial(values.known_key, number=number))
        secret, digest, sealed = await self._new_secret(key.kind, key.account)
        changed = await self._transact(
            partial(account_work.key_regenerate, number=number, digest=digest, sealed=sealed)
        )
        return {"key": secret, **changed}

    async def key_revoke(self, number: int) -> Json:
        """Remove a key; it opens nothing from then on."""
        return await self._transact(partial(account_work.key_revoke, number=number))

    # Hosts and records -----------------------------------------------------------------------

    async def host_list(self, account: str | None = None, zone: str | None = None) -> Json:
        """All hosts, those of an account, those in a zone."""
        return {
            "hosts": await self._read(
                partial(
                    account_work.host_list,
                    account=None if account is None else values.account_name(account),
                    zone=None if zone is None else values.name(zone),
                )
            )
        }

    async def host_show(self, name: str) -> Json:
        """A host with its records."""
        return await self._read(partial(account_work.host_show, name=values.host_name(name)))

    async def host_add(
        self,
        name: str,
        account: str,
        ttl: int | None = None,
        records: list[Json] | None = None,
    ) -> Json:
        """A host of an account in the zone that its name lies in, with the given records: a list of
        ``{"type", "rdata"}`` in presentation form."""
        return await self._transact(
            partial(
                account_work.host_add,
                name=values.host_name(name),
                account=values.account_name(account),
                ttl=values.ttl(ttl),
                given=values.records_by_type(records or []),
                now=self._now(),
            )
        )

    async def host_remove(self, name: str) -> Json:
        """Remove a host with its records."""
        return await self._transact(partial(account_work.host_remove, name=values.host_name(name)))

    async def record_set(
        self, owner: str, type: str, rdatas: list[str], ttl: int | None = None
    ) -> Json:
        """Make the RRset of a name and type exactly these records, given in presentation form."""
        number = values.record_type(type)
        return await self._transact(
            partial(
                zone_work.record_set,
                owner=values.name(owner),
                number=number,
                rdatas=values.rdatas(number, rdatas),
                ttl=values.ttl(ttl),
            )
        )

    async def record_delete(self, owner: str, type: str | None = None) -> Json:
        """Delete the RRset of a name and type, or all RRsets of the name."""
        return await self._transact(
            partial(
                zone_work.record_delete,
                owner=values.name(owner),
                number=None if type is None else values.record_type(type),
            )
        )
