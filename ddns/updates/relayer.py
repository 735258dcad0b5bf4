"""Pass the addresses of hosts on to services elsewhere.

There is no queue of events: a relay is due when its host has other addresses than the service was
told last. Both are in the store, so a crash loses nothing, and however often a host changes while
its service is down, what it has in the end is delivered once. The relayer follows commits, marks in
transactions of its own what has become due, and has one timer for all.
"""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Protocol

from twisted.internet.defer import Deferred, ensureDeferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger

from ddns.model import names
from ddns.model.journal import Author, Event, EventKind
from ddns.model.outward import OutwardError
from ddns.model.records import ADDRESS_TYPES
from ddns.model.relays import HostAddresses, Relay, Trouble
from ddns.policy.pauses import doubled
from ddns.policy.relays import idle
from ddns.relays.base import Failed, Job
from ddns.store.interfaces import IStore, ITransaction, StoreError
from ddns.updates.relay_targets import Targets
from ddns.updates.relay_work import Attempt, due_now, hosts_after, noted, put_off

TOGETHER = 20
"""Relays that one transaction is about."""

SOON, REST = 0.2, 60.0
"""Seconds between two looks while there is something to do, and at most."""

AGAIN = 10.0
"""Seconds between two deliveries to one service, at least: up to half as many more, so that two
servers that relay to each other do not go on in step."""

FIRST, MOST, LASTING = 30.0, 21_600.0, 86_400.0
"""Seconds until a failed attempt is repeated; they double up to the second. The third is for what
does not pass by itself."""


class Deliver(Protocol):
    """Has a service take over addresses. Returns what it said; raises :class:`Failed`, or
    :class:`OutwardError` if it does not answer."""

    def __call__(self, relay: Relay, job: Job, /) -> Awaitable[str]: ...


class Relayer:
    """Delivers to relays what they lack.

    :param store: whose commits are followed.
    :param deliver: asks a service.
    :param values: returns settings and secrets of a relay, or raises :class:`Failed`.
    :param target: returns which endpoint a relay asks, which others may ask as well.
    :param reactor: its clock says when to look.
    :param now: seconds since 1970.
    :param most: returns how many deliveries may go on at a time, 0 for none.

    ``delivered`` and ``failed`` are how many attempts have ended so.
    """

    _log = Logger()

    def __init__(
        self,
        store: IStore,
        deliver: Deliver,
        values: Callable[[Relay], dict[str, str]],
        target: Callable[[Relay], str],
        reactor: IReactorTime,
        now: Callable[[], float],
        most: Callable[[], int],
    ) -> None:
        self._store = store
        self._deliver = deliver
        self._values = values
        self._target = target
        self._reactor = reactor
        self._now = now
        self._most = most
        self._targets = Targets(reactor.seconds)
        self._watched: set[bytes] = set()
        self._changed: set[bytes] = set()
        self._ended: list[tuple[int, Attempt]] = []
        self._going: dict[int, Deferred[None]] = {}
        self._timer: IDelayedCall | None = None
        self._looking: Deferred[None] | None = None
        self._running = self._failing = False
        self.delivered = self.failed = 0

    def going(self) -> int:
        """Return how many deliveries go on."""
        return self._targets.going()

    async def start(self) -> None:
        """Compare all relays with their hosts, and follow the commits from then on."""
        self._running = True
        self._store.subscribe(self.committed)
        after = 0
        try:
            while found := await self._store.read(partial(hosts_after, after=after)):
                self._changed.update(host for host, _ in found)
                self._watched.update(host for host, _ in found)
                after = found[-1][1]
        except StoreError as error:
            self._say(error)
        self._look_in(0)

    async def stop(self) -> None:
        """Give up what goes on, and write down what has come of the rest. Given up is not failed:
        it is due again at the next start."""
        self._running = False
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        for going in list(self._going.values()):
            going.cancel()
        if self._looking is not None:
            await self._looking
        await self._write()

    # What has changed ------------------------------------------------------------------------

    def committed(self, events: Sequence[Event]) -> None:
        """Note which hosts with relays have other addresses by now."""
        if not self._running or not self._watched:
            return
        for event in events:
            if event.kind is EventKind.RRSET:
                if event.type in ADDRESS_TYPES and event.owner in self._watched:
                    self._changed.add(event.owner)
            elif event.kind is EventKind.RELOAD and event.zone is not None:
                zone = event.zone
                self._changed.update(name for name in self._watched if name.endswith(zone))
        if self._changed:
            self._look_in(SOON)

    def follow(self, host: bytes, forgiven: str = "") -> None:
        """A host has got a relay, or one is to be tried at once, whatever its service, which is
        *forgiven*, has done before."""
        self._targets.forgive(forgiven)
        self._watched.add(host)
        self._changed.add(host)
        if self._running:
            self._look_in(0)

    # Looking ---------------------------------------------------------------------------------

    def _look_in(self, seconds: float) -> None:
        """Look within so many seconds."""
        at = self._reactor.seconds() + seconds
        if self._timer is not None and self._timer.active():
            if self._timer.getTime() <= at:
                return
            self._timer.reset(seconds)
        elif self._running:
            self._timer = self._reactor.callLater(seconds, self._look)

    def _look(self) -> None:
        self._timer = None
        if self._looking is None and self._running:
            self._looking = ensureDeferred(self._look_or_log())
            if self._looking is not None and self._looking.called:
                self._looking = None

    async def _look_or_log(self) -> None:
        wait = REST
        try:
            await self._write()
            wait = await self._begin_some()
        except StoreError as error:
            self._say(error)
        except Exception:
            self._log.failure("relays cannot be looked at")
        else:
            self._failing = False
        self._looking = None
        if self._changed or self._ended:
            wait = min(wait, SOON)
        if self._running:
            self._look_in(wait)

    def _say(self, error: StoreError) -> None:
        if not self._failing and not error.logged:  # once: it may go on for long
            self._log.error("relays cannot be looked at: {error}", error=error)
        self._failing = True

    async def _write(self) -> None:
        """Write what has come of attempts, and which relays have become due."""
        while self._ended or self._changed:
            ended = self._ended[:TOGETHER]
            changed = {self._changed.pop() for _ in range(min(TOGETHER, len(self._changed)))}
            try:
                self._watched -= await self._transact(partial(noted, ended, changed, self._now()))
            except BaseException:
                self._changed |= changed
                raise
            del self._ended[: len(ended)]

    async def _transact(self, work: Callable[[ITransaction], set[bytes]]) -> set[bytes]:
        return (await self._store.transact(Author("server", "relay", self._now()), work)).value

    async def _begin_some(self) -> float:
        """Begin with some of what is due; return after how many seconds to look again."""
        room = self._most() - self.going()
        if room <= 0:
            return REST
        now, waiting = self._now(), {*self._going, *(number for number, _ in self._ended)}
        work = partial(due_now, now=now, most=TOGETHER, without=waiting)
        due, at = await self._store.read(work)
        late: list[tuple[Relay, float]] = []
        level: list[Relay] = []
        for relay, addresses in due:
            if idle(relay, addresses):
                level.append(relay)
                continue
            target = self._target(relay)
            turn = self._targets.turn(target, relay.account)
            if not turn.now:
                late.append((relay, now + turn.wait))
            elif room > 0:
                room -= 1
                self._targets.begin(target, relay.account)
                self._begin(relay, addresses, target)
        if late or level:
            await self._transact(partial(put_off, late, level))
        if len(due) == TOGETHER or room <= 0:
            return SOON
        return REST if at is None else min(max(at - now, SOON), REST)

    # Delivering ------------------------------------------------------------------------------

    def _begin(self, relay: Relay, addresses: HostAddresses, target: str) -> None:
        going = self._going[relay.id] = ensureDeferred(self._try(relay, addresses, target))
        if going.called:
            self._going.pop(relay.id, None)

    async def _try(self, relay: Relay, addresses: HostAddresses, target: str) -> None:
        began, answered, trouble = self._reactor.seconds(), True, Trouble.NONE
        try:
            values = self._values(relay)
            host = names.to_text(relay.host)
            job = Job(relay.id, host, values, addresses, relay.delivered, self._now())
            words = await self._deliver(relay, job)
        except Failed as failed:
            words = str(failed)
            trouble = Trouble.LASTING if failed.lasting else Trouble.PASSING
        except OutwardError as error:
            words, trouble, answered = str(error), Trouble.PASSING, False
        except Exception:
            if self._running:
                self._log.failure("a relay cannot be delivered to: {number}", number=relay.id)
            words, trouble = (
                "it cannot be delivered because of a fault of this server",
                Trouble.LASTING,
            )
        finally:
            self._going.pop(relay.id, None)
            took = self._reactor.seconds() - began
            self._targets.end(target, relay.account, took, answered or not self._running)
        if not self._running and trouble is not Trouble.NONE:
            return
        if trouble is Trouble.NONE:
            self.delivered += 1
        else:
            self.failed += 1
        wait = _pause(relay, trouble)
        self._ended.append((relay.id, Attempt(addresses, words, trouble, self._now(), wait)))
        self._look_in(SOON)


def _pause(relay: Relay, trouble: Trouble) -> float:
    """Return for how many seconds a relay is left alone after an attempt; after the first delivery
    it need not be."""
    if trouble is Trouble.NONE:
        return 0.0 if relay.delivered is None else AGAIN * random.uniform(1.0, 1.5)
    failing = doubled(FIRST, relay.attempts + 1, MOST)
    longest = LASTING if trouble is Trouble.LASTING else failing
    return longest * random.uniform(0.8, 1.2)
