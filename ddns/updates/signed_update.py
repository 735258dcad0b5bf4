"""A DNS UPDATE as it came, and as counters and request log have it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from functools import cached_property

from ddns.model import names, records
from ddns.model.account import Key
from ddns.model.leases import Lease
from ddns.model.update import Change, Credentials, Update
from ddns.zone.sections import WireRecord

_SHOWN = 10  # records of an UPDATE in the log of requests
_ADD = 1
_LENGTHS = {records.A: 4, records.AAAA: 16}  # octets of an address
_ACTIONS = {_ADD: "add", 254: "delete one of", 255: "delete"}

DIALECT = "rfc2136"
"""The name under which UPDATEs are in journal, request log and metrics."""


@dataclasses.dataclass(frozen=True)
class SignedUpdate:
    """An UPDATE as it came.

    ``wire`` is the message, ``origin`` its zone, ``key`` the one that signed it, None
    where the operator takes unsigned ones, and ``touched`` the records of its update section.
    ``peer`` is the client's address, ``at`` seconds since 1970, ``lease`` that under which it adds.
    """

    wire: bytes
    origin: bytes
    key: Key | None
    touched: tuple[WireRecord, ...]
    peer: str
    at: float
    lease: Lease | None = None

    @cached_property
    def update(self) -> Update:
        """It as counters and request log have updates: a change for each name."""
        owners = dict.fromkeys(record.owner for record in self.touched)
        changes = tuple(Change(names.to_text(one), names.host_of(one), ()) for one in owners)
        terms = self.key.tsig if self.key else None
        user = names.to_text(terms.name) if terms else ""
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
        """Return what the owner of a host may see of it."""
        names_ = (
            f"{_ACTIONS.get(record.class_, '?')} {names.to_text(record.owner)}"
            f" {records.type_to_text(record.type)}"
            for record in self.touched[:_SHOWN]
        )
        return f"UPDATE {names.to_text(self.origin)}: {', '.join(names_)}"
