"""Registrations by acme-dns's clients."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from ddns.api.acme_dns import AcmeDnsOperations
from ddns.api.caller import Caller
from ddns.api.errors import ApiError, Conflict, Invalid
from ddns.model.acme_dns import OpenTo
from ddns.model.leases import DAY
from ddns.model.records import network_of
from ddns.policy.token_bucket import Buckets
from ddns.tools.acme_dns.body import members_of
from ddns.tools.acme_dns.errors import AcmeDnsError
from ddns.tools.admission import Admission
from ddns.tools.base import ToolAnswer, ToolError, ToolRequest

VIA = "acme-dns"
"""What the journal calls this way in."""


class Register:
    """Registers names for whoever may have some: with a key for tools that is good for all of an
    account, or without, where strangers may.

    :param operations: what people can do; they have the rules as well.
    :param admission: lets tools in.
    :param clock: monotonic, for how often strangers come.
    """

    def __init__(
        self,
        operations: AcmeDnsOperations,
        admission: Admission,
        clock: Callable[[], float],
    ) -> None:
        self._operations = operations
        self._admission = admission
        self._clock = clock
        self._per_day = 0
        self._strangers: Buckets

    async def answer(self, request: ToolRequest) -> ToolAnswer:
        """Register a name.

        :raises ToolError: when that may not be, or its networks are none.
        """
        rules = self._operations.rules.acme_dns
        if request.credentials is None and rules.open_to is not OpenTo.ACCOUNT:
            self._admission.without_key(request.peer)
            networks = _networks(request)
            return await self._as_stranger(request, rules.per_day, networks)
        key = self._admission.by_credentials(request.credentials, request.peer)
        if key.hosts is not None or key.zones is not None or key.types is not None:
            raise ToolError(403, "the key is good for some names only, and not for new ones")
        return await self._register(request, key.account, _networks(request))

    async def _as_stranger(
        self, request: ToolRequest, per_day: int, networks: list[str]
    ) -> ToolAnswer:
        """Register a name that belongs to no account, if its network has not enough of them."""
        if per_day != self._per_day:  # at first, and when the setting has changed
            self._per_day, self._strangers = per_day, Buckets(per_day, DAY)
        network, now = network_of(request.peer), self._clock()
        if (wait := self._strangers.wait(network, now)) > 0:
            raise ToolError(429, "there were too many registrations from your network", wait)
        self._strangers.take(network, now)
        try:
            return await self._register(request, None, networks)
        except ToolError:
            self._strangers.give_back(network, self._clock())
            raise

    async def _register(
        self, request: ToolRequest, account: str | None, networks: list[str]
    ) -> ToolAnswer:
        agent = request.headers.get("user-agent", "")
        caller = Caller(account, peer=request.peer, agent=agent)
        operations = self._operations.acting_for(caller, VIA)
        try:
            made = await operations.acme_dns_add(allowfrom=networks)
        except Invalid as error:
            raise AcmeDnsError(400, "invalid_allowfrom_cidr", str(error)) from None
        except Conflict as error:  # the operator has not set up what this takes
            raise ToolError(503, str(error)) from None
        except ApiError as error:
            raise ToolError(error.status, str(error)) from None
        return ToolAnswer(201, json.dumps(made).encode())


def _networks(request: ToolRequest) -> list[str]:
    """Return the networks that a request limits updates to.

    :raises ToolError: when they are no list of texts.
    """
    given: Any = members_of(request).get("allowfrom")
    networks = [] if given is None else given
    if not isinstance(networks, list) or not all(isinstance(one, str) for one in networks):
        raise ToolError(400, "allowfrom: expected a list of networks")
    return networks
