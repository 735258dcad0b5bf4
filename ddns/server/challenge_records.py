"""Challenges for the server's own certificate, in our DNS."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from twisted.internet.task import deferLater

from ddns.acme.problem import Problem
from ddns.model import names
from ddns.model.record_changes import ChangeType, RRsetChange
from ddns.model.records import CNAME, TXT
from ddns.model.secondaries import SecondaryState
from ddns.updates.keyed_update import KeyedUpdate
from ddns.updates.pipeline import Pipeline
from ddns.zone.zone import Zones

DIALECT = "acme"
TTL = 10
FOLLOWING, PAUSE = 30.0, 1.0
"""Seconds that secondaries, which the authority may ask, have to follow; and between two looks."""


class ChallengeRecords:
    """Adds TXT records and takes them away, as the server itself; see
    :class:`ddns.acme.challenges.Records`.

    :param zones: those that are ours.
    :param pipeline: performs the changes.
    :param secondaries: asks those of a zone how far they have followed.
    :param reactor: for pauses.
    """

    def __init__(
        self,
        zones: Zones,
        pipeline: Pipeline,
        secondaries: Callable[[bytes], Awaitable[list[SecondaryState]]],
        reactor: Any,
    ) -> None:
        self._zones = zones
        self._pipeline = pipeline
        self._secondaries = secondaries
        self._reactor = reactor

    def is_ours(self, name: str) -> bool:
        """Return whether a name is in one of our zones, and not delegated to others."""
        owner = names.from_text(name)
        zone = self._zones.find(owner)
        return zone is not None and not zone.may_be_cut(owner)

    async def present(self, name: str, value: str) -> None:
        """Add a record; when this is done, our DNS answers it, and so do secondaries that follow.

        :raises Problem: when it cannot be added.
        """
        origin = await self._change(name, value, ChangeType.EXTEND)
        until = self._reactor.seconds() + FOLLOWING
        while self._reactor.seconds() < until:
            if not any(one.seconds_behind != 0.0 for one in await self._secondaries(origin)):
                return
            await deferLater(self._reactor, PAUSE)

    async def clean_up(self, name: str, value: str) -> None:
        """Take away this record and no other.

        :raises Problem: when it cannot be taken away.
        """
        await self._change(name, value, ChangeType.PRUNE)

    async def _change(self, name: str, value: str, action: ChangeType) -> bytes:
        owner = names.from_text(name)
        zone = self._zones.find(owner)
        if zone is None:
            raise Problem(f"{name}: its zone is not ours any more")
        text = value.encode()
        ttl = TTL if action is ChangeType.EXTEND else None
        change = RRsetChange(owner, TXT, action, (bytes((len(text),)) + text,), ttl)
        outcome = await self._pipeline.perform_records(
            KeyedUpdate(
                dialect=DIALECT,
                origin=zone.origin,
                key=None,
                changes=(change,),
                peer="",
                at=self._pipeline.now(),
                target=f"{name} TXT {value}",
                author="server",
            )
        )
        if outcome.refusal is not None and zone.rrset(owner, CNAME) is not None:
            raise Problem(f"{name} is an alias, beside which no challenge can be: delete the CNAME")
        if outcome.refusal is not None:
            raise Problem(f"{name}: {outcome.reason or outcome.refusal.value}")
        return zone.origin
