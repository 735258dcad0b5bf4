"""Scans of a store that a test holds up, counts and spoils."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred

from ddns.store.interfaces import StoreError
from tests.house import House


class Gated:
    """Scans that wait at each of their turns until they are let on, and fail once they come to the
    zone that *spoilt* names."""

    def __init__(self, house: House) -> None:
        self.waiting: list[Deferred[None]] = []
        self.open = False
        self.fails = False
        self.spoilt: bytes | None = None
        self.scans = self.turns = 0
        self._real = house.store.scan
        house.store.scan = self.scan  # type: ignore[method-assign]

    def scan(self, origins: Any) -> Any:
        self.scans += 1
        scan = self._real(origins)
        real = scan.next

        async def next_(most: int) -> Any:
            if not self.open:
                gate: Deferred[None] = Deferred()
                self.waiting.append(gate)
                await gate
            self.turns += 1
            if self.fails:
                raise StoreError("the disk is gone")
            scanned = await real(most)
            if any(part.zone == self.spoilt for part in scanned):
                raise StoreError("a page is damaged")
            return scanned

        scan.next = lambda most=1000: Deferred.fromCoroutine(next_(most))  # type: ignore[method-assign]
        return scan

    def step(self) -> None:
        for gate in self.waiting[:]:
            self.waiting.remove(gate)
            gate.callback(None)

    def let_on(self) -> None:
        self.open = True
        self.step()
