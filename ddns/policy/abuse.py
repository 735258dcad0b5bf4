"""What is refused because of what was done before: who comes too often, who is blocked.

The rules are pure functions of the history, of one attempt and of the time, in the order in which
they are asked. Whoever asks them takes and gives back what an attempt uses up; see
:class:`ddns.updater.Updater`.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from ddns.model.account import Account
from ddns.model.records import AAAA, ADDRESS_TYPES
from ddns.model.update import Change, Edit, Remove, Renumber, Replace, Status, Update
from ddns.policy.addresses import NetworkSet

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
    refused: NetworkSet = field(default_factory=NetworkSet)


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


class History:
    """What was done before, in bounded tables: the oldest are forgotten first, and what is full
    again is not kept. Times are a monotonic clock's.

    A bucket is kept as the moment at which it is full again (the virtual scheduling algorithm of
    ITU-T I.371).
    """

    def __init__(self, limits: Limits, capacity: int = 100_000) -> None:
        self.limits = limits
        self._capacity = capacity
        self._full_at: OrderedDict[Slot, float] = OrderedDict()
        self._quiet_at: OrderedDict[Slot, float] = OrderedDict()
        self._refused: OrderedDict[str, tuple[float, int]] = OrderedDict()

    def has_room(self, slot: Slot, now: float) -> bool:
        """Whether one more change is in the bucket."""
        limits = self.limits
        until_full = self._full_at.get(slot, now) - now
        return until_full <= (limits.change_burst - 1) * limits.change_interval

    def take(self, slots: Iterable[Slot], now: float) -> None:
        """A change takes its share before it is tried, so that many at once are counted as well."""
        if not self.limits.change_interval:
            return
        table = self._full_at
        for slot in slots:
            table[slot] = max(table.get(slot, now), now) + self.limits.change_interval
            table.move_to_end(slot)
        self._forget(table, now)

    def give_back(self, slots: Iterable[Slot], now: float) -> None:
        """It came to nothing."""
        for slot in slots:
            full_at = self._full_at.get(slot)
            if full_at is None:
                continue
            if full_at - self.limits.change_interval <= now:
                del self._full_at[slot]
            else:
                self._full_at[slot] = full_at - self.limits.change_interval

    def unchanged(self, slots: tuple[Slot, ...], now: float) -> None:
        """There was nothing to change: free now and then, a change like any other when repeated."""
        table = self._quiet_at
        free = [slot for slot in slots if table.get(slot, now) <= now]
        for slot in free:
            table[slot] = now + self.limits.nochg_interval
            table.move_to_end(slot)
        self._forget(table, now)
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
        """A block was lifted: begin to count anew."""
        self._refused.pop(account, None)

    def _forget(self, table: OrderedDict[Slot, float], now: float) -> None:
        """Each call adds a few at one end and looks at a few at the other."""
        for _ in range(4):
            oldest = next(iter(table), None)
            if oldest is None or (table[oldest] > now and len(table) <= self._capacity):
                break
            del table[oldest]


Rule = Callable[[History, Attempt, float], Status | None]


def from_refused_network(history: History, attempt: Attempt, now: float) -> Status | None:
    """The operator does not want anything from there."""
    refused = history.limits.refused
    return Status.BLOCKED if refused and attempt.update.peer in refused else None


def is_blocked(history: History, attempt: Attempt, now: float) -> Status | None:
    """A block lasts until it is lifted or over; its end is in seconds since 1970."""
    account = attempt.account
    if account is None or account.block is None or not account.block.holds(attempt.update.at):
        return None
    return Status.BLOCKED


def comes_too_often(history: History, attempt: Attempt, now: float) -> Status | None:
    """The bucket of the host is empty."""
    if attempt.account is None or attempt.change is None or not history.limits.change_interval:
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
