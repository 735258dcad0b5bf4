"""Limits on updates: refused networks, the rate of changes of a host, and blocks of accounts whose
clients ignore it.

The limiter decides and keeps count; :class:`ddns.updates.updater.Updater` asks it at the three
places where an update can be stopped, and blocks accounts.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable

from ddns.config.load import parse_network
from ddns.config.settings import AbuseSettings
from ddns.model import names
from ddns.model.records import AAAA, ADDRESS_TYPES, TXT
from ddns.model.update import Change, Edit, Remove, Renumber, Replace
from ddns.policy.addresses import NetworkSet
from ddns.policy.token_bucket import Buckets

OTHER = 0
"""The slot of edits that set no address of the host: an alias, a mail exchange."""

CHALLENGE = TXT
"""The slot of ACME's challenges, which come by the dozen when certificates are issued."""

CHALLENGES = 10
"""How many times as often as anything else challenges may change."""

Slot = tuple[str, bytes, int]
"""Key of a bucket: account, owner name, and A, AAAA, :data:`CHALLENGE` or :data:`OTHER`. The
families of a host are counted apart, so that a client which updates one after the other is not
taken for an abuser."""


def slots(account: str, change: Change) -> tuple[Slot, ...]:
    """Return the slots that a change takes from; none if it names no host."""
    if change.name is None:
        return ()
    kinds = set(map(_kind, change.edits))
    return tuple([(account, change.name, kind) for kind in sorted(kinds)])


def slot_of(account: str, owner: bytes, number: int) -> Slot:
    """Return the slot of an RRset, which is that of the host that its owner name belongs to."""
    host = names.host_of(owner)
    if number in ADDRESS_TYPES and owner == host:
        return account, host, number
    is_challenge = number == TXT and owner.startswith(names.ACME)
    return account, host, CHALLENGE if is_challenge else OTHER


def _kind(edit: Edit) -> int:
    if isinstance(edit, Replace | Remove):
        return edit.type if edit.type in ADDRESS_TYPES and not edit.prefix else OTHER
    return AAAA if isinstance(edit, Renumber) else OTHER


def refused_networks(settings: AbuseSettings) -> NetworkSet | None:
    """Return the networks from which nothing is taken; None without any."""
    networks = [parse_network(text, "abuse.refused_networks") for text in settings.refused_networks]
    return NetworkSet(networks) if networks else None


class UpdateLimiter:
    """Counts changes by host and refusals by account, in bounded tables.

    :param settings: how often is too often; an interval of 0 switches its rule off.
    :param capacity: entries of each table.

    Times are a monotonic clock's.
    """

    def __init__(self, settings: AbuseSettings, capacity: int = 100_000) -> None:
        self._capacity = capacity
        self._refusals: OrderedDict[str, tuple[float, int]] = OrderedDict()
        self.settings = settings
        self._refused_networks = refused_networks(settings)
        self._fill()

    def _fill(self) -> None:
        """Begin with full buckets."""
        burst, interval = self.settings.change_burst, self.settings.change_interval
        self._changes = _buckets(burst, interval, self._capacity)
        self._challenges = _buckets(CHALLENGES * burst, interval / CHALLENGES, self._capacity)

    def _of(self, slot: Slot) -> Buckets | None:
        """Return the buckets of a slot; None without a limit."""
        return self._challenges if slot[2] == CHALLENGE else self._changes

    def apply(self, settings: AbuseSettings) -> None:
        """Use these settings. Buckets whose size or interval has changed begin full."""
        old, self.settings = self.settings, settings
        self._refused_networks = refused_networks(settings)
        burst, interval = settings.change_burst, settings.change_interval
        if (burst, interval) != (old.change_burst, old.change_interval):
            self._fill()

    def refuses(self, peer: str) -> bool:
        """Return whether the operator refuses everything from this address."""
        return self._refused_networks is not None and peer in self._refused_networks

    # Changes of a host -------------------------------------------------------------------------

    def check(self, slots: Iterable[Slot], now: float) -> float:
        """Return in how many seconds a change may take these slots; 0.0 is at once."""
        if self._changes is None:
            return 0.0
        waits = [of.wait(slot, now) for slot in slots if (of := self._of(slot)) is not None]
        return max(waits, default=0.0)

    def take(self, slots: Iterable[Slot], now: float) -> None:
        """Take from each slot: before a change is tried, so that many at once are counted too."""
        for slot in slots:
            if (of := self._of(slot)) is not None:
                of.take(slot, now)

    def give_back(self, slots: Iterable[Slot], now: float) -> None:
        """Give back what a change has taken that was not made."""
        for slot in slots:
            if (of := self._of(slot)) is not None:
                of.give_back(slot, now)

    def take_rrset(self, account: str, owner: bytes, number: int, now: float) -> float:
        """Count a change of an RRset that is made without a client, at its host.

        :returns: 0.0, or in how many seconds it may be tried again if it comes too often.
        """
        slot = slot_of(account, owner, number)
        if (wait := self.check((slot,), now)) <= 0:
            self.take((slot,), now)
        return wait

    # Accounts ----------------------------------------------------------------------------------

    def refuse(self, account: str, now: float) -> int:
        """Count a refused update; return how many there have been within the window."""
        since, count = self._refusals.get(account, (now, 0))
        if now - since >= self.settings.window:
            since, count = now, 0
        self._refusals[account] = since, count + 1
        self._refusals.move_to_end(account)
        if len(self._refusals) > self._capacity:
            self._refusals.popitem(last=False)
        return count + 1

    def forget_refusals(self, account: str) -> None:
        """Count the refusals of an account from zero."""
        self._refusals.pop(account, None)

    def reset(self, account: str) -> None:
        """Forget all that was counted for an account, for its block has been lifted."""
        self.forget_refusals(account)
        for of in (self._changes, self._challenges):
            if of is not None:
                of.empty(lambda slot: slot[0] == account)


def _buckets(burst: int, interval: float, capacity: int) -> Buckets | None:
    """Return buckets of *burst*, with one back every *interval* seconds; None for 0."""
    return Buckets(burst, burst * interval, capacity=capacity) if interval else None
