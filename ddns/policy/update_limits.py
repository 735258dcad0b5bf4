"""What is refused because of what was done before: who comes too often, who is blocked.

The rules are pure functions of the history, of one attempt and of the time, in the order in which
they are asked. Whoever asks them takes and gives back what an attempt uses up; see
:class:`ddns.updates.updater.Updater`.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NamedTuple

from ddns.model import names
from ddns.model.account import Account
from ddns.model.records import AAAA, ADDRESS_TYPES
from ddns.model.update import Change, Edit, Remove, Renumber, Replace, Status, Update
from ddns.policy.addresses import NetworkSet
from ddns.policy.token_bucket import Buckets

OTHER = 0
"""What is changed that is no address: an alias, a mail exchange."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How often is too often. Intervals in seconds; 0 switches a rule off.

    A host may have ``change_burst`` changes at once and then one more every ``change_interval``.
    One ``nochg`` in a ``nochg_interval`` is free, others count as changes. An account with
    ``refusals`` refused updates within ``window`` is blocked for ``block_time``, 0 for until the
    operator lifts it. Who comes from ``refused`` is refused whatever it wants.
    """

    change_burst: int = 10
    change_interval: float = 60.0
    nochg_interval: float = 60.0
    refusals: int = 50
    window: float = 86_400.0
    block_time: float = 0.0
    refused: NetworkSet | None = None


class Attempt(NamedTuple):
    """An update on its way: from whom, as far as that is known yet, and which of its changes."""

    update: Update
    account: Account | None = None
    change: Change | None = None


Slot = tuple[str, bytes, int]
"""Account, owner name and what is changed there: A, AAAA or :data:`OTHER`. The families of a host
are counted apart, so that a client which updates them one after the other is no abuser."""


def slots(account: str, change: Change) -> tuple[Slot, ...]:
    """Where a change counts; nowhere if it names no host."""
    if change.name is None:
        return ()
    kinds = set(map(_kind, change.edits))
    return tuple([(account, change.name, kind) for kind in sorted(kinds)])


def _kind(edit: Edit) -> int:
    if isinstance(edit, Replace | Remove):
        return edit.type if edit.type in ADDRESS_TYPES and not edit.prefix else OTHER
    return AAAA if isinstance(edit, Renumber) else OTHER


def slot_of(account: str, owner: bytes, number: int) -> Slot:
    """Where a change of an RRset counts: with its host, however it is made."""
    host = names.host_of(owner)
    return account, host, number if number in ADDRESS_TYPES and owner == host else OTHER


class History:
    """What was done before, in bounded tables. Times are a monotonic clock's."""

    def __init__(self, limits: Limits, capacity: int = 100_000) -> None:
        self.limits = limits
        self._capacity = capacity
        self._changes = _buckets(limits.change_burst, limits.change_interval, capacity)
        self._quiet = _buckets(1, limits.nochg_interval, capacity)
        self._refused: OrderedDict[str, tuple[float, int]] = OrderedDict()

    def limit(self, limits: Limits) -> None:
        """From now on these limits hold. A bucket of another size is full."""
        old, self.limits = self.limits, limits
        burst, interval = limits.change_burst, limits.change_interval
        if (burst, interval) != (old.change_burst, old.change_interval):
            self._changes = _buckets(burst, interval, self._capacity)
        if limits.nochg_interval != old.nochg_interval:
            self._quiet = _buckets(1, limits.nochg_interval, self._capacity)

    def has_room(self, slot: Slot, now: float) -> bool:
        """Whether one more change is in the bucket."""
        return self._changes is None or self._changes.wait(slot, now) <= 0

    def count(self, clock: Callable[[], float], account: str, owner: bytes, number: int) -> float:
        """Count a change of an RRset that somebody makes without a client, at its host; in how many
        seconds it may come if it comes too often, else 0.0."""
        if self._changes is None:
            return 0.0
        slot, now = slot_of(account, owner, number), clock()
        if (wait := self._changes.wait(slot, now)) <= 0:
            self._changes.take(slot, now)
        return wait

    def take(self, slots: Iterable[Slot], now: float) -> None:
        """A change takes its share before it is tried, so that many at once are counted as well."""
        if self._changes is not None:
            for slot in slots:
                self._changes.take(slot, now)

    def give_back(self, slots: Iterable[Slot], now: float) -> None:
        """It came to nothing."""
        if self._changes is not None:
            for slot in slots:
                self._changes.give_back(slot, now)

    def unchanged(self, slots: Iterable[Slot], now: float) -> None:
        """There was nothing to change: free now and then, a change like any other when repeated."""
        quiet = self._quiet
        if quiet is None:
            self.give_back(slots, now)
            return
        free = [slot for slot in slots if quiet.wait(slot, now) <= 0]
        for slot in free:
            quiet.take(slot, now)
        self.give_back(free, now)

    def refuse(self, account: str, now: float) -> int:
        """Count a refused update; how many there have been within the window."""
        since, count = self._refused.get(account, (now, 0))
        if now - since >= self.limits.window:
            since, count = now, 0
        self._refused[account] = since, count + 1
        self._refused.move_to_end(account)
        if len(self._refused) > self._capacity:
            self._refused.popitem(last=False)
        return count + 1

    def forgive(self, account: str) -> None:
        """Begin to count refusals anew."""
        self._refused.pop(account, None)

    def lift(self, account: str) -> None:
        """A block was lifted: what was done before counts no longer."""
        self.forgive(account)
        if self._changes is not None:
            self._changes.empty(lambda slot: slot[0] == account)


def _buckets(burst: int, interval: float, capacity: int) -> Buckets | None:
    """Buckets of so many, into which one comes back every *interval* seconds; none for 0."""
    return Buckets(burst, burst * interval, capacity=capacity) if interval else None


Rule = Callable[[History, Attempt, float], Status | None]


def from_refused_network(history: History, attempt: Attempt, now: float) -> Status | None:
    """The operator does not want anything from there."""
    refused = history.limits.refused
    return Status.BLOCKED if refused is not None and attempt.update.peer in refused else None


def is_blocked(history: History, attempt: Attempt, now: float) -> Status | None:
    """A block lasts until it is lifted or over; its end is in seconds since 1970."""
    account = attempt.account
    if account is None or account.block is None or not account.block.holds(attempt.update.at):
        return None
    return Status.BLOCKED


def comes_too_often(history: History, attempt: Attempt, now: float) -> Status | None:
    """The bucket of the host is empty."""
    if attempt.account is None or attempt.change is None:
        return None
    for slot in slots(attempt.account.name, attempt.change):
        if not history.has_room(slot, now):
            return Status.ABUSE
    return None


RULES: tuple[Rule, ...] = (from_refused_network, is_blocked, comes_too_often)


def judge(history: History, attempt: Attempt, now: float) -> Status | None:
    """What the first rule says that has something against an attempt."""
    for rule in RULES:
        refusal = rule(history, attempt, now)
        if refusal is not None:
            return refusal
    return None
