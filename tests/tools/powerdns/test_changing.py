"""Changes of zones: whose come when, and how many at once."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from twisted.internet.defer import Deferred, ensureDeferred

from ddns.model.account import Key, KeyKind
from ddns.model.update import Outcome
from ddns.tools.base import ToolError, ToolRequest
from ddns.tools.powerdns.changing import Changing
from ddns.tools.powerdns.rrset_changes import MOST
from ddns.tools.powerdns.sight import Sight
from ddns.updates.keyed_update import KeyedUpdate

ORIGIN = b"\x07example\x03net\x00"


class Server:
    """A pipeline that takes what comes, and a thread that works when it is told to."""

    def __init__(self) -> None:
        self.waiting: list[tuple[Deferred[Any], Callable[[], Any]]] = []
        self.performed: list[str] = []
        self.changing = Changing(self, None, self.run_slow)  # type: ignore[arg-type]

    def run_slow(self, function: Callable[[], Any]) -> Deferred[Any]:
        result: Deferred[Any] = Deferred()
        self.waiting.append((result, function))
        return result

    async def perform_records(self, update: KeyedUpdate) -> Outcome:
        assert update.key is not None
        self.performed.append(update.key.account)
        return Outcome()

    def work(self) -> None:
        result, function = self.waiting.pop(0)
        try:
            result.callback(function())
        except ToolError:
            result.errback()

    def patch(self, account: str, count: int = 1, operator: bool = False) -> Deferred[None]:
        kind = {"type": "A", "changetype": "DELETE"}
        rrsets = [{"name": f"{number}.example.net.", **kind} for number in range(count)]
        body = json.dumps({"rrsets": rrsets}).encode()
        request = ToolRequest("PATCH", ("api",), {}, {}, None, body, "192.0.2.1", 0.0)
        sight = Sight(Key(1, account, KeyKind.UPDATE, b""), operator)
        return ensureDeferred(self.changing.patch(ORIGIN, request, sight))


def test_nobody_waits_for_all_that_another_account_sends() -> None:
    server = Server()
    done = [server.patch(account) for account in ("alice", "alice", "alice", "bob")]
    while server.waiting:
        server.work()
    assert server.performed == ["alice", "bob", "alice", "alice"]
    assert all(one.called for one in done)


def test_a_change_that_fails_holds_up_none() -> None:
    server = Server()
    failed, done = server.patch("alice", MOST + 1), server.patch("alice")
    failed.addErrback(lambda failure: failure.trap(ToolError))
    server.work()
    server.work()
    assert done.called
    assert server.performed == ["alice"]


def test_operators_change_as_much_as_they_can_send() -> None:
    server = Server()
    done = server.patch("olga", MOST + 1, operator=True)
    server.work()
    assert done.called
    assert server.performed == ["olga"]
