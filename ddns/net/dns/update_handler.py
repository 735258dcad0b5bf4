"""DNS UPDATE: from a message to the pipeline, and back to an answer (RFC 2136)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import NamedTuple

from cachetools import TTLCache
from twisted.internet.defer import Deferred

from ddns.model.account import Key
from ddns.model.leases import Lease
from ddns.model.records import IN, SOA, address_to_text
from ddns.policy.directory import Directory
from ddns.updates.pipeline import Pipeline
from ddns.updates.signed_update import SignedUpdate
from ddns.zone.message import (
    FORMERR,
    HEADER,
    NOERROR,
    NOTAUTH,
    REFUSED,
    SERVFAIL,
    Answer,
    FormError,
    Query,
)
from ddns.zone.packing import lease_option
from ddns.zone.reasons import NOT_AUTHORITATIVE, NOT_READY, Reason, prohibited
from ddns.zone.sections import read_records
from ddns.zone.tsig import FUDGE
from ddns.zone.update_message import UpdateError, read_lease
from ddns.zone.zone import Zones

WAITING = 1000
"""UPDATEs that may be performed at once; more are answered SERVFAIL."""

REMEMBERED = 100_000
"""UPDATEs whose answers are remembered for as long as their signatures hold."""


class _Told(NamedTuple):
    """An answer as it is remembered."""

    rcode: int
    options: bytes
    reason: Reason | None


class UpdateHandler:
    """Answers UPDATEs, for an engine.

    :param zones: those that can be updated.
    :param directory: knows the TSIG keys, and which zones take what is not signed.
    :param clock: monotonic.
    :param bounds: of leases that are granted, in seconds.

    An UPDATE that comes again is answered as the first time, while that is performed or after it:
    clients repeat theirs, octet for octet, when they hear nothing, and nobody else may repeat them.
    """

    def __init__(
        self,
        zones: Zones,
        pipeline: Pipeline,
        directory: Directory,
        clock: Callable[[], float],
        bounds: Callable[[], tuple[int, int]],
    ) -> None:
        self._zones = zones
        self._pipeline = pipeline
        self._directory = directory
        self._bounds = bounds
        self._waiting = 0
        self._answered: TTLCache[bytes, _Told] = TTLCache(REMEMBERED, 2 * FUDGE, clock)
        self._performed: dict[bytes, list[Deferred[Answer]]] = {}

    def __call__(
        self, request: Query, wire: bytes, source: bytes, tcp: bool
    ) -> Answer | Awaitable[Answer]:
        """See :data:`ddns.zone.engine.Handler`. The order of the checks is that of RFC 2136 3."""
        if request.type != SOA:
            return Answer(FORMERR)
        if request.class_ != IN or self._zones.get(request.name) is None:
            if request.class_ == IN and request.name in self._zones.awaited:
                return Answer(SERVFAIL, reason=NOT_READY)
            return Answer(NOTAUTH, reason=NOT_AUTHORITATIVE)
        peer = address_to_text(source)
        key = self._directory.tsig_key(request.key) if request.key else None
        if key is None and (request.key or not self._directory.takes_unsigned(request.name, peer)):
            return Answer(REFUSED, reason=prohibited("needs the signature of a key"))
        if self._waiting >= WAITING:
            return Answer(SERVFAIL)
        if key is None:
            return self._perform_unsigned(request, wire, peer)
        if (told := self._answered.get(request.mac)) is not None:
            return Answer(told.rcode, options=told.options, reason=told.reason)
        if (same := self._performed.get(request.mac)) is not None:
            again: Deferred[Answer] = Deferred()
            same.append(again)
            return again
        return self._perform(request, wire, peer, key)

    async def _perform_unsigned(self, request: Query, wire: bytes, peer: str) -> Answer:
        return await self._pass_on(request, wire, peer, None)

    async def _perform(self, request: Query, wire: bytes, peer: str, key: Key) -> Answer:
        same = self._performed[request.mac] = []
        answer = Answer(SERVFAIL)
        try:
            answer = await self._pass_on(request, wire, peer, key)
        finally:
            del self._performed[request.mac]
            if answer.rcode != SERVFAIL:  # which is worth another try
                told = _Told(answer.rcode, answer.options, answer.reason)
                self._answered[request.mac] = told
            for again in same:
                again.callback(answer)
        return answer

    async def _pass_on(self, request: Query, wire: bytes, peer: str, key: Key | None) -> Answer:
        _, _, _, before, count, _ = HEADER.unpack_from(wire)
        try:
            touched = tuple(read_records(wire)[before : before + count])
            lease = self._granted(request)
        except (FormError, UpdateError):
            return Answer(FORMERR)
        signed = SignedUpdate(wire, request.name, key, touched, peer, self._pipeline.now(), lease)
        self._waiting += 1
        try:
            outcome = await self._pipeline.perform_records(signed)
        finally:
            self._waiting -= 1
        told = lease_option(lease) if lease and outcome.rcode == NOERROR else b""
        reason = prohibited(outcome.reason) if outcome.rcode == REFUSED and outcome.reason else None
        return Answer(outcome.rcode, options=told, reason=reason)

    def _granted(self, request: Query) -> Lease | None:
        """Return the lease that a request gets, if it asks for one.

        :raises UpdateError: when what it asks for is malformed.
        """
        if request.edns is None or request.edns.lease is None:
            return None
        return read_lease(request.edns.lease).within(*self._bounds())
