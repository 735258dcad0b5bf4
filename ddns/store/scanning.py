"""A store's walk over zones."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from twisted.internet.defer import Deferred
from zope.interface import Interface

from ddns.model.rows import Row

if TYPE_CHECKING:
    from ddns.store.interfaces import IReading

T = TypeVar("T")


class Scanned(NamedTuple):
    """Rows of one zone, which are the last of it or not. A zone that does not exist has none."""

    zone: bytes
    rows: list[Row]
    last: bool


class IScan(Interface):
    """A walk over zones, one after the other, and their records in owner order, within one
    consistent view."""

    def next(most: int = 1000) -> Deferred[list[Scanned]]:
        """Return the next rows, *most* of them at most; an empty list after the last zone. The
        fewer they are, the less threads contend for a processor. Whoever waits too long between
        two calls is refused (StoreError): the view keeps the store from forgetting old states."""

    def read(work: Callable[[IReading], T]) -> Deferred[T]:
        """Return what a function of this very view returns; as prompt as between two calls of
        :meth:`next`."""

    def close() -> Deferred[None]:
        """Give the view up; to be called once in any case, also at the end."""
