"""Requests of clients, as the log of them has them."""

from __future__ import annotations

from typing import Any

from ddns.model import names
from ddns.model.journal import Author
from ddns.model.request_log import LoggedRequest, RequestEntry
from tests.house import House


def note_request(
    house: House, host: str, account: str | None = "alice", **given: Any
) -> LoggedRequest:
    """Log a request for a host; one without an account had wrong credentials."""
    entry = RequestEntry(
        **{
            "at": house.time,
            "dialect": "dyndns2",
            "peer": "192.0.2.77",
            "user": "alice",
            "agent": "Router/7",
            "asked": f"GET /nic/update?hostname={host}",
            "answer": "good 198.51.100.7",
            **given,
        }
    )
    status = entry.status or ("badaddress" if entry.reason else "good")
    hosts = {names.from_text(host): (status, entry.wait)}
    request = LoggedRequest(account, hosts, entry._replace(status=status, hosts=host), account)

    async def note() -> None:
        await house.store.transact(
            Author("server", "test", house.time),
            lambda transaction: transaction.log_requests([request], 50, 50, 999),
        )

    house.running.call(note)
    return request
