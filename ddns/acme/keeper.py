"""Keeps the server's own certificate: orders it, and orders another one in time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from twisted.internet.defer import CancelledError, Deferred, ensureDeferred
from twisted.internet.interfaces import IDelayedCall
from twisted.logger import Logger
from twisted.python.failure import Failure

from ddns.acme import schedule
from ddns.acme.challenges import Challenges
from ddns.acme.folder import Folder
from ddns.acme.held import Held, Prepare, shown
from ddns.acme.issued import Issued
from ddns.acme.order import STEP, IAuthority, Run, obtain
from ddns.acme.problem import Problem
from ddns.acme.tries import Tries
from ddns.acme.wanted import Wanted
from ddns.model.certificate import CertificateState

LOOK = schedule.HOUR
"""Seconds after which the clock on the wall is looked at again at the latest: it may be set."""

FIRST_QUESTION = schedule.MINUTE
"""Seconds from a start to the first question when to renew: a server that starts again and again is
no burden."""

QUESTION = 6 * schedule.HOUR
"""Seconds to the next question after one that failed (RFC 9773 4.3.3)."""


class Keeper:
    """The certificates in use, one for each type of key, and their renewals.

    :param wanted: what is ordered where.
    :param folder: where certificates are kept.
    :param challenges: show that the names are ours.
    :param prepare: for TLS.
    :param connect: begins a conversation with the authority, with our account's key. Blocks.
    :param run: runs what blocks.
    :param reactor: for timers.
    :param now: seconds since 1970.
    :param random: returns a number from 0 to 1.
    """

    _log = Logger()

    def __init__(
        self,
        wanted: Wanted,
        folder: Folder,
        challenges: Challenges,
        prepare: Prepare,
        connect: Callable[[ec.EllipticCurvePrivateKey], IAuthority],
        run: Run,
        reactor: Any,
        now: Callable[[], float],
        random: Callable[[], float],
    ) -> None:
        self._wanted = wanted
        self._folder = folder
        self._challenges = challenges
        self._held = Held(wanted, folder, prepare, run, now)
        self._connect = connect
        self._run = run
        self._reactor = reactor
        self._now = now
        self._tries = Tries(wanted.mark, folder, run, now, random)
        self._ask_at = now() + FIRST_QUESTION
        self._timer: IDelayedCall | None = None
        self._working: Deferred[None] | None = None
        self._stopped = False
        self._ordering = False
        self._issued_at: float | None = None
        self._failures = 0

    def load(self) -> list[Issued]:
        """Return the certificates that are there already, and keep them from now on."""
        return self._held.load()

    async def start(self) -> None:
        """Begin to keep the certificates, which were loaded."""
        for record in await self._tries.load():  # of an order that was killed
            try:
                await self._challenges.remove_record(*record)
                await self._tries.forget((record,))
            except Problem as problem:
                self._log.error("a challenge stays in DNS: {problem}", problem=problem)
        self._wait()

    async def stop(self) -> None:
        """Give up an order that goes on, without leaving anything of it in DNS."""
        self._stopped = True
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._working is not None:
            self._working.cancel()
            await self._worked()

    async def renew(self) -> None:
        """Order all certificates now, or wait for the order that goes on.

        :raises Problem: when there is no new certificate.
        """
        if self._working is not None and not self._ordering:
            await self._worked()
        if self._working is None:
            self._begin(self._order(self._wanted.key_types, by_hand=True))
        await self._worked()
        if self._stopped:
            raise Problem("the server stops")
        if self._tries.problem:
            raise Problem(self._tries.problem)

    def state(self) -> CertificateState:
        """Return how it stands, for people."""
        issued = list(self._held.by_type.values())
        return CertificateState(
            directory=self._wanted.directory,
            names=self._wanted.differing(issued),
            wanted=self._wanted.names,
            key_types=tuple(self._held.by_type),
            issuer=issued[0].issuer if issued else "",
            expires=min((one.ends for one in issued), default=None),
            renewal=None if self._ordering else max(self._next_order(), self._now()),
            ordering=self._ordering,
            issued_at=self._issued_at,
            failed_at=self._tries.failed_at,
            problem=self._tries.problem,
            failures=self._failures,
        )

    # When ----------------------------------------------------------------------------------------

    def _next_order(self) -> float:
        first = min(map(self._held.due, self._wanted.key_types))
        return max(first, self._tries.not_before)

    def _wait(self) -> None:
        """Wait for what is due next."""
        if self._stopped or self._working is not None:
            return
        due = min(self._next_order(), self._ask_at) if self._held.by_type else self._next_order()
        delay = min(max(due - self._now(), 0.0), LOOK)
        self._timer = self._reactor.callLater(delay, self._look)

    def _look(self) -> None:
        self._timer = None
        now = self._now()
        if self._next_order() <= now:
            due = [one for one in self._wanted.key_types if self._held.due(one) <= now]
            self._begin(self._order(due))
        elif self._held.by_type and self._ask_at <= now:
            self._begin(self._ask())
        else:
            self._wait()

    def _begin(self, work: Any) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._working = ensureDeferred(work)
        self._working.addBoth(self._ended)

    def _ended(self, result: object) -> None:
        """Go on, also after an order that was given up."""
        if isinstance(result, Failure) and not result.check(CancelledError):
            self._log.failure("keeping certificates has failed", failure=result)
        self._working = None
        self._wait()

    async def _worked(self) -> None:
        """Wait until what goes on has ended, however it ends."""
        if self._working is not None:
            ended: Deferred[None] = Deferred()
            self._working.addBoth(lambda result: ended.callback(None))
            await ended

    # The authority's word ------------------------------------------------------------------------

    async def _ask(self) -> None:
        """Ask the authority when to renew; without its word there is a rule of ours."""
        self._ask_at = self._now() + QUESTION
        try:
            authority = await self._conversation()
            try:
                for key_type, issued in self._held.by_type.items():
                    when, again = await self._run(partial(authority.renewal, issued), STEP)
                    if when is not None:
                        self._held.suggested[key_type] = when
                    now = self._now()
                    self._ask_at = now + schedule.asking_again(again - now)
            finally:
                authority.close()
        except Problem as problem:
            self._log.info("nobody says when to renew certificates: {problem}", problem=problem)

    async def _conversation(self) -> IAuthority:
        return await self._run(lambda: self._connect(self._folder.account_key()), STEP)

    # Orders --------------------------------------------------------------------------------------

    async def _order(self, key_types: Sequence[str], by_hand: bool = False) -> None:
        self._ordering = True
        try:
            await self._tries.begin(by_hand)
            await self._order_all(key_types)
        except CancelledError:
            raise
        except Problem as problem:
            await self._failed(problem, by_hand)
        except Exception:
            self._log.failure("an order for a certificate has failed")
            why = Problem("something that was not foreseen; the log has it")
            await self._failed(why, by_hand)
        else:
            await self._succeeded()
        finally:
            self._ordering = False

    async def _order_all(self, key_types: Sequence[str]) -> None:
        authority = await self._conversation()
        try:
            for key_type in key_types:
                pem = await obtain(authority, key_type, self._challenges, self._run, self._tries)
                await self._held.take(key_type, pem)
        finally:
            authority.close()

    async def _succeeded(self) -> None:
        self._issued_at = self._ask_at = self._now()
        try:
            await self._tries.succeeded(min(one.lifetime for one in self._held.by_type.values()))
        except Problem as problem:
            self._log.error("{problem}", problem=problem)

    async def _failed(self, problem: Problem, by_hand: bool) -> None:
        self._failures += 1
        await self._tries.failed(problem, by_hand)
        self._log.error(
            "no certificate for {names} from {directory}: {problem}; the next try is on {again}",
            names=", ".join(self._wanted.names),
            directory=self._wanted.directory,
            problem=problem,
            again=shown(max(self._next_order(), self._now())),
        )
