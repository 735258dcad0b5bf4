"""Changes of records by a tool that speaks another server's API, with one of our keys."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property

from ddns.model import names, records
from ddns.model.account import Key, Right
from ddns.model.leases import Lease
from ddns.model.record_changes import RRsetChange
from ddns.model.update import Change, Credentials, Outcome, Update
from ddns.policy import record_changes
from ddns.policy.dynamic_updates import Allowed, Decision, Lookup
from ddns.store.interfaces import ITransaction
from ddns.updates.record_update import OPERATOR, Asked

MAX_SHOWN = 10
"""Addresses that the request log has of one request."""


@dataclass(frozen=True)
class KeyedUpdate:
    """Changes as a tool asked for them; see :class:`ddns.updates.record_update.RecordUpdate`.

    ``target`` is what the owner of a host may see of the request; ``agent`` is the User-Agent.
    ``refuse`` is what :meth:`RecordUpdate.refused_by` does, nothing by default.
    """

    dialect: str
    origin: bytes
    key: Key | None
    changes: tuple[RRsetChange, ...]
    peer: str
    at: float
    target: str
    agent: str = ""
    author: str = OPERATOR
    lease: Lease | None = None
    refuse: Callable[[ITransaction], str] | None = None

    @property
    def right(self) -> Right:
        """What a tool's key needs."""
        return Right.RECORDS

    @cached_property
    def update(self) -> Update:
        """See :attr:`RecordUpdate.update`."""
        owners = dict.fromkeys(change.owner for change in self.changes)
        changes = tuple(Change(names.to_text(one), names.host_of(one), ()) for one in owners)
        user = Credentials(self.key.account if self.key else self.author, "")
        said = [
            records.address_to_text(rdata)
            for change in self.changes
            if change.type in records.ADDRESS_TYPES
            for rdata in change.rdatas
        ]
        return Update(
            *(self.dialect, user, changes, self.peer, self.at, self.agent),
            addresses=",".join(said[:MAX_SHOWN]),
        )

    def shown(self) -> str:
        """See :meth:`RecordUpdate.shown`."""
        return self.target

    def told(self, outcome: Outcome) -> str:
        """See :meth:`RecordUpdate.told`."""
        if outcome.refusal is None:
            return "done"
        return outcome.reason or outcome.refusal.value

    def touched_rrsets(self) -> Iterable[tuple[bytes, int]]:
        """See :meth:`RecordUpdate.touched_rrsets`."""
        return ((change.owner, change.type) for change in self.changes)

    def refused_by(self, transaction: ITransaction) -> str:
        """See :meth:`RecordUpdate.refused_by`."""
        return "" if self.refuse is None else self.refuse(transaction)

    def asked(self) -> Asked:
        """See :meth:`RecordUpdate.asked`."""
        return Asked(record_changes.operations(self.changes), self._decide)

    def _decide(
        self, lookup: Lookup, allowed: Allowed, serial: int, ttl: Callable[[bytes], int]
    ) -> Decision:
        return record_changes.decide(self.changes, self.origin, ttl, lookup, allowed)
