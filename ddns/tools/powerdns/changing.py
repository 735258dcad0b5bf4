"""Changes that tools ask for: of RRsets with any key, of zones with an operator's."""

from __future__ import annotations

from functools import partial
from weakref import WeakValueDictionary

from twisted.internet.defer import DeferredLock

from ddns.api.base import RunSlow
from ddns.api.caller import Caller
from ddns.api.operations import Operations
from ddns.model import names
from ddns.model.account import Key
from ddns.model.record_changes import RRsetChange
from ddns.store.interfaces import IStore
from ddns.tools.base import ToolError, ToolRequest, check
from ddns.tools.powerdns.new_zone import check_rrsets, zones_below
from ddns.tools.powerdns.rrset_changes import MOST, UNPROCESSABLE, changes, new_rrsets, shown
from ddns.tools.powerdns.sight import Sight
from ddns.tools.powerdns.zone_settings import ZoneSettings, zone_name, zone_settings
from ddns.updates.keyed_update import KeyedUpdate
from ddns.updates.pipeline import Pipeline

DIALECT = "powerdns"
"""What journal, request log and metrics call it."""


class Changing:
    """Makes changes, one of an account at a time, so that nobody keeps the others waiting.

    :param pipeline: performs those of records.
    :param operations: perform those of zones.
    :param store: knows which zones there are.
    :param run_slow: runs a function outside the reactor's thread.
    """

    def __init__(
        self, pipeline: Pipeline, operations: Operations, store: IStore, run_slow: RunSlow
    ) -> None:
        self._pipeline = pipeline
        self._operations = operations
        self._store = store
        self._run_slow = run_slow
        self._turns: WeakValueDictionary[str, DeferredLock] = WeakValueDictionary()

    async def patch(self, origin: bytes, request: ToolRequest, sight: Sight) -> None:
        """Change RRsets of a zone as a PATCH says: all of them, or none.

        :raises ToolError: when nothing was changed.
        """
        most = None if sight.operator else MOST
        async with self._turn(sight.key):
            wanted = await self._run_slow(partial(_patched, request, origin, most))
            await self._change(origin, request, sight.key, wanted)

    async def add(self, request: ToolRequest, key: Key) -> bytes:
        """Make a zone, with the RRsets that stand in the request; return its origin.

        :raises ToolError: when there is none now, or when it says so one without these RRsets.
        """
        async with self._turn(key):
            return await self._add(request, key)

    async def _add(self, request: ToolRequest, key: Key) -> bytes:
        origin, settings, wanted = await self._run_slow(partial(_added, request))
        named, name = settings.name_servers, names.to_text(origin)
        below = await self._store.read(zones_below(origin))
        await self._run_slow(partial(check_rrsets, origin, named, wanted, key, below))
        servers = [{"name": one, "address": None} for one in named]
        await self._operator(request, key).zone_add(name, servers, settings.account or None)
        try:
            await self._change(origin, request, key, wanted)
        except ToolError as error:  # and others may have changed it, so that it stays
            why = f"the zone is there, but without its RRsets: {error}"
            raise ToolError(error.status, why, error.retry_after) from error
        return origin

    async def set(self, origin: bytes, request: ToolRequest, key: Key) -> None:
        """Give a zone to another account, if the request says so.

        :raises ToolError: for what cannot be asked for.
        """
        async with self._turn(key):
            settings = await self._run_slow(partial(_settings, request))
        if settings.rrsets or settings.name_servers:
            raise ToolError(UNPROCESSABLE, "RRsets are changed by PATCH, those of type NS as well")
        operations = self._operator(request, key)
        await operations.zone_set(names.to_text(origin), account=settings.account)

    async def remove(self, origin: bytes, request: ToolRequest, key: Key) -> None:
        """Remove a zone with all that is in it."""
        await self._operator(request, key).zone_remove(names.to_text(origin))

    def _turn(self, key: Key) -> DeferredLock:
        """Return what the changes of a key's account wait for."""
        return self._turns.setdefault(key.account, DeferredLock())

    def _operator(self, request: ToolRequest, key: Key) -> Operations:
        """Return the operations as the key's account performs them."""
        agent = request.headers.get("user-agent", "")
        caller = Caller(key.account, operator=True, peer=request.peer, agent=agent, key=key)
        return self._operations.acting_for(caller, DIALECT)

    async def _change(
        self, origin: bytes, request: ToolRequest, key: Key, wanted: tuple[RRsetChange, ...]
    ) -> None:
        if not wanted:
            return
        agent = request.headers.get("user-agent", "")
        told = f"{request.shown}: {shown(wanted)}"
        update = KeyedUpdate(
            *(DIALECT, origin, key, wanted, request.peer, request.at, told), agent=agent
        )
        check(await self._pipeline.perform_records(update))


def _patched(request: ToolRequest, origin: bytes, most: int | None) -> tuple[RRsetChange, ...]:
    """Read a PATCH, which may have a zone's worth of records."""
    return changes(request.json_object().get("rrsets"), origin, most)


def _settings(request: ToolRequest) -> ZoneSettings:
    """Read a PUT, in which some send all of a zone."""
    return zone_settings(request.json_object())


def _added(request: ToolRequest) -> tuple[bytes, ZoneSettings, tuple[RRsetChange, ...]]:
    """Read a POST: the origin of a zone, its settings and its RRsets."""
    given = request.json_object()
    origin, settings = zone_name(given), zone_settings(given)
    return origin, settings, changes(new_rrsets(settings.rrsets), origin)
