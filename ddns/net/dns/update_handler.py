"""DNS UPDATE: from a message to the pipeline, and back to an answer (RFC 2136)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from cachetools import TTLCache
from twisted.internet.defer import Deferred

from ddns.model.account import Key
from ddns.model.records import IN, SOA, address_to_text
from ddns.model.update import Outcome
from ddns.policy.directory import Directory
from ddns.updates.dynamic_updater import DynamicUpdater, SignedUpdate
from ddns.updates.pipeline import Pipeline
from ddns.zone.message import (
    FORMERR,
    HEADER,
    NOTAUTH,
    REFUSED,
    SERVFAIL,
    Answer,
    FormError,
    Query,
)
from ddns.zone.sections import read_records
from ddns.zone.tsig import FUDGE
from ddns.zone.zone import Zones

WAITING = 1000
"""UPDATEs that may be performed at once; more are answered SERVFAIL."""

REMEMBERED = 100_000
"""UPDATEs whose answers are remembered for as long as their signatures hold."""


class UpdateHandler:
    """Answers UPDATEs, for an engine.

    :param zones: those that can be updated.
    :param directory: knows the TSIG keys, and which zones take what is not signed.
    :param updater: performs what the pipeline lets in.
    :param clock: monotonic.

    An UPDATE that comes again is answered as the first time, while that is performed or after it:
    clients repeat theirs, octet for octet, when they hear nothing, and nobody else may repeat them.
    """

    def __init__(
        self,
        zones: Zones,
        pipeline: Pipeline,
        updater: DynamicUpdater,
        directory: Directory,
        clock: Callable[[], float],
    ) -> None:
        self._zones = zones
        self._pipeline = pipeline
        self._updater = updater
        self._directory = directory
        self._waiting = 0
        self._answered: TTLCache[bytes, int] = TTLCache(REMEMBERED, 2 * FUDGE, clock)
        self._performed: dict[bytes, list[Deferred[Answer]]] = {}

    def __call__(
        self, request: Query, wire: bytes, source: bytes, tcp: bool
    ) -> Answer | Awaitable[Answer]:
        """See :data:`ddns.zone.engine.Handler`. The order of the checks is that of RFC 2136 3."""
        if request.type != SOA:
            return Answer(FORMERR)
        if request.class_ != IN or self._zones.get(request.name) is None:
            return Answer(NOTAUTH)
        peer = address_to_text(source)
        key = self._directory.tsig_key(request.key) if request.key else None
        if key is None and (request.key or not self._directory.takes_unsigned(request.name, peer)):
            return Answer(REFUSED)
        if self._waiting >= WAITING:
            return Answer(SERVFAIL)
        if key is None:
            return self._perform_unsigned(request, wire, peer)
        if (rcode := self._answered.get(request.mac)) is not None:
            return Answer(rcode)
        if (same := self._performed.get(request.mac)) is not None:
            again: Deferred[Answer] = Deferred()
            same.append(again)
            return again
        return self._perform(request, wire, peer, key)

    async def _perform_unsigned(self, request: Query, wire: bytes, peer: str) -> Answer:
        return Answer((await self._pass_on(request, wire, peer, None)).rcode)

    async def _perform(self, request: Query, wire: bytes, peer: str, key: Key) -> Answer:
        same = self._performed[request.mac] = []
        answer = Answer(SERVFAIL)
        try:
            answer = Answer((await self._pass_on(request, wire, peer, key)).rcode)
        finally:
            del self._performed[request.mac]
            if answer.rcode != SERVFAIL:  # which is worth another try
                self._answered[request.mac] = answer.rcode
            for again in same:
                again.callback(answer)
        return answer

    async def _pass_on(self, request: Query, wire: bytes, peer: str, key: Key | None) -> Outcome:
        _, _, _, before, count, _ = HEADER.unpack_from(wire)
        try:
            touched = tuple(read_records(wire)[before : before + count])
        except FormError:
            return Outcome(rcode=FORMERR)
        signed = SignedUpdate(wire, request.name, key, touched, peer, self._pipeline.now())
        self._waiting += 1
        try:
            return await self._pipeline.perform_signed(signed, self._updater)
        finally:
            self._waiting -= 1
