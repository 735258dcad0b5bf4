"""TXT records that acme-dns's clients set."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any

from ddns.model.acme_dns import AcmeDnsRegistration, is_challenge, is_subdomain
from ddns.model.record_changes import ChangeType, RRsetChange
from ddns.model.records import TXT
from ddns.model.update import Outcome, Status
from ddns.policy.acme_dns import is_password_of, used
from ddns.policy.token_bucket import Buckets
from ddns.store.interfaces import IStore, ITransaction
from ddns.tools.acme_dns.body import members_of
from ddns.tools.acme_dns.errors import AcmeDnsError, forbidden
from ddns.tools.admission import Admission
from ddns.tools.base import ToolAnswer, ToolError, ToolRequest, check
from ddns.tools.challenges import rdata_of
from ddns.updates.keyed_update import KeyedUpdate

KEPT = 2
"""Values that stay, the newest: a name and its wildcard have a challenge each, at the same name."""

TTL = 1

CHANGES, WITHIN = 100, 3600.0
"""Updates of one registration in so many seconds: every certificate takes two."""

STRANGER = "nobody"
"""Who changes are by where a registration belongs to no account; nobody may be called so."""


class Update:
    """Sets the TXT records of a registration, for whoever has its password.

    :param perform: changes records, :meth:`ddns.updates.pipeline.Pipeline.perform_records`.
    :param store: has the registrations.
    :param admission: lets tools in.
    :param clock: monotonic.
    """

    def __init__(
        self,
        perform: Callable[[KeyedUpdate], Awaitable[Outcome]],
        store: IStore,
        admission: Admission,
        clock: Callable[[], float],
    ) -> None:
        self._perform = perform
        self._store = store
        self._admission = admission
        self._clock = clock
        self._changes = Buckets(CHANGES, WITHIN)

    async def answer(self, request: ToolRequest) -> ToolAnswer:
        """Set a record; return it once it is on disk and in our DNS.

        :raises ToolError: when it is not.
        """
        self._admission.without_key(request.peer)
        registration = await self._registration(request)
        value = _value(members_of(request), registration)
        now, subdomain = self._clock(), registration.subdomain
        if (wait := self._changes.wait(subdomain, now)) > 0:
            raise ToolError(429, "this name changes too often", wait)
        self._changes.take(subdomain, now)
        records = (rdata_of(value),)
        change = RRsetChange(registration.name, TXT, ChangeType.EXTEND, records, TTL, KEPT)
        shown = f"{request.shown} {subdomain}"  # known to all who see where the CNAME leads
        outcome = await self._perform(
            KeyedUpdate(
                *("acme-dns", registration.zone, None, (change,)),
                *(request.peer, request.at, shown, request.headers.get("user-agent", "")),
                author=registration.account or STRANGER,
                refuse=partial(_use, registration, request.at),
            )
        )
        if outcome.refusal is Status.NOTYOURS:
            raise forbidden(outcome.reason)
        check(outcome)
        return ToolAnswer(200, json.dumps({"txt": value}).encode())

    async def _registration(self, request: ToolRequest) -> AcmeDnsRegistration:
        """Return the registration whose user name and password a request has."""
        user = request.headers.get("x-api-user", "").lower()
        password = request.headers.get("x-api-key", "")
        found = await self._store.read(lambda reading: reading.acme_dns(user))
        if not is_password_of(found, password) or found is None:
            raise forbidden()
        if not found.is_open_to(request.peer):
            raise forbidden(f"allowfrom has not the address {request.peer}")
        return found


def _value(given: Mapping[str, Any], registration: AcmeDnsRegistration) -> str:
    """Return the value that a request gives to its own subdomain.

    :raises ToolError: when it is malformed, or of another subdomain.
    """
    subdomain, value = given.get("subdomain"), given.get("txt")
    if not isinstance(subdomain, str) or not is_subdomain(subdomain.lower()):
        raise AcmeDnsError(
            400, "bad_subdomain", "subdomain: expected a UUID, the first label of fulldomain only"
        )
    if subdomain.lower() != registration.subdomain:
        raise forbidden("the subdomain is not this user's")
    if not isinstance(value, str) or not is_challenge(value):
        raise AcmeDnsError(400, "bad_txt", "txt: expected 43 letters of base64url")
    return value


def _use(registration: AcmeDnsRegistration, at: float, transaction: ITransaction) -> str:
    """Note that a registration is used; return why it cannot be, if it cannot any more."""
    known = transaction.acme_dns(registration.subdomain)
    if known is None or known.digest != registration.digest:
        return "the registration has been removed"
    account = None if known.account is None else transaction.account(known.account)
    if account is not None and account.block is not None and account.block.holds(at):
        return f"the account is blocked: {account.block.reason}"
    if (last := used(known, at)) != known.used:
        transaction.change_acme_dns(dataclasses.replace(known, used=last))
    return ""
