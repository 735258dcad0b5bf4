"""What is decided on the RRsets of a new zone before there is the zone."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from dns.rcode import NOERROR

from ddns.api import zone_parsing
from ddns.api.zones import initial_rrsets
from ddns.model import names
from ddns.model.account import Key
from ddns.model.record_changes import RRsetChange
from ddns.model.records import DS, NS, ZONE_TTL, RRset
from ddns.model.update import Outcome, Status
from ddns.policy import record_changes
from ddns.policy.authorize import lacks_persist
from ddns.policy.dynamic_updates import Refused
from ddns.store.interfaces import IReading
from ddns.tools.base import ToolError, check
from ddns.tools.powerdns.rrset_changes import UNPROCESSABLE
from ddns.tools.powerdns.zone_ids import dotted


def zones_below(origin: bytes) -> Callable[[IReading], frozenset[bytes]]:
    """Return what reads the origins of the zones below another one."""

    def work(reading: IReading) -> frozenset[bytes]:
        origins = (zone.origin for zone in reading.zones())
        return frozenset(
            one for one in origins if one != origin and names.is_subdomain(one, origin)
        )

    return work


def check_rrsets(
    origin: bytes,
    servers: Sequence[str],
    wanted: Sequence[RRsetChange],
    key: Key,
    below: frozenset[bytes],
) -> None:
    """Check that a new zone with these name servers can have these RRsets.

    :param key: that of an operator who makes it.
    :param below: origins of the zones below it, whose names are not its own.
    :raises ToolError: saying why it cannot.
    :raises Invalid: for a name server that is none.
    """
    there: dict[bytes, list[RRset]] = {}
    for rrset in initial_rrsets(origin, zone_parsing.servers([{"name": one} for one in servers])):
        there.setdefault(rrset.owner, []).append(rrset)

    def allowed(owner: bytes, number: int) -> bool:
        if lacks_persist(key, owner):
            raise Refused("_validation-persist takes a key with the right persist", Status.NOTYOURS)
        return True

    for change in wanted:
        if not _is_here(change.owner, change.type, below):
            raise ToolError(
                UNPROCESSABLE, f"{dotted(change.owner)} is in another zone, below {dotted(origin)}"
            )
    decision = record_changes.decide(
        wanted, origin, lambda owner: ZONE_TTL, lambda owner: there.get(owner, ()), allowed
    )
    if decision.rcode != NOERROR:
        check(Outcome(decision.status, reason=decision.reason))


def _is_here(owner: bytes, number: int, below: frozenset[bytes]) -> bool:
    """Return whether a name is not that of a zone below, of which only the delegation is here."""
    cut = next((one for one in names.ancestors(owner) if one in below), None)
    return cut is None or (owner == cut and number in (NS, DS))
