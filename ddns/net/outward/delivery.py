"""Do what a kind of relay asks for, step by step."""

from __future__ import annotations

from typing import Any

from ddns.model.relays import Relay
from ddns.net.outward.client import OutwardClient
from ddns.net.outward.exchange import exchange
from ddns.relays import KINDS
from ddns.relays.base import Exchange, Job


async def deliver(client: OutwardClient, relay: Relay, job: Job) -> str:
    """Have the service of a relay take over addresses; return what it said.

    :raises Failed: when it does not take them.
    :raises OutwardError: when it does not answer.
    """
    steps = KINDS[relay.kind].deliver(job)
    answer: Any = None
    while True:
        try:
            asked = steps.send(answer)
        except StopIteration as done:
            return str(done.value)
        if isinstance(asked, Exchange):
            answer = await exchange(client, asked)
        else:
            answer = await client.fetch(asked)
