"""Changes of the records of one zone, in whatever protocol they came, as the updater has them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple, Protocol

from ddns.model.account import Key, Right
from ddns.model.dynamic_update import Operation
from ddns.model.leases import Lease
from ddns.model.update import Outcome, Update
from ddns.policy.dynamic_updates import Allowed, Decision, Lookup
from ddns.store.interfaces import ITransaction

OPERATOR = "operator"
"""Who changes by nobody's key are by, if they are not the server's own."""


class Asked(NamedTuple):
    """What is to be done: its operations, and the decision on it. That is given what reads RRsets,
    what says which may be changed, the zone's serial, and the TTL of a new RRset by its owner."""

    operations: tuple[Operation, ...]
    decide: Callable[[Lookup, Allowed, int, Callable[[bytes], int]], Decision]


class RecordUpdate(Protocol):
    """One request to change records of the zone *origin*.

    ``dialect`` is its name in journal, request log and metrics; ``key`` the client's, already
    verified, None for the server itself and where the operator asks for none; ``author`` who it is
    by without a key. ``right`` is what the key needs. ``peer`` is the client's address, ``at``
    seconds since 1970, ``lease`` that under which it adds records.
    """

    @property
    def dialect(self) -> str: ...
    @property
    def origin(self) -> bytes: ...
    @property
    def key(self) -> Key | None: ...
    @property
    def author(self) -> str: ...
    @property
    def right(self) -> Right: ...
    @property
    def peer(self) -> str: ...
    @property
    def at(self) -> float: ...
    @property
    def lease(self) -> Lease | None: ...

    @property
    def update(self) -> Update:
        """It as counters and request log have updates: a change for each name."""

    def shown(self) -> str:
        """Return what the owner of a host may see of it."""

    def told(self, outcome: Outcome) -> str:
        """Return what its owner may see of the answer."""

    def touched_rrsets(self) -> Iterable[tuple[bytes, int]]:
        """Return the owner names and types of what it may change, with :data:`ANY` for all types
        of a name."""

    def refused_by(self, transaction: ITransaction) -> str:
        """Return why the request is refused by what is committed besides records; "" if it is not.
        What it notes there, it notes in the transaction of the change."""

    def asked(self) -> Asked:
        """Read what is to be done, in the store's thread.

        :raises UpdateError: when it is malformed.
        """
