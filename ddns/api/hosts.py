"""Operations on hosts and on records of any type."""

from __future__ import annotations

from functools import partial

from ddns.api import access, host_work, parsing, record_work
from ddns.api.base import Part
from ddns.api.errors import Invalid
from ddns.api.serializers import Json

MAX_EVENTS = 100


class Hosts(Part):
    """Names that clients update, and records."""

    async def host_list(self, account: str | None = None, zone: str | None = None) -> Json:
        """All hosts, those of an account, those in a zone; people's own, and all in a zone of
        theirs."""
        return {
            "hosts": await self._read(
                partial(
                    host_work.host_list,
                    caller=self._caller,
                    account=None if account is None else parsing.account_name(account),
                    zone=None if zone is None else parsing.name(zone),
                )
            )
        }

    async def host_show(self, name: str) -> Json:
        """A host with its records and what clients asked for it last."""
        await self._requests_written()
        return await self._read(
            partial(host_work.host_show, caller=self._caller, name=parsing.host_name(name))
        )

    async def host_history(self, name: str, limit: int = 20) -> Json:
        """What has become of a host since it is its account's, newest first: who changed what, when
        and by which way. *limit* is 1 to 100 events."""
        if not 1 <= limit <= MAX_EVENTS:
            raise Invalid(f"limit: expected 1 to {MAX_EVENTS}")
        return await self._read(
            partial(
                host_work.host_history,
                caller=self._caller,
                name=parsing.host_name(name),
                limit=limit,
            )
        )

    async def host_add(
        self,
        name: str,
        account: str | None = None,
        ttl: int | None = None,
        records: list[Json] | None = None,
        wildcard: bool = False,
    ) -> Json:
        """A host of an account in the zone that its name lies in, with the given records: a list of
        ``{"type", "rdata"}`` in presentation form. With *wildcard* all names below it lead to it.
        People register hosts for themselves and need not name the account."""
        return await self._transact(
            partial(
                host_work.host_add,
                caller=self._caller,
                rules=self.rules,
                name=parsing.host_name(name),
                account=access.account_meant(self._caller, account),
                ttl=parsing.ttl(ttl),
                given=parsing.records_by_type(records or []),
                wildcard=wildcard,
                now=self._now(),
            )
        )

    async def host_set(
        self,
        name: str,
        account: str | None = None,
        ttl: int | None = None,
        wildcard: bool | None = None,
    ) -> Json:
        """Change a host's TTL, together with that of records which had the former one; whether all
        names below it lead to it; or, for the operator, whose it is. What is not given stays."""
        await self._requests_written()
        self._admit_change(parsing.host_name(name), 0)
        return await self._transact(
            partial(
                host_work.host_set,
                caller=self._caller,
                rules=self.rules,
                name=parsing.host_name(name),
                account=None if account is None else parsing.account_name(account),
                ttl=parsing.ttl(ttl),
                wildcard=wildcard,
            )
        )

    async def host_remove(self, name: str) -> Json:
        """Remove a host with its records. For some time only the same account may register the name
        again."""
        return await self._transact(
            partial(
                host_work.host_remove,
                caller=self._caller,
                rules=self.rules,
                name=parsing.host_name(name),
                now=self._now(),
            )
        )

    async def record_show(self, owner: str) -> Json:
        """The records of a name."""
        return await self._read(
            partial(record_work.record_show, caller=self._caller, owner=parsing.name(owner))
        )

    async def record_set(
        self, owner: str, type: str, rdatas: list[str], ttl: int | None = None
    ) -> Json:
        """Make the RRset of a name and type exactly these records, given in presentation form."""
        number = parsing.record_type(type)
        self._admit_change(parsing.name(owner), number)
        return await self._transact(
            partial(
                record_work.record_set,
                caller=self._caller,
                rules=self.rules,
                owner=parsing.name(owner),
                number=number,
                rdatas=parsing.rdatas(number, rdatas),
                ttl=parsing.ttl(ttl),
            )
        )

    async def record_delete(self, owner: str, type: str | None = None) -> Json:
        """Delete the RRset of a name and type, or all RRsets of the name."""
        self._admit_change(parsing.name(owner), 0 if type is None else parsing.record_type(type))
        return await self._transact(
            partial(
                record_work.record_delete,
                caller=self._caller,
                owner=parsing.name(owner),
                number=None if type is None else parsing.record_type(type),
            )
        )
