"""Registrations of acme-dns end when nobody uses them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from twisted.internet.task import Clock

from ddns.api.caller import NOBODY
from ddns.model.acme_dns import OpenTo
from ddns.model.leases import DAY
from ddns.policy.acme_dns import NEVER_USED, AcmeDnsRules
from ddns.updates.expiring import DISUSE, Expirer
from tests.house import ORIGIN, House, house_at
from tests.net.reactors import RunningReactor

TERM = 30 * DAY


@pytest.fixture
def house(running: RunningReactor, tmp_path: Path) -> Iterator[House]:
    with house_at(running, tmp_path / "ddns.sqlite") as house:
        house.load()
        house.fill()
        yield house


def ended_at(house: House, at: float) -> int:
    """How many a server ends that starts then."""

    async def look() -> None:
        await expirer.start()
        await expirer.stop()

    house.time = at
    expirer = Expirer(
        *(house.store, house.publisher, Clock(), lambda: house.time, lambda: house.time),
        lambda: house.operations.rules,
    )
    house.running.call(look)
    return expirer.counts[DISUSE]


@pytest.mark.parametrize("term", [TERM, float("inf")])
def test_they_go_with_their_records(house: House, term: float) -> None:
    """Alice's and the operator's after the term, a stranger's after a week."""
    house.rule(acme_dns=AcmeDnsRules(zone=ORIGIN, open_to=OpenTo.OPEN, term=term))
    alices, operators = (house.api("acme_dns_add", account=who) for who in ("alice", None))
    strangers = house.api_of(NOBODY, "acme_dns_add")
    kept = {alices["fulldomain"], operators["fulldomain"]}
    for one in (alices, operators, strangers):
        house.api("record_set", owner=one["fulldomain"], type="TXT", rdatas=["x"])

    def left() -> set[str]:
        found = house.api("acme_dns_list")["registrations"]
        return {one["fulldomain"] for one in found}

    made = house.time
    assert ended_at(house, made + NEVER_USED - 1) == 0
    assert ended_at(house, made + NEVER_USED) == 1
    assert left() == kept
    assert house.api("record_show", owner=strangers["fulldomain"])["records"] == []
    assert len(house.api("record_show", owner=alices["fulldomain"])["records"]) == 1
    assert ended_at(house, made + TERM - 1) == 0
    if term == TERM:
        assert ended_at(house, made + TERM) == 2
        assert house.api("record_show", owner=alices["fulldomain"])["records"] == []
    else:
        assert ended_at(house, made + 10_000 * DAY) == 0
        assert left() == kept
