"""Cloudflare's API as far as programs ask it that let its server be set: the zone of a host, its
address records, and another address for one of them.

The addresses of a host are set by an update like that of any dialect, so its limits hold here too.
Ids are names, so that nothing needs to be looked up: a zone's is its origin as in
:mod:`ddns.tools.powerdns.zone_ids`, a record's is its type and the host's name.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Any

from ddns.dialects.addresses import host_address, said_of, set_address
from ddns.dialects.base import answer_by_status, in_all
from ddns.dialects.parsing import key_alone
from ddns.dialects.texts import REFUSALS
from ddns.model import names, records
from ddns.model.account import Key, Right
from ddns.model.records import AAAA, ADDRESS_TYPES, A
from ddns.model.update import SUCCESSES, Change, Credentials, Replace, Status, Update
from ddns.policy.authorize import authorize
from ddns.store.interfaces import IReading, IStore
from ddns.tools.admission import Admission
from ddns.tools.base import ToolAnswer, ToolError, ToolRequest
from ddns.tools.powerdns.sight import Sight
from ddns.tools.powerdns.zone_ids import from_id, to_id
from ddns.updates.pipeline import Pipeline

Json = dict[str, object]

_TYPES = {"A": A, "AAAA": AAAA}

_READING: tuple[str, ...] = ("GET",)
_CHANGING: tuple[str, ...] = ("PATCH", "PUT")

_NO_RECORD = "there is no such record"
_NO_ROUTE = "there are zones?name=, zones/ID/dns_records?name=, and dns_records/ID to be changed"


class Cloudflare:
    """The API.

    :param pipeline: performs updates, and has the log of requests.
    :param store: where zones and records are read.
    :param admission: knows keys.
    """

    name = "cloudflare"

    def __init__(self, pipeline: Pipeline, store: IStore, admission: Admission) -> None:
        self._pipeline = pipeline
        self._store = store
        self._admission = admission

    async def answer(self, request: ToolRequest) -> ToolAnswer:
        """See :class:`ddns.tools.base.Tool`."""
        given = _credentials(request.headers)
        key = self._admission.by_credentials(given, request.peer, (Right.UPDATE,))
        assert given is not None  # or nobody would have been let in
        call: Callable[[], Awaitable[ToolAnswer]]
        match request.path:
            case ("client", "v4", "zones"):
                methods, call = _READING, partial(self._zones, request, key)
            case ("client", "v4", "zones", zone, "dns_records"):
                methods, call = _READING, partial(self._records, request, key, zone)
            case ("client", "v4", "zones", zone, "dns_records", record):
                methods, call = _CHANGING, partial(self._set, request, given, zone, record)
            case _:
                raise ToolError(404, _NO_ROUTE)
        if request.method not in methods:
            refused = self.refusal(ToolError(405, f"{' or '.join(methods)} only"))
            return dataclasses.replace(refused, headers=(("Allow", ", ".join(methods)),))
        return await call()

    def refusal(self, error: ToolError) -> ToolAnswer:
        """Return an error in Cloudflare's form; its code is the status."""
        errors = [{"code": error.status, "message": str(error)}]
        login = (("WWW-Authenticate", 'Bearer realm="ddns"'),) if error.status == 401 else ()
        headers = (*login, *error.headers)
        return ToolAnswer(error.status, _enveloped(None, errors), headers=headers)

    async def _zones(self, request: ToolRequest, key: Key) -> ToolAnswer:
        """List the zone of a name."""
        origin = _name(names.from_text, request.args.get("name"))
        return _listed(await self._store.read(partial(_zones, key, origin)))

    async def _records(self, request: ToolRequest, key: Key, zone: str) -> ToolAnswer:
        """List the address records of a host."""
        name = _name(names.host_from_text, request.args.get("name"))
        read = partial(_records, key, _origin(zone), name, request.args.get("type"))
        return _listed(await self._store.read(read))

    async def _set(
        self, request: ToolRequest, given: Credentials, zone: str, record: str
    ) -> ToolAnswer:
        """Make an address the only one of its family that a host has."""
        origin = _origin(zone)
        name, number = _named(record)
        if await self._store.read(partial(_origin_of, name)) != origin:
            raise ToolError(404, _NO_RECORD)
        content = _content(request.json_object(), name, number)
        address = host_address(content)
        of_family = address is not None and records.address_type(address) == number
        edits = (set_address(address),) if address is not None and of_family else ()
        update = Update(
            *(self.name, given, (Change(names.to_text(name), name, edits),)),
            *(request.peer, request.at, request.headers.get("user-agent", "")),
            refusal=None if edits else Status.BADADDRESS,
            addresses=said_of([(content, number)]),
        )
        outcome = await self._pipeline.perform(update)
        status = in_all(outcome)
        if status in SUCCESSES:
            addresses = outcome.results[0].addresses
            answered = ToolAnswer(200, _enveloped(_record(origin, name, number, addresses)))
            told = f"200 {','.join(addresses)}"
        else:
            reply = answer_by_status(outcome, REFUSALS[status])
            wait = outcome.retry_after or outcome.wait or None
            answered = self.refusal(ToolError(reply.status, reply.body, wait))
            told = f"{reply.status} {reply.body}"
        requests = self._pipeline.requests
        if requests is not None and requests.wants(update, outcome):
            requests.add(update, outcome, request.shown, told)
        return answered


# What is asked -------------------------------------------------------------------------------


def _credentials(headers: Mapping[str, str]) -> Credentials | None:
    """Return a token, which is a key alone, or a key with the name of its account."""
    scheme, _, token = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and token.strip():
        return key_alone(token.strip())
    user, secret = headers.get("x-auth-email", ""), headers.get("x-auth-key", "")
    return Credentials(user, secret) if user and secret else None


def _name(read: Callable[[str], bytes], text: str | None) -> bytes:
    if text is None:
        raise ToolError(400, "the parameter name is missing")
    try:
        return read(text)
    except names.BadName as error:
        raise ToolError(400, str(error)) from None


def _origin(text: str) -> bytes:
    try:
        return from_id(text)
    except names.BadName:
        raise ToolError(404, "there is no such zone") from None


def _named(record: str) -> tuple[bytes, int]:
    """Return host and type of the record with this id."""
    kind, _, text = record.partition(".")
    try:
        return names.host_from_text(text), _TYPES[kind]
    except (names.BadName, KeyError):
        raise ToolError(404, _NO_RECORD) from None


def _content(given: Mapping[str, Any], name: bytes, number: int) -> str:
    """Return the address that a record is to have.

    :raises ToolError: where there is none, or it is to become a record of another name or type.
    """
    content = given.get("content")
    if not isinstance(content, str):
        raise ToolError(400, "content: expected an address")
    kind = records.type_to_text(number)
    if given.get("type", kind) != kind:
        raise ToolError(400, "the type of a record stays")
    if (other := given.get("name")) is not None:
        named = _name(names.host_from_text, other) if isinstance(other, str) else None
        if named != name:
            raise ToolError(400, "the name of a record stays")
    return content.strip()


# What is answered ----------------------------------------------------------------------------


def _origin_of(name: bytes, reading: IReading) -> bytes | None:
    """Return the origin of the zone that a name's records are in."""
    host = reading.host(name)
    if host is not None:
        return host.zone
    zone = reading.zone_of(name)
    return None if zone is None else zone.origin


def _zones(key: Key, origin: bytes, reading: IReading) -> list[Json]:
    """Return the zone with this origin, if the key reaches anything there."""
    found = Sight(key, operator=False).zones(reading, origin)
    return [
        {"id": to_id(zone.origin), "name": names.to_text(zone.origin), "status": "active"}
        for zone in found
    ]


def _records(
    key: Key, origin: bytes, name: bytes, kind: str | None, reading: IReading
) -> list[Json]:
    """Return the address records of a host that the key may update.

    A client changes a record only if there is one. So who asks for one type is told of a record
    without content where a host has no address of that family.
    """
    if _origin_of(name, reading) != origin:
        return []
    host, zone = reading.host(name), reading.zone_of(name)
    rrsets = reading.rrsets(origin, name)
    found = []
    for number in ADDRESS_TYPES if kind is None else filter(None, [_TYPES.get(kind)]):
        change = Change("", name, (Replace(number, ()),))
        if authorize(change, key.grant, host, zone, lambda: rrsets) is not None:
            continue
        rdatas = [rdata for rrset in rrsets if rrset.type == number for rdata in rrset.rdatas]
        if rdatas or kind is not None:
            texts = [records.address_to_text(rdata) for rdata in rdatas]
            found.append(_record(origin, name, number, texts))
    return found


def _record(origin: bytes, name: bytes, number: int, addresses: Sequence[str]) -> Json:
    """Return a host's addresses of one family as one record. Its TTL is 1, by which Cloudflare
    means that the server knows it."""
    kind, text = records.type_to_text(number), names.to_text(name)
    return {
        "id": f"{kind}.{text}",
        "zone_id": to_id(origin),
        "zone_name": names.to_text(origin),
        "name": text,
        "type": kind,
        "content": ",".join(addresses),
        "proxiable": False,
        "proxied": False,
        "ttl": 1,
    }


def _listed(found: Sequence[Json]) -> ToolAnswer:
    count = len(found)
    info = {"page": 1, "per_page": 100, "count": count, "total_count": count, "total_pages": 1}
    return ToolAnswer(200, _enveloped(found, result_info=info))


def _enveloped(result: object, errors: Sequence[Json] = (), **more: object) -> bytes:
    whole = {"success": not errors, "errors": errors, "messages": [], "result": result, **more}
    return json.dumps(whole, separators=(",", ":")).encode()
