"""A zone as it was at one moment, for whoever reads it in slices while it goes on changing."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ddns.zone.zone import Zone

STEP = 10_000
"""Names that are listed at a time, in some 0.3 ms."""


class Snapshot:
    """The nodes of a zone at one moment; :meth:`close` has to be called once in any case.

    The zone tells it what a node is before that changes, so it copies nothing but what changes
    while it lasts. A dictionary to which names have come, or from which they have gone, cannot be
    iterated over further, and a list of a million names takes too long to be made then. So they are
    listed beforehand, in steps; what changes meanwhile moves the moment.
    """

    __slots__ = ("_former", "_items", "_names", "_owners", "_read", "_step", "_zone")

    def __init__(self, zone: Zone) -> None:
        self._zone = zone
        self._step = STEP
        self._begin()
        zone.snapshots.append(self)

    def _begin(self) -> None:
        nodes = self._zone.nodes
        self._former: dict[bytes, bytes] = {}
        self._names = iter(nodes)
        self._owners: list[bytes] = []
        self._items: Iterator[tuple[bytes, bytes]] | None = iter(nodes.items())
        self._read = 0

    def before_change(self, owner: bytes, other_names: bool) -> None:
        """Remember a node that is about to change; *other_names* if it may come or go."""
        self._former.setdefault(owner, self._zone.nodes.get(owner, b""))
        if other_names:
            self._items = None

    def prepare(self) -> bool:
        """Take the next step before anything is read; return whether it was the last."""
        if self._items is None:
            self._begin()
            self._step *= 2  # so that it ends, however often names come and go
        names = list(islice(self._names, self._step))
        self._owners += names
        return len(names) < self._step

    def next(self, most: int) -> list[tuple[bytes, bytes]]:
        """Return the next owner names, each with its node, which may be empty; none at the end."""
        former = self._former
        if self._items is not None:
            items = list(islice(self._items, most))
            if former:
                items = [(owner, former.get(owner, node)) for owner, node in items]
        else:
            nodes = self._zone.nodes
            owners = self._owners[self._read : self._read + most]
            items = [(owner, former.get(owner, nodes.get(owner, b""))) for owner in owners]
        self._read += len(items)
        return items

    def close(self) -> None:
        """End it."""
        self._zone.snapshots.remove(self)
