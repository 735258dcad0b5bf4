"""Changing the SQLite database: each change is written together with its journal row."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from zope.interface import implementer

from ddns.model import names
from ddns.model.account import Account, Host, Key, ZoneInfo
from ddns.model.journal import EventKind, public
from ddns.model.requests import Noted
from ddns.store.interfaces import ITransaction, StoreError
from ddns.store.reading import dormant_bits
from ddns.store.registering import Registering
from ddns.store.requests import log_requests
from ddns.store.staging import Staging


@implementer(ITransaction)
class Transaction(Staging, Registering):
    """One author's changes within a batch."""

    # Zones -----------------------------------------------------------------------------------

    def put_zone(self, zone: ZoneInfo) -> None:
        self._direct()
        before = self.zone(zone.origin)
        if before is None:
            self._execute(
                "insert into zone (origin, serial, account, created, addresses, registration)"
                " values (?, ?, ?, ?, ?, ?)",
                (
                    zone.origin,
                    zone.serial,
                    zone.account,
                    zone.created,
                    str(zone.addresses),
                    str(zone.registration),
                ),
            )
            self._serials[zone.origin] = zone.serial
        else:
            given = self._given_serial(zone.origin)
            serial = before.serial if given is None else given
            zone = dataclasses.replace(zone, serial=serial, created=before.created)
            self._execute(
                "update zone set account = ?, addresses = ?, registration = ? where origin = ?",
                (zone.account, str(zone.addresses), str(zone.registration), zone.origin),
            )
        self._batch.zones.clear()
        self._journal(
            EventKind.ZONE,
            names.to_text(zone.origin),
            public(before),
            public(zone),
            zone=zone.origin,
            serial=zone.serial,
            value=zone,
        )

    def remove_zone(self, origin: bytes) -> None:
        self._direct()
        zone = self._known_zone(origin)
        self._release_all(origin)
        self._execute("delete from zone where origin = ?", (origin,))
        self._batch.zones.clear()
        self._serials.pop(origin, None)
        if (given := self._batch.serials.pop(origin, None)) is not None:
            self._forgotten.setdefault(origin, given)
        self._journal(EventKind.ZONE, names.to_text(origin), public(zone), None, zone=origin)

    # Accounts and keys -----------------------------------------------------------------------

    def put_account(self, account: Account) -> None:
        self._direct()
        before = self.account(account.name)
        self._execute(
            "insert into account (name, password, created, block_reason, block_since, block_until,"
            " host_limit) values (?, ?, ?, ?, ?, ?, ?) on conflict (name) do update set"
            " password = excluded.password, block_reason = excluded.block_reason,"
            " block_since = excluded.block_since, block_until = excluded.block_until,"
            " host_limit = excluded.host_limit",
            (
                account.name,
                account.password,
                account.created,
                *(dataclasses.astuple(account.block) if account.block else (None, None, None)),
                account.host_limit,
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

    # Hosts -----------------------------------------------------------------------------------

    def put_host(self, host: Host) -> None:
        self._direct()
        before = self.host(host.name)
        self._execute(
            "insert into host (name, zone, account, ttl, created, dormant)"
            " values (?, (select id from zone where origin = ?), ?, ?, ?, ?)"
            " on conflict (name) do update set account = excluded.account, ttl = excluded.ttl,"
            " dormant = excluded.dormant",
            (
                host.name,
                host.zone,
                host.account,
                host.ttl,
                host.created,
                dormant_bits(host.dormant),
            ),
        )
        if before is None:
            self._execute("delete from released where name = ?", (host.name,))
            owners = names.with_below(host.name)
            self._execute(
                f"update rrset set of_host = 1 where owner in ({','.join('?' * len(owners))})"
                " and zone = (select id from zone where origin = ?)",
                (*owners, host.zone),
            )
        self._journal(
            EventKind.HOST,
            names.to_text(host.name),
            public(before),
            public(host),
            owner=host.name,
            value=host,
        )

    def remove_host(self, name: bytes) -> None:
        host = self.host(name)
        if host is None:
            raise StoreError(f"there is no host {names.to_text(name)}")
        for owner in names.with_below(name):
            for rrset in self.rrsets(host.zone, owner):
                self.put_rrset(host.zone, dataclasses.replace(rrset, rdatas=()))
        self._direct()
        self._execute("delete from host where name = ?", (name,))
        self._release(host)
        self._journal(EventKind.HOST, names.to_text(name), public(host), None, owner=name)

    # Requests --------------------------------------------------------------------------------

    def log_requests(
        self, requests: Sequence[Noted], per_host: int, failed_per_host: int, rows: int
    ) -> None:
        self._direct()
        log_requests(self._connection, requests, per_host, failed_per_host, rows)
