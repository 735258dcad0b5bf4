"""What the server hands out for a moment and expects back: tickets of log-ins that are not whole
yet, challenges for passkeys."""

from __future__ import annotations

import itertools
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

from ddns.policy import secrets

V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class _Handout(Generic[V]):
    """A value, to whom it was given, and when that expires by a monotonic clock."""

    value: V
    to: Hashable
    expires: float


class Handouts(Generic[V]):
    """Values by secrets, of which the SHA-256 alone is kept.

    - *time*: seconds that a secret is good.
    - *capacity*, *to_one*: maximum number, in all and to one person or network; the oldest makes
      room for a newer one.

    Times are monotonic.
    """

    def __init__(self, *, time: float = 300.0, capacity: int = 10_000, to_one: int = 20) -> None:
        self._time = time
        self._capacity = capacity
        self._to_one = to_one
        self._handouts: OrderedDict[bytes, _Handout[V]] = OrderedDict()  # the oldest first
        self._to: dict[Hashable, OrderedDict[bytes, None]] = {}

    def add(self, secret: str, value: V, to: Hashable, now: float) -> None:
        """Keep a value until its secret comes back or expires."""
        for digest in list(itertools.islice(self._handouts, 2)):  # more than are added
            if self._handouts[digest].expires <= now:
                self._remove(digest)
        digest = secrets.digest_key(secret)
        self._handouts[digest] = _Handout(value, to, now + self._time)
        theirs = self._to.setdefault(to, OrderedDict())
        theirs[digest] = None
        if len(theirs) > self._to_one:
            self._remove(next(iter(theirs)))
        if len(self._handouts) > self._capacity:
            self._remove(next(iter(self._handouts)))

    def find(self, secret: str, now: float) -> V | None:
        """Return the value of a secret that is good."""
        found = self._handouts.get(secrets.digest_key(secret))
        return None if found is None or found.expires <= now else found.value

    def take(self, secret: str, now: float) -> V | None:
        """Return the value of a secret that is good; it no longer is."""
        found = self.find(secret, now)
        self._remove(secrets.digest_key(secret))
        return found

    def _remove(self, digest: bytes) -> None:
        found = self._handouts.pop(digest, None)
        if found is None:
            return
        theirs = self._to[found.to]
        del theirs[digest]
        if not theirs:
            del self._to[found.to]

    def __len__(self) -> int:
        return len(self._handouts)
