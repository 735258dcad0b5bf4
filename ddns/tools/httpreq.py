"""httpreq, which lego has for servers of one's own: a TXT record comes with ``POST /present`` and
goes with ``POST /cleanup``.

A request says ``{"fqdn", "value"}``; in lego's mode RAW, ``{"domain", "token", "keyAuth"}``.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from ddns.model import names
from ddns.model.record_changes import ChangeType, RRsetChange
from ddns.model.records import HOST_TTL, TXT
from ddns.model.update import Outcome
from ddns.store.interfaces import IStore
from ddns.tools.admission import Admission
from ddns.tools.base import ToolAnswer, ToolError, ToolRequest, check
from ddns.tools.challenges import rdata_of, value_of
from ddns.updates.keyed_update import KeyedUpdate

ACTIONS = {"present": ChangeType.EXTEND, "cleanup": ChangeType.PRUNE}
"""What is to become of a record, by the path."""


class HttpReq:
    """The API.

    :param perform: changes records, :meth:`ddns.updates.pipeline.Pipeline.perform_records`.
    :param store: knows the zones.
    :param admission: lets tools in.
    """

    name = "httpreq"

    def __init__(
        self,
        perform: Callable[[KeyedUpdate], Awaitable[Outcome]],
        store: IStore,
        admission: Admission,
    ) -> None:
        self._perform = perform
        self._store = store
        self._admission = admission

    async def answer(self, request: ToolRequest) -> ToolAnswer:
        """See :class:`ddns.tools.base.Tool`."""
        action = ACTIONS.get("/".join(request.path))
        if action is None:
            raise ToolError(404, "there is nothing here but /present and /cleanup")
        if request.method != "POST":
            raise ToolError(405, "POST only")
        key = self._admission.by_credentials(request.credentials, request.peer)
        owner, value = _asked(request.json_object())
        zone = await self._store.read(lambda reading: reading.zone_of(owner))
        if zone is None:
            raise ToolError(404, f"{names.to_text(owner)} is in no zone of this server")
        rdatas = (rdata_of(value),)
        ttl = HOST_TTL if action is ChangeType.EXTEND else None
        agent = request.headers.get("user-agent", "")
        update = KeyedUpdate(
            *(self.name, zone.origin, key, (RRsetChange(owner, TXT, action, rdatas, ttl),)),
            *(request.peer, request.at, f"{request.shown} {names.to_text(owner)}", agent),
        )
        check(await self._perform(update))
        return ToolAnswer(200, b"{}")

    def refusal(self, error: ToolError) -> ToolAnswer:
        """See :class:`ddns.tools.base.Tool`."""
        headers = {401: (("WWW-Authenticate", 'Basic realm="ddns"'),), 405: (("Allow", "POST"),)}
        body = json.dumps({"error": str(error)}).encode()
        more = (*headers.get(error.status, ()), *error.headers)
        return ToolAnswer(error.status, body, headers=more)


def _asked(given: Mapping[str, Any]) -> tuple[bytes, str]:
    """Return the owner name and the value that a request is about, in either mode.

    :raises ToolError: when it says neither.
    """
    fqdn, value = given.get("fqdn"), given.get("value")
    domain, key_authorization = given.get("domain"), given.get("keyAuth")
    if isinstance(domain, str) and isinstance(key_authorization, str) and fqdn is None:
        fqdn = f"_acme-challenge.{domain.removeprefix('*.')}"
        value = value_of(key_authorization)
    if not isinstance(fqdn, str) or not isinstance(value, str):
        raise ToolError(400, "expected fqdn and value, or domain, token and keyAuth")
    try:
        return names.from_text(fqdn), value
    except names.BadName as error:
        raise ToolError(400, str(error)) from None
