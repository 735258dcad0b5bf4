"""Operations on hosts and on records of any type."""

from __future__ import annotations

from functools import partial

from ddns.api import account_work, values, zone_work
from ddns.api.part import Part
from ddns.api.values import Json


class Hosts(Part):
    """Names that clients update, and records."""

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
        """A host with its records and what clients asked for it last."""
        await self._requests_written()
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
