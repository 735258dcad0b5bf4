"""PowerDNS's HTTP API: the calls that tools make, with keys that see only what is theirs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from functools import partial

from ddns.api import parsing, zone_parsing
from ddns.api.errors import ApiError
from ddns.model import names
from ddns.model.account import Key, Right, ZoneInfo
from ddns.policy.authorize import has_operator_rights
from ddns.policy.directory import Directory
from ddns.store.interfaces import IReading, IStore
from ddns.tools.admission import Admission
from ddns.tools.base import ToolAnswer, ToolError, ToolRequest
from ddns.tools.powerdns import listing, shapes
from ddns.tools.powerdns.changing import DIALECT, Changing
from ddns.tools.powerdns.listing import Listings
from ddns.tools.powerdns.rrset_changes import UNPROCESSABLE, absolute_name
from ddns.tools.powerdns.sight import Sight
from ddns.tools.powerdns.zone_ids import from_id

Call = Callable[[ToolRequest, Sight], Awaitable[ToolAnswer]]

OK, CREATED, DONE = 200, 201, 204


class PowerDns:
    """Answers the calls.

    :param store: where zones are read.
    :param changing: changes them.
    :param admission: knows keys.
    :param directory: knows accounts.
    """

    name = DIALECT

    def __init__(
        self, store: IStore, changing: Changing, admission: Admission, directory: Directory
    ) -> None:
        self._store = store
        self._listings = Listings(store)
        self._changing = changing
        self._admission = admission
        self._directory = directory

    async def answer(self, request: ToolRequest) -> ToolAnswer:
        """Answer a call. Which of them there are is no secret, but nobody without a key calls.

        The versions are for everybody: lego takes any refusal there for an API without versions,
        and then reports that its calls are not found, not that its key is wrong.
        """
        if request.path == ("api",) and request.method == "GET":
            self._admission.without_key(request.peer)
            return ToolAnswer(OK, shapes.dumps(shapes.versions_json()))
        if request.path[2:3] == ("api",):
            raise ToolError(404, "the URL of the server ends before /api/v1")
        key = self._admission.by_key(request.headers.get("x-api-key", ""), request.peer)
        calls = self._calls(request.path)
        if not calls:
            raise ToolError(404, "Not Found")
        call = calls.get(request.method)
        if call is None:
            words = shapes.dumps({"error": "Method Not Allowed"})
            return ToolAnswer(405, words, headers=(("Allow", ", ".join(calls)),))
        try:
            return await call(request, self._sight(key))
        except ApiError as error:
            status = UNPROCESSABLE if error.status == 400 else error.status
            raise ToolError(status, str(error)) from error

    def refusal(self, error: ToolError) -> ToolAnswer:
        """Return an error as PowerDNS words it."""
        return ToolAnswer(error.status, shapes.dumps({"error": str(error)}), headers=error.headers)

    def _sight(self, key: Key) -> Sight:
        """Return what a key sees.

        :raises ToolError: when it sees nothing, as its account is no operator's any more.
        """
        account = self._directory.account(key.account)
        operator = account is not None and has_operator_rights(key, account)
        if not operator and Right.RECORDS not in key.rights:
            raise ToolError(403, "the account of the key is not an operator's")
        return Sight(key, operator)

    def _calls(self, path: tuple[str, ...]) -> Mapping[str, Call]:
        """Return the calls at a path by their method."""
        match path[1:]:
            case ("v1", "servers"):
                return {"GET": _constant([shapes.server_json()])}
            case ("v1", "servers", _):
                return {"GET": _constant(shapes.server_json())}
            case ("v1", "servers", _, "config"):
                return {"GET": _constant([])}
            case ("v1", "servers", _, "zones"):
                return {"GET": self._zones, "POST": self._add}
            case ("v1", "servers", _, "zones", text, *rest):
                return self._zone_calls(_origin(text), tuple(rest))
        return {}

    def _zone_calls(self, origin: bytes, rest: tuple[str, ...]) -> Mapping[str, Call]:
        """Return the calls at the path of a zone, or below it."""
        match rest:
            case ():
                return {
                    "GET": partial(self._zone, origin),
                    "PATCH": partial(self._patch, origin),
                    "PUT": partial(self._set, origin),
                    "DELETE": partial(self._remove, origin),
                }
            case ("notify",):  # secondaries hear of each change by themselves
                result = {"result": "Notification queued"}
                return {"PUT": partial(self._of_zone, origin, result)}
            case ("export",):
                return {"GET": partial(self._export, origin)}
            case ("cryptokeys",) | ("metadata",):  # dnscontrol asks for them
                return {"GET": partial(self._of_zone, origin, [])}
        return {}

    # Reading -----------------------------------------------------------------------------------

    async def _zones(self, request: ToolRequest, sight: Sight) -> ToolAnswer:
        """List the zones that the key sees, or the one that is asked for if it does."""
        name = request.args.get("zone")
        wanted = None if name is None else absolute_name(name)

        def work(reading: IReading) -> bytes:
            found = sight.zones(reading, wanted)
            shown = (shapes.zone_json(one, whole=sight.has_whole(one)) for one in found)
            return b"[" + b",".join(map(shapes.dumps, shown)) + b"]"

        return ToolAnswer(OK, await self._store.read(work))

    async def _zone(
        self, origin: bytes, request: ToolRequest, sight: Sight, status: int = OK
    ) -> ToolAnswer:
        """Show a zone with its RRsets, with some of them, or without."""
        name, kind = request.args.get("rrset_name"), request.args.get("rrset_type")
        if request.args.get("rrsets", "true") == "false":
            zone = await self._store.read(partial(_found, sight, origin))
            shown = shapes.zone_detail_json(zone, whole=sight.has_whole(zone))
            return ToolAnswer(status, shapes.dumps(shown))
        if name is not None:
            number = parsing.optional(zone_parsing.record_type, kind)
            body = await self._listings.name(
                sight, origin, listing.as_json, absolute_name(name), number
            )
            return ToolAnswer(status, body)
        return ToolAnswer(status, await self._listings.zone(sight, origin, listing.as_json))

    async def _export(self, origin: bytes, request: ToolRequest, sight: Sight) -> ToolAnswer:
        """Show a zone as a master file."""
        body = await self._listings.zone(sight, origin, listing.as_master_file)
        return ToolAnswer(OK, body, "text/plain; charset=us-ascii")

    async def _of_zone(
        self, origin: bytes, value: object, request: ToolRequest, sight: Sight
    ) -> ToolAnswer:
        """Answer what is the same of every zone that the key sees."""
        await self._store.read(partial(_found, sight, origin))
        return ToolAnswer(OK, shapes.dumps(value))

    # Changing ----------------------------------------------------------------------------------

    async def _patch(self, origin: bytes, request: ToolRequest, sight: Sight) -> ToolAnswer:
        """Change RRsets: all that are asked for, or none."""
        await self._store.read(partial(_found, sight, origin))
        await self._changing.patch(origin, request, sight)
        return ToolAnswer(DONE)

    async def _add(self, request: ToolRequest, sight: Sight) -> ToolAnswer:
        """Make a zone."""
        _require_operator(sight)
        origin = await self._changing.add(request, sight.key)
        return await self._zone(origin, request, sight, CREATED)

    async def _set(self, origin: bytes, request: ToolRequest, sight: Sight) -> ToolAnswer:
        """Change the settings of a zone."""
        await self._store.read(partial(_found, sight, origin))
        _require_operator(sight)
        await self._changing.set(origin, request, sight.key)
        return ToolAnswer(DONE)

    async def _remove(self, origin: bytes, request: ToolRequest, sight: Sight) -> ToolAnswer:
        """Remove a zone."""
        await self._store.read(partial(_found, sight, origin))
        _require_operator(sight)
        await self._changing.remove(origin, request, sight.key)
        return ToolAnswer(DONE)


def is_power_dns(path: tuple[str, ...]) -> bool:
    """Return whether a path is of this API, beside our own below ``/api``: also that of a client
    whose URL has ``/api/v1`` already."""
    return path == ("api",) or path[:3] in (("api", "v1", "servers"), ("api", "v1", "api"))


def _constant(value: object) -> Call:
    async def call(request: ToolRequest, sight: Sight) -> ToolAnswer:
        return ToolAnswer(OK, shapes.dumps(value))

    return call


def _origin(text: str) -> bytes:
    try:
        return from_id(text)
    except names.BadName as error:
        raise ToolError(404, str(error)) from None


def _found(sight: Sight, origin: bytes, reading: IReading) -> ZoneInfo:
    return sight.zone(reading, origin)


def _require_operator(sight: Sight) -> None:
    if not sight.operator:
        raise ToolError(403, "this takes an operator's key with the right: operator")
