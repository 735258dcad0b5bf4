"""Who a client is: keys and responses from memory, passwords by argon2, a few at a time."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial

from twisted.internet.defer import Deferred, ensureDeferred

from ddns.model import records
from ddns.model.account import Account, Grant, KeyKind
from ddns.model.update import ChallengeResponse, Credentials, Status
from ddns.policy import secrets
from ddns.policy.directory import Directory
from ddns.policy.failures import Failures
from ddns.policy.password_cache import MAX_NAME, user_of

PASSWORD_CHECKS = 32
"""How many password checks may wait at once; each takes about 0.1 s."""


@dataclass(eq=False, slots=True)
class _Check:
    """A password that waits to be checked, and those who wait for the result."""

    credentials: Credentials
    network: bytes
    known: bool  # it was right once
    waiting: list[Deferred[Grant | Status]] = field(default_factory=list)


class Authenticator:
    """*run_slow* runs a function outside the reactor's thread; *clock* is monotonic.

    *noticed* is told how many failures an account has had, with each one; *rehash* keeps another
    hash of a right password when the parameters have changed. ``checked`` and ``put_off`` count
    passwords that were looked at, and those for which too many were waiting.
    """

    def __init__(
        self,
        directory: Directory,
        run_slow: Callable[[Callable[[], bool]], Deferred[bool]],
        clock: Callable[[], float],
        noticed: Callable[[str, int], None] = lambda account, failures: None,
        failures: Failures | None = None,
        rehash: Callable[[Account, str], Awaitable[None]] | None = None,
    ) -> None:
        self._directory = directory
        self._run_slow = run_slow
        self._clock = clock
        self._noticed = noticed
        self._failures = failures or Failures()
        self._rehash = rehash
        self._checks: dict[bytes, _Check] = {}  # by fingerprint, oldest first
        self._checking = False
        self.checked = 0
        self.put_off = 0

    def at_once(
        self, credentials: Credentials | ChallengeResponse, peer: str
    ) -> Grant | Status | None:
        """What the credentials allow, BADAUTH, DISABLED, or FAILED when it cannot be told; None for
        a password that :meth:`check` has to look at."""
        found = self._in_memory(credentials)
        if found is Status.BADAUTH:
            self._note(credentials, records.network_of(peer))
        return found

    async def check(self, credentials: Credentials, peer: str) -> Grant | Status:
        """What a password allows.

        Nothing is refused for what others did: failures only decide whose password is checked
        first, and whose is put off when too many wait, which is FAILED.
        """
        network = records.network_of(peer)
        found = await self._by_password(credentials, network)
        if found is Status.BADAUTH:
            self._note(credentials, network)
        return found

    async def authenticate(
        self, credentials: Credentials | ChallengeResponse, peer: str
    ) -> Grant | Status:
        """Both, one after the other."""
        found = self.at_once(credentials, peer)
        if found is None:
            assert isinstance(credentials, Credentials)
            found = await self.check(credentials, peer)
        return found

    async def password(self, user: str, secret: str, peer: str) -> str | Status:
        """The account whose password this is, or BADAUTH or FAILED as above; keys are none."""
        credentials = Credentials(user, secret)
        found = self._remembered(credentials)
        if found is None:
            found = await self.check(credentials, peer)
        elif found is Status.BADAUTH:
            self._note(credentials, records.network_of(peer))
        return found.account if isinstance(found, Grant) else found

    def _in_memory(self, credentials: Credentials | ChallengeResponse) -> Grant | Status | None:
        if isinstance(credentials, ChallengeResponse):
            return self._directory.by_response(credentials)
        grant = self._directory.by_key(credentials)
        if grant is not None:
            return grant
        if credentials.kind is not KeyKind.UPDATE:
            return Status.BADAUTH
        return self._remembered(credentials)

    def _remembered(self, credentials: Credentials) -> Grant | Status | None:
        account, wrong = self._directory.passwords.recall(credentials, self._clock())
        if account is not None:
            return Grant(account)
        return Status.BADAUTH if wrong else None

    def _note(self, credentials: Credentials | ChallengeResponse, network: bytes) -> None:
        account = self._directory.account(credentials.user)
        user = account.name if account else user_of(credentials)[:MAX_NAME]
        count = self._failures.note(user, network, self._clock(), exists=account is not None)
        if account is not None:
            self._noticed(account.name, count)

    # Passwords -------------------------------------------------------------------------------

    def _by_password(self, credentials: Credentials, network: bytes) -> Deferred[Grant | Status]:
        """Wait for a check, for that of the same password if there is one."""
        passwords = self._directory.passwords
        fingerprint = passwords.fingerprint(credentials)
        check = self._checks.get(fingerprint)
        if check is None:
            check = _Check(credentials, network, passwords.was_right(credentials))
            self._checks[fingerprint] = check
            if len(self._checks) > PASSWORD_CHECKS:
                self._put_off(max(reversed(self._checks), key=self._rank))
        found: Deferred[Grant | Status] = Deferred()
        if self._checks.get(fingerprint) is not check:
            found.callback(Status.FAILED)
            return found
        check.waiting.append(found)
        if not self._checking:
            self._checking = True
            ensureDeferred(self._work())
        return found

    def waiting(self) -> int:
        """How many passwords wait to be checked; the one that is being checked does not."""
        return len(self._checks)

    def _rank(self, fingerprint: bytes) -> tuple[bool, int, int]:
        """Which check comes first: one that was right before, then by failures; the oldest of
        those that are equal."""
        check = self._checks[fingerprint]
        user = user_of(check.credentials)[:MAX_NAME]
        return not check.known, *self._failures.rank(user, check.network, self._clock())

    def _put_off(self, fingerprint: bytes) -> None:
        self.put_off += 1
        for waiting in self._checks.pop(fingerprint).waiting:
            waiting.callback(Status.FAILED)

    async def _work(self) -> None:
        """Check one after the other for as long as there are some."""
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
        if (found := self._remembered(credentials)) is not None:  # by the check before this one
            return found
        account = self._directory.account(credentials.user)
        hashed = account.password if account else None
        self.checked += 1
        right = await self._run_slow(partial(secrets.verify_password, credentials.secret, hashed))
        if right and account and self._rehash and secrets.is_outdated(account.password or ""):
            await self._rehash(account, credentials.secret)
        if self._directory.account(credentials.user) != account:
            # It has changed since: what was found is answered, and not remembered.
            return Grant(account.name) if right and account else Status.BADAUTH
        return self._remember(credentials, account if right else None)

    def _remember(self, credentials: Credentials, account: Account | None) -> Grant | Status:
        passwords, clock = self._directory.passwords, self._clock()
        if account is None:
            passwords.found_wrong(credentials, clock)
            return Status.BADAUTH
        passwords.found_right(credentials, account.name, clock)
        return Grant(account.name)
