"""Keeps the server's own certificate: orders it, and orders another one in time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

from twisted.internet.defer import CancelledError, Deferred, ensureDeferred
from twisted.internet.interfaces import IDelayedCall
from twisted.logger import Logger
from twisted.python.failure import Failure

from ddns.acme import schedule
from ddns.acme.challenges import Challenges
from ddns.acme.folder import Folder
from ddns.acme.issued import Issued, check, read
from ddns.acme.order import STEP, IAuthority, Run, obtain
from ddns.acme.problem import Problem
from ddns.acme.tries import FILE, Tries
from ddns.acme.wanted import Wanted
from ddns.model.certificate import CertificateState

LOOK = schedule.HOUR
"""Seconds after which the clock on the wall is looked at again at the latest: it may be set."""

FIRST_QUESTION = schedule.MINUTE
"""Seconds from a start to the first question when to renew: a server that starts again and again is
no burden."""

QUESTION = 6 * schedule.HOUR
"""Seconds to the next question after one that failed (RFC 9773 4.3.3)."""

Prepare = Callable[[Sequence[Issued]], Callable[[], None]]
"""Tries certificates, and returns what puts them into use; raises Problem for those that TLS cannot
use."""


class Keeper:
    """The certificates in use, one for each type of key, and their renewals.

    :param wanted: what is ordered where.
    :param folder: where certificates are kept.
    :param challenges: show that the names are ours.
    :param prepare: for TLS.
    :param connect: begins a conversation with the authority, with our account's key in PEM. Blocks.
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
        connect: Callable[[bytes], IAuthority],
        run: Run,
        reactor: Any,
        now: Callable[[], float],
        random: Callable[[], float],
    ) -> None:
        self._wanted = wanted
        self._folder = folder
        self._challenges = challenges
        self._prepare = prepare
        self._connect = connect
        self._run = run
        self._reactor = reactor
        self._now = now
        self._tries = Tries(wanted.mark, folder, run, now, random)
        self._issued: dict[str, Issued] = {}
        self._suggested: dict[str, float] = {}
        self._ask_at = now() + FIRST_QUESTION
        self._timer: IDelayedCall | None = None
        self._working: Deferred[None] | None = None
        self._stopped = False
        self._ordering = False
        self._issued_at: float | None = None
        self._failures = 0

    def load(self) -> list[Issued]:
        """Return the certificates that are there already, and keep them from now on."""
        for key_type in self._wanted.key_types:
            try:
                pem = self._folder.certificate(key_type)
                if pem is not None:
                    self._issued[key_type] = read(pem)
            except Problem as problem:
                self._log.error("a certificate is left out: {problem}", problem=problem)
        return list(self._issued.values())

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
            self._begin(self._order(self._wanted.key_types))
        await self._worked()
        if self._stopped:
            raise Problem("the server stops")
        if self._tries.problem:
            raise Problem(self._tries.problem)

    def state(self) -> CertificateState:
        """Return how it stands, for people."""
        issued = list(self._issued.values())
        return CertificateState(
            directory=self._wanted.directory,
            names=self._wanted.differing(issued),
            wanted=self._wanted.names,
            key_types=tuple(self._issued),
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

    def _due(self, key_type: str) -> float:
        """Return when a certificate is to be ordered, 0.0 for at once."""
        issued = self._issued.get(key_type)
        if issued is None or not self._wanted.is_met_by(issued):
            return 0.0
        return schedule.renewal(issued.begins, issued.ends, self._suggested.get(key_type))

    def _next_order(self) -> float:
        first = min(map(self._due, self._wanted.key_types))
        return max(first, self._tries.not_before)

    def _wait(self) -> None:
        """Wait for what is due next."""
        if self._stopped or self._working is not None:
            return
        due = min(self._next_order(), self._ask_at) if self._issued else self._next_order()
        delay = min(max(due - self._now(), 0.0), LOOK)
        self._timer = self._reactor.callLater(delay, self._look)

    def _look(self) -> None:
        self._timer = None
        now = self._now()
        if self._next_order() <= now:
            due = [one for one in self._wanted.key_types if self._due(one) <= now]
            self._begin(self._order(due))
        elif self._issued and self._ask_at <= now:
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
                for key_type, issued in self._issued.items():
                    when, again = await self._run(partial(authority.renewal, issued), STEP)
                    if when is not None:
                        self._suggested[key_type] = when
                    now = self._now()
                    self._ask_at = now + schedule.asking_again(again - now)
            finally:
                authority.close()
        except Problem as problem:
            self._log.info("nobody says when to renew certificates: {problem}", problem=problem)

    async def _conversation(self) -> IAuthority:
        return await self._run(lambda: self._connect(self._folder.account_key()), STEP)

    # Orders --------------------------------------------------------------------------------------

    async def _order(self, key_types: Sequence[str]) -> None:
        self._ordering = True
        try:
            await self._tries.begin()
            await self._order_all(key_types)
        except CancelledError:
            raise
        except Problem as problem:
            await self._failed(problem)
        except Exception:
            self._log.failure("an order for a certificate has failed")
            await self._failed(Problem("something that was not foreseen; the log has it"))
        else:
            await self._succeeded()
        finally:
            self._ordering = False

    async def _order_all(self, key_types: Sequence[str]) -> None:
        authority = await self._conversation()
        try:
            for key_type in key_types:
                pem = await obtain(authority, key_type, self._challenges, self._run, self._tries)
                await self._take(key_type, pem)
        finally:
            authority.close()

    async def _take(self, key_type: str, pem: bytes) -> None:
        """Put a new certificate into use, once it is on disk.

        :raises Problem: when it cannot be used, or kept; then nothing changes.
        """
        new = read(pem)
        check(new, self._wanted.names, self._now())
        issued = {**self._issued, key_type: new}
        use = self._prepare(list(issued.values()))
        await self._run(partial(self._folder.keep_certificate, key_type, pem), FILE)
        use()
        self._issued = issued
        self._suggested.pop(key_type, None)
        self._log.info(
            "a new certificate for {names}, {key_type}, from {issuer}, until {until}",
            names=", ".join(self._wanted.names),
            key_type=key_type,
            issuer=new.issuer,
            until=_date(new.ends),
        )

    async def _succeeded(self) -> None:
        self._issued_at = self._ask_at = self._now()
        try:
            await self._tries.succeeded(min(one.lifetime for one in self._issued.values()))
        except Problem as problem:
            self._log.error("{problem}", problem=problem)

    async def _failed(self, problem: Problem) -> None:
        self._failures += 1
        await self._tries.failed(problem)
        self._log.error(
            "no certificate for {names} from {directory}: {problem}; the next try is on {again}",
            names=", ".join(self._wanted.names),
            directory=self._wanted.directory,
            problem=problem,
            again=_date(self._tries.not_before),
        )


def _date(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M UTC")
