"""Operations on zones."""

from __future__ import annotations

from functools import partial

from ddns.api import parsing, zone_work
from ddns.api.base import Part
from ddns.api.errors import Conflict
from ddns.api.serializers import Json
from ddns.model.account import Registration
from ddns.model.rows import Row
from ddns.store.interfaces import IScan

MAX_IMPORTS = 4
"""How many imports may be under way."""


class Zones(Part):
    """Zones that this server is authoritative for."""

    async def zone_list(self) -> Json:
        """All zones; for people their own and those that they may register hosts in."""
        return {"zones": await self._read(partial(zone_work.zone_list, caller=self._caller))}

    async def zone_add(
        self,
        origin: str,
        ns: list[Json] | None = None,
        account: str | None = None,
        addresses: str | None = None,
        registration: str = Registration.CLOSED,
    ) -> Json:
        """A new zone with SOA and NS records. *ns* is a list of ``{"name", "address"}``;
        *registration* says who may register hosts in it, *addresses* whether clients may give hosts
        any or only public ones: the latter where it is not said and the zone not closed."""
        return await self._transact(
            partial(
                zone_work.zone_add,
                origin=parsing.name(origin),
                servers=parsing.servers(ns or []),
                account=None if account is None else parsing.account_name(account),
                addresses=None if addresses is None else parsing.addresses(addresses),
                registration=parsing.registration(registration),
                now=self._now(),
            )
        )

    async def zone_set(
        self,
        origin: str,
        account: str | None = None,
        addresses: str | None = None,
        registration: str | None = None,
    ) -> Json:
        """Change a zone's owner, ``""`` for the operator, which addresses its hosts may have, or
        who may register them. What is not given stays, but a zone that is opened has public
        addresses only. Its owner may not give it away."""
        changed: Json = {}
        if account is not None:
            changed["account"] = parsing.account_name(account) if account else None
        if addresses is not None:
            changed["addresses"] = parsing.addresses(addresses)
        if registration is not None:
            changed["registration"] = parsing.registration(registration)
        return await self._transact(
            partial(
                zone_work.zone_set,
                caller=self._caller,
                origin=parsing.name(origin),
                changed=changed,
            )
        )

    async def zone_remove(self, origin: str) -> Json:
        """Remove a zone with its hosts and records."""
        return await self._transact(
            partial(
                zone_work.zone_remove,
                rules=self.rules,
                origin=parsing.name(origin),
                now=self._now(),
            ),
            bulk=True,
        )

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
            if len(self._stages) > MAX_IMPORTS:  # whoever began the oldest has gone, it seems
                gone = next(iter(self._stages))
                del self._stages[gone]
                await self._transact(lambda transaction: transaction.drop_staged(gone))
        return await self._transact(
            partial(
                zone_work.zone_import,
                origin=parsing.name(origin),
                rows=rows,
                stage=stage,
                last=last,
                serial=serial,
                replace_hosts=replace_hosts,
                now=self._now(),
            ),
            bulk=True,
        )

    async def zone_scan(self, origin: str) -> tuple[Row, IScan]:
        """A zone's SOA with its serial, and its records. These come by a walk that the caller has
        to close, and the SOA is among them with serial 0."""
        known = parsing.name(origin)
        soa = await self._read(partial(zone_work.soa_row, origin=known))
        return soa, self._store.scan(known)
