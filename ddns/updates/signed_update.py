"""A DNS UPDATE as it came (RFC 2136)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property, partial

from dns.rcode import Rcode

from ddns.model import names, records
from ddns.model.account import Key, Right
from ddns.model.dynamic_update import DynamicUpdate
from ddns.model.leases import Lease
from ddns.model.update import Change, Credentials, Outcome, Update
from ddns.policy.dynamic_updates import Allowed, Decision, Lookup, decide
from ddns.store.interfaces import ITransaction
from ddns.updates.record_update import OPERATOR, Asked
from ddns.zone.sections import WireRecord
from ddns.zone.update_message import read_update

_SHOWN = 10  # records of an UPDATE in the log of requests
_ADD = 1
_LENGTHS = {records.A: 4, records.AAAA: 16}  # octets of an address
_ACTIONS = {_ADD: "add", 254: "delete one of", 255: "delete"}

DIALECT = "rfc2136"
"""The name under which UPDATEs are in journal, request log and metrics."""


@dataclass(frozen=True)
class SignedUpdate:
    """An UPDATE whose signature has been verified, or that needs none; see
    :class:`ddns.updates.record_update.RecordUpdate`.

    ``wire`` is the message, ``touched`` the records of its update section.
    """

    wire: bytes
    origin: bytes
    key: Key | None
    touched: tuple[WireRecord, ...]
    peer: str
    at: float
    lease: Lease | None = None

    @property
    def dialect(self) -> str:
        """Its name everywhere."""
        return DIALECT

    @property
    def author(self) -> str:
        """Who unsigned ones are by."""
        return OPERATOR

    @property
    def right(self) -> Right:
        """What the key that signs needs."""
        return Right.UPDATE

    @cached_property
    def update(self) -> Update:
        """See :attr:`RecordUpdate.update`."""
        owners = dict.fromkeys(record.owner for record in self.touched)
        changes = tuple(Change(names.to_text(one), names.host_of(one), ()) for one in owners)
        tsig = self.key.tsig if self.key else None
        user = names.to_text(tsig.name) if tsig else ""
        return Update(
            DIALECT,
            Credentials(user, ""),
            changes,
            self.peer,
            self.at,
            addresses=",".join(self._addresses()),
        )

    def _addresses(self) -> Iterator[str]:
        for record in self.touched[:_SHOWN]:
            rdata = self.wire[record.rdata : record.end]
            if record.class_ == _ADD and len(rdata) == _LENGTHS.get(record.type):
                yield records.address_to_text(rdata)

    def shown(self) -> str:
        """See :meth:`RecordUpdate.shown`."""
        names_ = (
            f"{_ACTIONS.get(record.class_, '?')} {names.to_text(record.owner)}"
            f" {records.type_to_text(record.type)}"
            for record in self.touched[:_SHOWN]
        )
        return f"UPDATE {names.to_text(self.origin)}: {', '.join(names_)}"

    def told(self, outcome: Outcome) -> str:
        """See :meth:`RecordUpdate.told`."""
        return Rcode(outcome.rcode).name

    def touched_rrsets(self) -> Iterable[tuple[bytes, int]]:
        """See :meth:`RecordUpdate.touched_rrsets`."""
        return ((record.owner, record.type) for record in self.touched)

    def refused_by(self, transaction: ITransaction) -> str:
        """See :meth:`RecordUpdate.refused_by`: nothing does but the RCODEs of RFC 2136."""
        return ""

    def asked(self) -> Asked:
        """See :meth:`RecordUpdate.asked`."""
        read = read_update(self.wire, self.origin)
        return Asked(read.operations, partial(_decide, read))


def _decide(
    update: DynamicUpdate,
    lookup: Lookup,
    allowed: Allowed,
    serial: int,
    ttl: Callable[[bytes], int],
) -> Decision:
    return decide(update, lookup, allowed, serial)
