"""Hosts that another service had, with their records."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ddns.api import parsing, zone_parsing
from ddns.api.access import WriteContext
from ddns.api.base import BaseOperations
from ddns.api.errors import ApiError, Invalid
from ddns.api.following import take_prefixes, with_lan
from ddns.api.new_host import new_host
from ddns.api.records import replace_rrset
from ddns.api.serializers import Json, Texts, named
from ddns.model import names, records
from ddns.model.account import Host

MAX_ITEMS = 500
"""Maximum of items of one call, whose writing takes some 0.1 seconds."""

_KEYS = frozenset({"host", "owner", "type", "rdata", "interface_id", "follows"})


class HostImportOperations(BaseOperations):
    """Taking over hosts."""

    async def host_import(
        self,
        hosts: Sequence[Texts],
        account: str | None = None,
        ttl: int | None = None,
        dry_run: bool = False,
    ) -> Json:
        """Register hosts that another service had, with their records, for an account; people need
        not name theirs. Each of *hosts*, 500 at most, names a ``host`` and tells one thing of it:
        a record by ``owner``, which is the host or belongs to it, ``type`` and ``rdata``; or that
        it ``follows`` another host with an ``interface_id``; or nothing. Hosts that the account has
        already get what they lack, but no addresses: their clients may have set or removed them.
        What cannot be imported is left out, the rest is done, and the answer says why. A *dry_run*
        says what would be, and changes nothing."""
        whose, seconds = self._account_or_own(account), zone_parsing.ttl(ttl)
        if len(hosts) > MAX_ITEMS:
            raise Invalid("hosts: expected {most} at most", most=MAX_ITEMS)
        wanted: dict[bytes, _Wanted] = {}
        for item in hosts:
            _sort(item, wanted)

        def work(context: WriteContext) -> Json:
            context.own_account(whose)
            done = _Import(context, whose, seconds)
            for one in wanted.values():
                done.take(one)
            for one in wanted.values():
                done.follow(one)
            answer: Json = {
                "account": whose,
                "dry_run": dry_run,
                "hosts": done.hosts,
                "left_out": done.left_out,
            }
            if dry_run:
                raise _DryRun(answer)
            return answer

        try:
            return await self._transact(work, bulk=True)
        except _DryRun as done:
            return done.answer


class _DryRun(Exception):
    """Undoes the work that raises it, and brings its answer."""

    def __init__(self, answer: Json) -> None:
        super().__init__()
        self.answer = answer


@dataclass(slots=True)
class _Wanted:
    """What a call tells of one host."""

    name: bytes
    rrsets: dict[tuple[bytes, int], list[str]] = field(default_factory=dict)
    interface_id: str | None = None
    follows: str | None = None


def _sort(item: Texts, wanted: dict[bytes, _Wanted]) -> None:
    """Add one of the items of a call to what is wanted of its host.

    :raises Invalid: for one that makes no sense.
    """
    told = item.get("host")
    if told is None or item.keys() - _KEYS:
        raise Invalid("of a host can be told: {known}", known=", ".join(sorted(_KEYS)))
    name = parsing.host_name(told)
    one = wanted.setdefault(name, _Wanted(name))
    owner, kind, rdata = (item.get(key) for key in ("owner", "type", "rdata"))
    if kind is not None and rdata is not None:
        at = name if owner is None else parsing.name(owner)
        if name not in (at, names.host_of(at)):
            raise Invalid("{owner} does not belong to {name}", owner=owner, name=told)
        one.rrsets.setdefault((at, zone_parsing.record_type(kind)), []).append(rdata)
    elif kind is not None or rdata is not None or owner is not None:
        raise Invalid("a record of a host has type and rdata")
    if item.get("follows") is not None:
        one.follows, one.interface_id = item["follows"], item.get("interface_id")


class _Import:
    """Writes hosts within one transaction, and notes what has become of them."""

    def __init__(self, context: WriteContext, account: str, ttl: int | None) -> None:
        self._context = context
        self._account = account
        self._ttl = ttl
        self.hosts: list[Json] = []
        self.left_out: list[Json] = []

    def take(self, one: _Wanted) -> None:
        """Add a host, or what it lacks."""
        try:
            host = self._context.transaction.host(one.name)
            added = host is None or host.account != self._account
            if host is None or added:
                host = new_host(self._context, one.name, self._account, self._ttl)
        except ApiError as error:
            self._leave_out(one.name, None, str(error))
            return
        put = sum(
            self._put(host, owner, number, texts, added)
            for (owner, number), texts in one.rrsets.items()
        )
        self.hosts.append({**named("name", host.name), "added": added, "rrsets": put})

    def follow(self, one: _Wanted) -> None:
        """Have a host that was taken follow another one, unless it does already."""
        host = self._context.transaction.host(one.name)
        if one.follows is None or host is None or host.account != self._account or host.follows:
            return
        try:
            following = with_lan(self._context, host, one.interface_id, one.follows, None)
        except ApiError as error:
            self._leave_out(host.name, None, str(error))
        else:
            self._context.transaction.put_host(following)
            take_prefixes(self._context, host, following)

    def _put(self, host: Host, owner: bytes, number: int, texts: list[str], added: bool) -> bool:
        """Put an RRset, unless there is one, or it is one of addresses and the host has not just
        been *added*; return whether it was put."""
        try:
            rdatas = zone_parsing.rdatas(number, texts, host.zone)
            there = self._context.transaction.rrset(host.zone, owner, number)
            if there is None:
                if not added and number in records.ADDRESS_TYPES:
                    self._leave_out(owner, number, "the host was here before, and has none")
                    return False
                replace_rrset(self._context, owner, number, rdatas, host.ttl)
                return True
        except ApiError as error:
            self._leave_out(owner, number, str(error))
        else:
            if set(there.rdatas) != set(rdatas):
                self._leave_out(owner, number, "it has others here already, which stay")
        return False

    def _leave_out(self, owner: bytes, number: int | None, why: str) -> None:
        kind = None if number is None else records.type_to_text(number)
        self.left_out.append({"name": names.to_text(owner), "type": kind, "reason": why})
