"""Changing accounts, their keys, and what waits for a token that one of them was sent."""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod

from ddns.model.account import Account, Key, PendingToken
from ddns.model.journal import EventKind, public
from ddns.store.interfaces import StoreError
from ddns.store.sqlite.unit_of_work import UnitOfWork


class People(UnitOfWork, ABC):
    """The part of a transaction that is about people."""

    @abstractmethod
    def remove_host(self, name: bytes) -> None:
        """See :class:`ddns.store.interfaces.ITransaction`."""

    def put_account(self, account: Account) -> None:
        self._direct()
        before = self.account(account.name)
        self._execute(
            "insert into account (name, password, created, block_reason, block_since, block_until,"
            " host_limit, email) values (?, ?, ?, ?, ?, ?, ?, ?) on conflict (name) do update set"
            " password = excluded.password, block_reason = excluded.block_reason,"
            " block_since = excluded.block_since, block_until = excluded.block_until,"
            " host_limit = excluded.host_limit, email = excluded.email",
            (
                account.name,
                account.password,
                account.created,
                *(dataclasses.astuple(account.block) if account.block else (None, None, None)),
                account.host_limit,
                account.email,
            ),
        )
        self._journal(
            EventKind.ACCOUNT, account.name, public(before), public(account), value=account
        )

    def remove_account(self, name: str) -> None:
        account = self.account(name)
        if account is None:
            raise StoreError(f"there is no account {name}")
        for host in self.hosts(account=name):
            self.remove_host(host.name)
        for key in self.keys(name):
            self.remove_key(key.id)
        self.remove_pending_tokens(name)
        self._direct()
        self._execute("delete from account where name = ?", (name,))
        self._journal(EventKind.ACCOUNT, name, public(account), None)

    def add_key(self, key: Key) -> Key:
        self._direct()
        cursor = self._execute(
            "insert into key (account, kind, digest, limited, created, sealed, enabled)"
            " values (?, ?, ?, ?, ?, ?, ?)",
            (
                key.account,
                str(key.kind),
                key.digest,
                key.hosts is not None,
                key.created,
                key.sealed,
                key.enabled,
            ),
        )
        assert cursor.lastrowid is not None
        key = dataclasses.replace(key, id=cursor.lastrowid)
        self._many(
            "insert into key_host (key, name) values (?, ?)",
            [(key.id, name) for name in sorted(key.hosts or ())],
        )
        self._journal(EventKind.KEY, str(key.id), None, public(key), value=key)
        return key

    def change_key(self, key: Key) -> None:
        before = self.key(key.id)
        if before is None:
            raise StoreError(f"there is no key {key.id}")
        self._direct()
        self._execute(
            "update key set digest = ?, sealed = ?, enabled = ? where id = ?",
            (key.digest, key.sealed, key.enabled, key.id),
        )
        key = dataclasses.replace(before, digest=key.digest, sealed=key.sealed, enabled=key.enabled)
        self._journal(EventKind.KEY, str(key.id), public(before), public(key), value=key)

    def remove_key(self, number: int) -> None:
        key = self.key(number)
        if key is None:
            raise StoreError(f"there is no key {number}")
        self._direct()
        self._execute("delete from key where id = ?", (number,))
        self._journal(EventKind.KEY, str(number), public(key), None)

    # Tokens that went out by mail ------------------------------------------------------------

    def put_pending_token(self, pending: PendingToken) -> None:
        self._direct()
        self._execute(
            "insert into pending (digest, purpose, account, expires, email, password)"
            " values (?, ?, ?, ?, ?, ?)",
            (
                pending.digest,
                str(pending.purpose),
                pending.account,
                pending.expires,
                pending.email,
                pending.password,
            ),
        )

    def remove_pending_tokens(self, account: str) -> None:
        self._direct()
        self._execute("delete from pending where account = ?", (account,))

    def expire_pending_tokens(self, now: float) -> None:
        self._direct()
        self._execute("delete from pending where expires <= ?", (now,))
