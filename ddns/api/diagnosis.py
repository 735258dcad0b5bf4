"""Operations that tell why a host is not updated."""

from __future__ import annotations

import dataclasses
from typing import NamedTuple

from ddns.api import parsing
from ddns.api.access import ReadContext
from ddns.api.base import BaseOperations
from ddns.api.host_reading import Requests, history, requests_of, shown
from ddns.api.keys import keys_of
from ddns.api.serializers import Json, diagnosis_json, key_json, named, request_json
from ddns.model import names
from ddns.model.account import Host
from ddns.model.records import ADDRESS_TYPES, address_to_text
from ddns.policy.diagnosis import ENOUGH, Diagnosis, HostState, diagnose
from ddns.store.paging import Page

EVENTS = 20
"""Changes in an overview."""

REQUESTS = 20
"""Requests in an overview."""

OTHERS = 1000
"""Other hosts of an account that a client may have meant; few accounts have more."""


class HostOverview(NamedTuple):
    """A host as :meth:`ddns.api.hosts.HostOperations.host_show` has it, with the latest requests
    only; and for its own account why it is not updated, the keys that may update it, and its latest
    changes."""

    host: Json
    diagnosis: Diagnosis | None
    keys: list[Json]
    events: list[Json]


class DiagnosisOperations(BaseOperations):
    """Diagnoses, which are for a host's own account: they tell what its clients send."""

    async def host_diagnosis(self, name: str) -> Json:
        """Tell whether a host is updated, and what keeps it from being: findings, the worst first,
        with what to change; and the latest requests of its clients, newest first."""
        diagnosis, requests = await self.host_diagnosed(name)
        return {
            **named("name", parsing.host_name(name)),
            **diagnosis_json(diagnosis),
            "requests": [request_json(*one) for one in requests],
        }

    async def host_diagnosed(self, name: str) -> tuple[Diagnosis, Requests]:
        """Return what :meth:`host_diagnosis` tells, for those that tell it in other words."""
        owner = parsing.host_name(name)
        await self._flush_request_log()

        def work(context: ReadContext) -> tuple[Diagnosis, Requests]:
            host = context.own_host(owner)
            requests = requests_of(context, host, ENOUGH)
            return self._diagnosed(context, host, requests), requests

        return await self._read(work)

    async def host_overview(self, name: str) -> HostOverview:
        """Return what there is to know of a host, at one moment and by one look into the store."""
        owner = parsing.host_name(name)
        await self._flush_request_log()

        def work(context: ReadContext) -> HostOverview:
            host = context.visible_host(owner)
            requests = requests_of(context, host, ENOUGH)
            found = shown(context, host, requests[:REQUESTS])
            if not context.caller.owns(host.account):
                return HostOverview(found, None, [], [])
            return HostOverview(
                found,
                self._diagnosed(context, host, requests),
                [key_json(key) for key in keys_of(context, host)],
                history(context, host, EVENTS),
            )

        return await self._read(work)

    def _diagnosed(self, context: ReadContext, host: Host, requests: Requests) -> Diagnosis:
        """Return the diagnosis of a host from the last requests that named it, and from what came
        to nothing before it was one."""
        strays = context.transaction.requests_of_account(host.account, ENOUGH)
        state = self._state(context, host, has_strays=bool(strays))
        peers = {entry.peer for _, entry in (*requests, *strays)} | {*state.addresses}
        if context.caller.account == host.account:
            peers.add(context.caller.peer)  # whoever asks may well be behind the router
        state = dataclasses.replace(state, knocks=self._running.knocks(peers))
        return diagnose(state, requests, strays, context.now)

    def _state(self, context: ReadContext, host: Host, *, has_strays: bool) -> HostState:
        """Return a host as rules look at it: the other hosts of its account matter only where its
        clients have named one that it does not have."""
        reading = context.transaction
        block = context.known_account(host.account).block
        rrsets = (reading.rrset(host.zone, host.name, number) for number in ADDRESS_TYPES)
        leader = reading.host(host.follows) if host.follows else None
        others = reading.hosts(host.account, page=Page(OTHERS)) if has_strays else []
        return HostState(
            name=names.to_text(host.name),
            zone=names.to_text(host.zone),
            account=host.account,
            created=host.created,
            addresses=[address_to_text(one) for rrset in rrsets if rrset for one in rrset.rdatas],
            expires=host.expires,
            block=block if block is not None and block.holds(context.now) else None,
            others=[names.to_text(one.name) for one in others if one.name != host.name],
            https=self._running.has_https(),
            follows=names.to_text(host.follows) if host.follows else "",
            is_led=leader is not None and leader.account == host.account,
        )
