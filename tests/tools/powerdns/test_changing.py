"""Changes of zones: whose come when, and how many at once."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from twisted.internet.defer import Deferred, ensureDeferred, succeed
from twisted.python.failure import Failure

from ddns.api.errors import ApiError
from ddns.model.account import Key, KeyKind, ZoneInfo
from ddns.model.update import Outcome, Status
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
        self.outcome = Outcome()
        self.called: list[str] = []
        self.changing = Changing(self, self, self, self.run_slow)  # type: ignore[arg-type]

    def run_slow(self, function: Callable[[], Any]) -> Deferred[Any]:
        result: Deferred[Any] = Deferred()
        self.waiting.append((result, function))
        return result

    async def perform_records(self, update: KeyedUpdate) -> Outcome:
        assert update.key is not None
        self.performed.append(update.key.account)
        return self.outcome

    def read(self, work: Callable[[Any], Any]) -> Deferred[Any]:
        return succeed(work(self))

    def zones(self) -> list[ZoneInfo]:
        return [ZoneInfo(one, 1) for one in (ORIGIN, b"\x03sub" + ORIGIN, b"\x03org\x00")]

    def acting_for(self, caller: object, via: str) -> Server:
        return self

    async def zone_add(self, origin: str, *terms: object) -> None:
        self.called.append(f"add {origin}")

    async def zone_remove(self, origin: str) -> None:
        self.called.append(f"remove {origin}")

    def add(self, **zone: object) -> Deferred[bytes]:
        body = json.dumps({"name": "example.net.", **zone}).encode()
        request = ToolRequest("POST", ("api",), {}, {}, None, body, "192.0.2.1", 0.0)
        key = Key(1, "olga", KeyKind.UPDATE, b"")
        made = ensureDeferred(self.changing.add(request, key))
        while self.waiting:
            self.work()
        return made

    def work(self) -> None:
        result, function = self.waiting.pop(0)
        try:
            result.callback(function())
        except (ToolError, ApiError):
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


def rrset(name: str, kind: str, *contents: str) -> dict[str, object]:
    records = [{"content": one} for one in contents]
    return {"name": f"{name}.", "type": kind, "ttl": 60, "records": records}


def refusal(made: Deferred[bytes]) -> ToolError | ApiError:
    caught: list[Failure] = []
    made.addErrback(caught.append)
    (failure,) = caught
    assert isinstance(failure.value, ToolError | ApiError)
    return failure.value


ALIAS = rrset("x.example.net", "CNAME", "a.")


@pytest.mark.parametrize(
    ("rrsets", "status"),
    [
        ([ALIAS, rrset("x.example.net", "TXT", '"x"')], 422),
        ([rrset("example.net", "CNAME", "a.")], 422),
        ([rrset("sub.example.net", "A", "192.0.2.1")], 422),
        ([rrset("x.sub.example.net", "NS", "a.")], 422),
        ([rrset("_validation-persist.example.net", "TXT", '"x"')], 403),
        ([rrset("x.example.net", "A", "x")], 422),
    ],
)
def test_a_zone_that_cannot_have_its_records_is_not_made(
    rrsets: list[dict[str, object]], status: int
) -> None:
    server = Server()
    assert refusal(server.add(rrsets=rrsets)).status == status
    assert (server.called, server.performed) == ([], [])


def test_a_zone_without_proper_name_servers_is_not_made() -> None:
    server = Server()
    assert refusal(server.add(nameservers=["a_b."])).status == 400
    assert server.called == []


def test_a_zone_is_made_before_its_records() -> None:
    server = Server()
    delegation = rrset("sub.example.net", "NS", "ns.sub.example.net.")
    servers = rrset("example.net", "NS", "ns1.example.org.", "ns2.example.org.")
    assert server.add(rrsets=[ALIAS, delegation, servers]).result == ORIGIN  # type: ignore[attr-defined]
    assert (server.called, server.performed) == (["add example.net"], ["olga"])


def test_a_zone_that_others_may_have_changed_is_not_removed() -> None:
    server = Server()
    server.outcome = Outcome(Status.FAILED)
    error = refusal(server.add(rrsets=[ALIAS]))
    assert (error.status, "zone is there" in str(error)) == (503, True)
    assert server.called == ["add example.net"]
