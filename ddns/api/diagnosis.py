"""Operations that tell why a host is not updated."""

from __future__ import annotations

from ddns.api import parsing
from ddns.api.access import ReadContext
from ddns.api.base import BaseOperations
from ddns.api.serializers import Json, diagnosis_json, named, request_json
from ddns.model import names
from ddns.model.account import Host
from ddns.model.records import ADDRESS_TYPES
from ddns.model.request_log import RequestEntry
from ddns.policy.diagnosis import Diagnosis, HostState, diagnose


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

    async def host_diagnosed(self, name: str) -> tuple[Diagnosis, list[tuple[bool, RequestEntry]]]:
        """Return what :meth:`host_diagnosis` tells, for those that tell it in other words."""
        owner = parsing.host_name(name)
        await self._flush_request_log()

        def work(context: ReadContext) -> tuple[Diagnosis, list[tuple[bool, RequestEntry]]]:
            host = context.own_host(owner)
            reading = context.transaction
            requests = reading.requests_of_host(owner)
            strays = reading.requests_of_account(host.account)
            state = _state(context, host, https=self._https)
            return diagnose(state, requests, strays, context.now), requests

        return await self._read(work)


def _state(context: ReadContext, host: Host, *, https: bool) -> HostState:
    """Return a host as rules look at it."""
    reading = context.transaction
    block = context.known_account(host.account).block
    addresses = (reading.rrset(host.zone, host.name, number) for number in ADDRESS_TYPES)
    return HostState(
        name=names.to_text(host.name),
        zone=names.to_text(host.zone),
        account=host.account,
        created=host.created,
        addresses=any(addresses),
        expires=host.expires,
        block=block if block is not None and block.holds(context.now) else None,
        others=[
            names.to_text(one.name) for one in reading.hosts(host.account) if one.name != host.name
        ],
        https=https,
    )
