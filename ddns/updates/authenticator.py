"""Authentication of clients: keys and responses from memory, passwords by argon2, one at a time."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial

from twisted.internet.defer import Deferred, ensureDeferred

from ddns.model import records
from ddns.model.account import Account, Grant, KeyKind
from ddns.model.update import Cause, ChallengeResponse, Credentials, Status
from ddns.policy import secrets
from ddns.policy.causes import cause_of
from ddns.policy.directory import Directory
from ddns.policy.failures import Failures
from ddns.policy.password_cache import MAX_NAME

PASSWORD_CHECKS = 32
"""Password checks that may wait at once; each takes about 0.1 s."""


@dataclass(eq=False, slots=True)
class _Check:
    """A password to be checked, and the callers that wait for the result."""

    credentials: Credentials
    network: bytes
    known: bool  # it was right before
    lot: float
    familiar: bool = False  # the account's password was right before from there
    waiting: list[Deferred[Grant | Status]] = field(default_factory=list)


class Authenticator:
    """Checks credentials.

    Nobody is refused for what others did. Failures only decide whose password is checked first, and
    whose is put off when too many wait. Among equals it is drawn by lot: whoever comes first or
    last, others could always be before, or after.

    :param directory: accounts and keys.
    :param run_slow: runs a function outside the reactor's thread.
    :param clock: monotonic.
    :param noticed: told of each failure of an account, and how many it has had.
    :param failures: how often credentials were wrong.
    :param rehash: stores a new hash of a right password when the parameters of argon2 have changed.
    :param is_familiar: says whether an account's password was right before from an address.
    :param was_right: told of each right password and where it came from.
    :param lot: draws a number between 0 and 1.

    ``checked`` counts passwords that argon2 looked at, ``put_off`` those for which too many waited.
    """

    def __init__(
        self,
        directory: Directory,
        run_slow: Callable[[Callable[[], bool]], Awaitable[bool]],
        clock: Callable[[], float],
        noticed: Callable[[str, int], None] = lambda account, failures: None,
        failures: Failures | None = None,
        rehash: Callable[[Account, str], Awaitable[None]] | None = None,
        is_familiar: Callable[[Account, str], bool] = lambda account, peer: False,
        was_right: Callable[[Account, str], None] = lambda account, peer: None,
        lot: Callable[[], float] = random.random,
    ) -> None:
        self._directory = directory
        self._run_slow = run_slow
        self._clock = clock
        self._noticed = noticed
        self._failures = failures or Failures()
        self._rehash = rehash
        self._is_familiar = is_familiar
        self._was_right = was_right
        self._lot = lot
        self._checks: dict[bytes, _Check] = {}  # by fingerprint
        self._checking = False
        self.checked = 0
        self.put_off = 0

    async def authenticate(
        self, credentials: Credentials | ChallengeResponse, peer: str
    ) -> Grant | Status:
        """Return what credentials allow, or a refusal.

        :returns: BADAUTH, DISABLED, or FAILED where it cannot be told: too many passwords wait, or
            no key can be unsealed.
        """
        found = self._in_memory(credentials)
        if found is None:
            assert isinstance(credentials, Credentials)
            found = await self._by_password(credentials, peer)
        if found is Status.BADAUTH:
            self._note_failure(credentials, peer)
        return found

    def cause(self, credentials: Credentials | ChallengeResponse) -> tuple[Cause, str | None]:
        """Return why credentials were refused and whose they are, which no client must be told."""
        return cause_of(self._directory, credentials, self._clock())

    async def password(self, user: str, secret: str, peer: str) -> str | Status:
        """Return the account that has this password, BADAUTH or FAILED; keys are no passwords."""
        credentials = Credentials(user, secret)
        found = await self._by_password(credentials, peer)
        if found is Status.BADAUTH:
            self._note_failure(credentials, peer)
        return found.account if isinstance(found, Grant) else found

    def note_wrong_code(self, account: str, peer: str) -> None:
        """Count a wrong code of a second factor like a wrong password."""
        self._note_failure(Credentials(account, ""), peer)

    def _in_memory(self, credentials: Credentials | ChallengeResponse) -> Grant | Status | None:
        """Return what keys and responses allow; None for what may be a password."""
        if isinstance(credentials, ChallengeResponse):
            return self._directory.by_response(credentials)
        grant = self._directory.by_key(credentials)
        if grant is not None:
            return grant
        if credentials.kind is not KeyKind.UPDATE:
            return Status.BADAUTH
        return None

    def _remembered(self, credentials: Credentials) -> Grant | Status | None:
        account, wrong = self._directory.passwords.recall(credentials, self._clock())
        if account is not None:
            return Grant(account)
        return Status.BADAUTH if wrong else None

    def _note_failure(self, credentials: Credentials | ChallengeResponse, peer: str) -> None:
        account = self._directory.account(credentials.user)
        user = account.name if account else credentials.user_name[:MAX_NAME]
        count = self._failures.note(
            user, records.network_of(peer), self._clock(), exists=account is not None
        )
        if account is not None:
            self._noticed(account.name, count)

    # Passwords -------------------------------------------------------------------------------

    async def _by_password(self, credentials: Credentials, peer: str) -> Grant | Status:
        found = self._remembered(credentials)
        if found is None:
            found = await self._queue(credentials, peer)
        if isinstance(found, Grant):
            account = self._directory.account(found.account)
            if account is not None:
                self._was_right(account, peer)
        return found

    def _queue(self, credentials: Credentials, peer: str) -> Deferred[Grant | Status]:
        """Queue a check of a password, or join a queued check of the same one."""
        passwords = self._directory.passwords
        account = self._directory.account(credentials.user)
        fingerprint = passwords.fingerprint(credentials)
        check = self._checks.get(fingerprint)
        if check is None:
            network, known = records.network_of(peer), passwords.was_right(credentials)
            check = _Check(credentials, network, known, self._lot())
            self._checks[fingerprint] = check
        check.familiar |= account is not None and self._is_familiar(account, peer)
        if len(self._checks) > PASSWORD_CHECKS:
            self._put_off(max(self._checks, key=self._rank))
        found: Deferred[Grant | Status] = Deferred()
        if self._checks.get(fingerprint) is not check:
            found.callback(Status.FAILED)
            return found
        check.waiting.append(found)
        if not self._checking:
            self._checking = True
            ensureDeferred(self._check_all())
        return found

    def waiting(self) -> int:
        """Return how many passwords wait, without the one that is being checked."""
        return len(self._checks)

    def _rank(self, fingerprint: bytes) -> tuple[bool, bool, int, int, float]:
        """Sort key of the queue: passwords that were right before, networks that a right one came
        from before, then fewest recent failures."""
        check = self._checks[fingerprint]
        user = check.credentials.user_name[:MAX_NAME]
        failures = self._failures.rank(user, check.network, self._clock())
        return not check.known, not check.familiar, *failures, check.lot

    def _put_off(self, fingerprint: bytes) -> None:
        self.put_off += 1
        for waiting in self._checks.pop(fingerprint).waiting:
            waiting.callback(Status.FAILED)

    async def _check_all(self) -> None:
        """Check one password after the other until none waits."""
        try:
            while self._checks:
                check = self._checks.pop(min(self._checks, key=self._rank))
                try:
                    found = await self._check(check.credentials)
                except Exception as error:
                    for waiting in check.waiting:
                        waiting.errback(error)
                else:
                    for waiting in check.waiting:
                        waiting.callback(found)
        finally:
            self._checking = False

    async def _check(self, credentials: Credentials) -> Grant | Status:
        if (found := self._remembered(credentials)) is not None:  # since the check before this one
            return found
        account = self._directory.account(credentials.user)
        hashed = account.password if account else None
        self.checked += 1
        right = await self._run_slow(partial(secrets.verify_password, credentials.secret, hashed))
        if right and account and self._rehash and secrets.is_outdated(account.password or ""):
            await self._rehash(account, credentials.secret)
        if self._directory.account(credentials.user) != account:
            # It has changed meanwhile: the result holds for this answer, and is not remembered.
            return Grant(account.name) if right and account else Status.BADAUTH
        return self._remember(credentials, account if right else None)

    def _remember(self, credentials: Credentials, account: Account | None) -> Grant | Status:
        passwords, clock = self._directory.passwords, self._clock()
        if account is None:
            passwords.found_wrong(credentials, clock)
            return Status.BADAUTH
        passwords.found_right(credentials, account.name, clock)
        return Grant(account.name)
