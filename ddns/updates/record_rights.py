"""What a client may do in a zone when it changes records."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from functools import partial

from ddns.model import names
from ddns.model.account import Host, Key, Right, ZoneInfo
from ddns.model.dynamic_update import Operation
from ddns.model.records import ADDRESS_TYPES, DNAME, DS, NS, ZONE_TTL, RRset
from ddns.model.update import Status
from ddns.policy.authorize import lacks_persist, may_change
from ddns.policy.dynamic_updates import Refused
from ddns.policy.lasting import why_lasting
from ddns.policy.registration import Rules
from ddns.store.interfaces import ITransaction
from ddns.updates.expiring import note_word


class RecordRights:
    """What whoever changes records may do in a zone, with the hosts there.

    :param key: that of the client; None may do everything.
    :param right: that which the key needs.
    :param signer: the key that it has sent, if any, also where it may do everything.
    """

    def __init__(
        self,
        key: Key | None,
        right: Right,
        zone: ZoneInfo,
        transaction: ITransaction,
        signer: Key | None,
    ) -> None:
        self._key = key
        self._signer = signer
        self._right = right
        self._zone = zone
        self._transaction = transaction
        self._hosts: dict[bytes, Host | None] = {}

    def is_here(self, owner: bytes, number: int) -> bool:
        """Return whether a name is this zone's and not a zone's of ours below it, whose delegation
        is all that this zone has there."""
        nearest = self._transaction.zone_of(owner)
        if nearest is None or nearest.origin == self._zone.origin:
            return True
        return owner == nearest.origin and number in (NS, DS)

    def may_change(self, owner: bytes, number: int) -> bool:
        """Return whether an RRset may be changed.

        :raises Refused: where there is more to say than that.
        """
        if lacks_persist(self._signer, owner):
            raise Refused("_validation-persist takes a key with the right persist", Status.NOTYOURS)
        key = self._key
        if key is None:
            return True
        host = self._host_of(owner)
        return self._right in key.rights and may_change(key, owner, number, self._zone, host)

    def why_lasting(self, rrsets: Sequence[RRset]) -> str:
        """Return why the client may not write RRsets, as others may be issued certificates for as
        long as they are there; "" if it may."""
        if self._signer is not None and Right.PERSIST in self._signer.rights:
            return ""
        zone = self._zone
        delegates = self._key is None or any(
            may_change(self._key, zone.origin, number, zone, None) for number in (NS, DNAME)
        )
        lookup = partial(self._transaction.rrsets, zone.origin)
        return why_lasting(rrsets, lookup, delegates=delegates)

    def ttl(self, owner: bytes) -> int:
        """Return the TTL in seconds of a new RRset for which none is asked."""
        host = self._host_of(owner)
        return ZONE_TTL if host is None else host.ttl

    def _host_of(self, owner: bytes) -> Host | None:
        """Return the host in this zone that an owner name belongs to."""
        name = names.host_of(owner)
        if name not in self._hosts:
            host = self._transaction.host(name)
            of_zone = host is not None and host.zone == self._zone.origin
            self._hosts[name] = host if of_zone else None
        return self._hosts[name]

    def _whose(self, rrset: RRset) -> Host | None:
        """Return the host for whose records people's limits hold; none in zones of one's own."""
        if self._key is None or may_change(
            self._key, self._zone.origin, rrset.type, self._zone, None
        ):
            return None
        return self._host_of(rrset.owner)

    def within_limits(self, rrset: RRset, rules: Rules) -> RRset:
        """Return an RRset with a TTL that people may have."""
        if self._whose(rrset) is None:
            return rrset
        return dataclasses.replace(rrset, ttl=min(max(rrset.ttl, rules.min_ttl), rules.max_ttl))

    def most_records(self, rrsets: Iterable[RRset]) -> int:
        """Return how many records one of the hosts will have, that with the most."""
        hosts = {host.name for rrset in rrsets if (host := self._whose(rrset)) is not None}
        most = 0
        for name in hosts:
            counts = {
                (owner, rrset.type): len(rrset.rdatas)
                for owner in names.with_below(name)
                for rrset in self._transaction.rrsets(self._zone.origin, owner)
            }
            for rrset in rrsets:
                if names.host_of(rrset.owner) == name:
                    counts[rrset.owner, rrset.type] = len(rrset.rdatas)
            most = max(most, sum(counts.values()))
        return most

    def note_word(self, operations: Iterable[Operation], now: float) -> None:
        """Note that the hosts have been heard of."""
        for one in operations:
            if (host := self._host_of(one.owner)) is not None:
                self._hosts[host.name] = note_word(self._transaction, host, now)

    def without_addresses(self, rrsets: Iterable[RRset]) -> list[Host]:
        """Return the hosts that lose addresses, which they may come back with."""
        gone: dict[bytes, Host] = {}
        for rrset in rrsets:
            host = self._host_of(rrset.owner)
            if host is None or rrset.rdatas or rrset.owner != host.name:
                continue
            if rrset.type in ADDRESS_TYPES:
                host = gone.get(host.name, host)
                dormant = host.dormant | {rrset.type}
                gone[host.name] = dataclasses.replace(host, dormant=dormant)
        return list(gone.values())
