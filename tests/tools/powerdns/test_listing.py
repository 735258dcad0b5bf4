"""Zones that are read in pieces, and what becomes of those that nobody waits for."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import AsyncGenerator, Callable, Coroutine
from typing import Any, TypeVar

import pytest
from twisted.internet.defer import Deferred, ensureDeferred, succeed
from twisted.python.failure import Failure

from ddns.model import names
from ddns.model.account import Key, KeyKind, ZoneInfo
from ddns.model.records import NS, SOA, TXT, RRset
from ddns.store.paging import Page
from ddns.tools.base import ToolError
from ddns.tools.powerdns.listing import AT_ONCE, MOST_WALKS, Listings, as_json
from ddns.tools.powerdns.sight import Sight

T = TypeVar("T")

ORIGIN = b"\x07example\x03net\x00"
SIGHT = Sight(Key(1, "alice", KeyKind.UPDATE, b""), operator=False)


class Store:
    """A store, its view and its scan in one: a zone of alice's with so many names."""

    def __init__(self, count: int) -> None:
        soa = ORIGIN + ORIGIN + bytes(20)
        self.apex = [RRset(ORIGIN, SOA, 10, (soa,)), RRset(ORIGIN, NS, 10, (ORIGIN,))]
        self.owners = [b"\x04%04d" % number + ORIGIN for number in range(count)]
        self.open = 0

    def read(self, work: Callable[[Any], T]) -> Deferred[T]:
        return succeed(work(self))

    def scan(self, zones: list[bytes]) -> Store:
        assert zones == [ORIGIN]
        self.open += 1
        return self

    def close(self) -> Deferred[None]:
        self.open -= 1
        return succeed(None)

    def zone(self, origin: bytes) -> ZoneInfo | None:
        return ZoneInfo(ORIGIN, 7, "alice") if origin == ORIGIN else None

    def rrsets(self, zone: bytes, owner: bytes) -> list[RRset]:
        return self.apex if owner == ORIGIN else [RRset(owner, TXT, 5, (b"\x01x",))]

    def rrsets_below(self, zone: bytes, page: Page) -> list[RRset]:
        after = [owner for owner in self.owners if owner > (page.after or b"")]
        return [RRset(owner, TXT, 5, (b"\x01x",)) for owner in after[: page.limit]]

    def hosts(self, account: str, zone: bytes, page: Page) -> list[object]:
        return []


def result(work: Coroutine[Any, Any, T]) -> T:
    """What comes of work that waits for nothing."""
    found: list[T | Failure] = []
    ensureDeferred(work).addBoth(found.append)
    (value,) = found
    if isinstance(value, Failure):
        value.raiseException()
    return value


def listings(store: Store) -> Listings:
    return Listings(store)  # type: ignore[arg-type]


async def joined(body: AsyncGenerator[bytes, None]) -> list[bytes]:
    return [piece async for piece in body]


@pytest.mark.parametrize("count", [0, 1, AT_ONCE - 1, AT_ONCE, AT_ONCE + 1, 3 * AT_ONCE])
def test_all_of_a_zone(count: int) -> None:
    store = Store(count)
    body = result(listings(store).zone(SIGHT, ORIGIN, as_json))
    assert isinstance(body, bytes) == (count < AT_ONCE)
    text = body if isinstance(body, bytes) else b"".join(result(joined(body)))
    shown = json.loads(text)
    owners = [ORIGIN, ORIGIN, *store.owners]
    assert [one["name"] for one in shown["rrsets"]] == [f"{names.to_text(one)}." for one in owners]
    assert shown["rrsets"][0]["records"][0]["content"].split()[2] == "7"
    assert store.open == 0


def test_a_zone_that_is_not_there() -> None:
    with pytest.raises(ToolError):
        result(listings(Store(0)).zone(SIGHT, b"\x03org\x00", as_json))


def test_readers_wait_for_others_and_leave_their_place_whenever_they_go() -> None:
    store = Store(2 * AT_ONCE)
    shared = listings(store)
    accounts = [*map(str, range(MOST_WALKS)), "0", "last"]
    sights = [Sight(dataclasses.replace(SIGHT.key, account=one), True) for one in accounts]
    bodies = [result(shared.zone(sight, ORIGIN, as_json)) for sight in sights]
    readers = [body for body in bodies if not isinstance(body, bytes)]
    first = [ensureDeferred(anext(reader)) for reader in readers]  # type: ignore[arg-type]
    assert [one.called for one in first] == [True] * MOST_WALKS + [False, False]
    assert store.open == MOST_WALKS
    result(readers[1].aclose())
    assert [one.called for one in first[MOST_WALKS:]] == [False, True]
    result(readers[0].aclose())
    assert all(one.called for one in first)
    for reader in readers:
        result(reader.aclose())
    assert store.open == 0
