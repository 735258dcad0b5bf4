"""Tools' requests to a house, past its sockets."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

from ddns.model.leases import DAY
from ddns.model.update import Credentials
from ddns.policy.directory import Directory
from ddns.tools.admission import Admission
from ddns.tools.base import Tool, ToolError, ToolRequest
from ddns.updates.pipeline import Pipeline
from ddns.updates.record_updater import RecordUpdater
from tests.house import House

PEER = "192.0.2.77"


class Answered(NamedTuple):
    """An answer whose body is JSON, or nothing."""

    status: int
    body: Any
    headers: Mapping[str, str]


def pipeline_of(house: House) -> Pipeline:
    """What changes records there; nobody updates hosts by it."""
    updater = RecordUpdater(
        *(house.store, house.directory, house.publisher, house.limiter, house.blocker),
        lambda: house.time,
        lambda: house.operations.rules,
        lambda: DAY,
    )
    pipeline = Pipeline(house.updater.perform, updater.perform, lambda: house.time)
    pipeline.open()
    return pipeline


def admission_of(house: House) -> Admission:
    directory: Directory = house.directory
    return Admission(directory, lambda: house.time, lambda: house.time)


def ask(
    house: House,
    tool: Tool,
    path: str,
    body: Any = None,
    *,
    method: str = "POST",
    login: tuple[str, str] | None = None,
    peer: str = PEER,
    **headers: str,
) -> Answered:
    """Ask a tool, at a path that may have a query; a *body* that is not octets is sent as JSON.
    Headers have ``_`` for ``-``."""
    octets = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
    bare, _, query = path.partition("?")
    request = ToolRequest(
        method,
        tuple(bare.strip("/").split("/")),
        dict(parse_qsl(query)),
        {name.replace("_", "-"): value for name, value in headers.items()},
        None if login is None else Credentials(*login),
        octets,
        peer,
        house.time,
    )

    async def answer() -> Answered:
        try:
            answered = await tool.answer(request)
        except ToolError as error:
            answered = tool.refusal(error)
        assert isinstance(answered.body, bytes)
        shown = json.loads(answered.body) if answered.body else None
        return Answered(answered.status, shown, dict(answered.headers))

    answered: Answered = house.running.call(answer)
    return answered


def texts(house: House, name: str) -> list[str]:
    """The TXT records of a name, as committed, in their order."""
    found = house.api("record_show", owner=name)["records"]
    return [text.strip('"') for one in found if one["type"] == "TXT" for text in one["rdatas"]]
