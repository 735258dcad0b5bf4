"""Moves the hosts that follow another one when an update tells a prefix of that."""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

from ddns.model.account import Host
from ddns.model.records import RRset
from ddns.model.update import Change
from ddns.policy.addresses import usable_in
from ddns.policy.following import addresses_set, moved, prefixes_for, prefixes_told
from ddns.store.interfaces import ITransaction
from ddns.updates.expiring import note_word


class Move(NamedTuple):
    """A host that follows, and the RRsets to write for it; none if it is where it has to be."""

    host: Host
    written: list[RRset]


class Followers:
    """The followers of the hosts that an update names, within a transaction.

    Whoever has a host may have it follow another one of the same account, so it moves whether or
    not the key of the update reaches it. A request may name a host many times; its followers are
    looked up once.
    """

    def __init__(self, transaction: ITransaction) -> None:
        self._transaction = transaction
        self._moves: dict[bytes, list[Move]] = {}

    def moves(self, leader: Host, change: Change) -> list[Move]:
        """Return what a change of a host means for each follower that it can move."""
        if leader.name not in self._moves:
            self._moves[leader.name] = self._find(leader, change)
        return self._moves[leader.name]

    def _find(self, leader: Host, change: Change) -> list[Move]:
        told, addresses = prefixes_told(change.edits), addresses_set(change.edits)
        if not (told or addresses):
            return []
        transaction, found = self._transaction, []
        for host in transaction.followers(leader.name):
            if host.account != leader.account:  # as it was when it began to follow
                continue
            written = moved(
                host,
                prefixes_for(host, told, addresses),
                partial(transaction.rrsets, host.zone),
                usable_in(transaction.zone(host.zone)),
            )
            if written is not None:
                found.append(Move(host, written))
        return found

    def write(self, leader: Host, now: float) -> set[bytes]:
        """Write the moves of a host's followers; return the origins of their zones."""
        moves = self._moves.get(leader.name, [])
        for host, written in moves:
            for rrset in written:
                self._transaction.put_rrset(host.zone, rrset)
            note_word(self._transaction, host, now)
        self._moves[leader.name] = [Move(host, []) for host, _ in moves]
        return {host.zone for host, _ in moves}
