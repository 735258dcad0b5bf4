"""Sessions, mail and limits of people who manage their accounts, in memory."""

from __future__ import annotations

import dataclasses
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from ddns.api.caller import Caller
from ddns.api.errors import Invalid, TooMany, Unauthenticated
from ddns.api.mail_templates import MailTemplates
from ddns.api.parsing import MAX_PASSWORD
from ddns.api.serializers import time_json
from ddns.model import records
from ddns.model.account import Account, PendingToken, Purpose
from ddns.model.mail import MailMessage
from ddns.model.session import MAX_AGENT, Session, fingerprint
from ddns.model.text import printable
from ddns.model.update import Status
from ddns.policy import secrets
from ddns.policy.handouts import Handouts
from ddns.policy.passkeys import TIME
from ddns.policy.sessions import Sessions
from ddns.policy.token_bucket import Buckets

HOUR = 3600.0
DAY = 86_400.0

MAX_HASHES = 16
"""Maximum of strangers' passwords that wait to be hashed; each takes about 0.1 s."""

CheckPassword = Callable[[str, str, str], Awaitable[str | Status]]
"""From user, password and the peer's address to the account whose password it is; else BADAUTH, or
FAILED when it cannot be checked."""


async def in_memory_only() -> None:
    """Default for sessions that nobody writes down."""


@dataclass(slots=True)
class SignupLimits:
    """Limits on what people may ask for that costs a mail or argon2: by network, and for each
    purpose by account or mailbox and in all. ``own`` is how many mails with tokens for a new
    password go to each mailbox whatever others ask for."""

    by_network: Buckets = field(default_factory=lambda: Buckets(20, HOUR))
    by_address: Buckets = field(default_factory=lambda: Buckets(5, HOUR))
    in_all: Buckets = field(default_factory=lambda: Buckets(1000, HOUR))
    own: Buckets = field(default_factory=lambda: Buckets(1, HOUR))


@dataclass(slots=True)
class HalfLogin:
    """A log-in with a right password that lacks its second factor: of which account, with which
    password (:func:`ddns.model.session.fingerprint`), and how many codes may still be tried."""

    account: str
    password: bytes
    tries: int = 5


@dataclass(slots=True)
class AccountService:
    """The parts of a running server that people's operations on their accounts take.

    :param check_password: checks a password; see :data:`CheckPassword`.
    :param account_of: finds an account by name.
    :param mail: sends a message; None where the server sends none.
    :param clock: a monotonic clock in seconds.
    :param now: the time in seconds since 1970.
    :param registration_open: whether strangers may register.
    :param write_sessions: writes down what has changed of sessions.
    :param tickets: log-ins that lack their second factor.
    :param challenges: for passkeys, to the account that makes one, or ``""`` for logging in.
    :param wrong_codes: for each account, limits how many wrong one-time codes it takes: of a
        million codes three are right at any time.
    :param note_failure: counts a wrong code for an account from a peer, like a wrong password.
    :param confirmation_time: for how many seconds a token sent by mail is valid.
    :param hashing: how many passwords of strangers are being hashed.
    """

    check_password: CheckPassword
    account_of: Callable[[str], Account | None]
    mail: Callable[[MailMessage], None] | None
    clock: Callable[[], float]
    now: Callable[[], float]
    sessions: Sessions = field(default_factory=Sessions)
    write_sessions: Callable[[], Awaitable[None]] = in_memory_only
    tickets: Handouts[HalfLogin] = field(default_factory=Handouts)
    challenges: Handouts[str] = field(default_factory=lambda: Handouts(time=TIME, to_one=100))
    wrong_codes: Buckets = field(default_factory=lambda: Buckets(20, DAY))
    note_failure: Callable[[str, str], None] = lambda account, peer: None
    limits: SignupLimits = field(default_factory=SignupLimits)
    templates: MailTemplates = field(default_factory=MailTemplates)
    registration_open: bool = False
    confirmation_time: float = 86_400.0
    hashing: int = 0

    @contextmanager
    def limit_requests(self, peer: str, purpose: Purpose, subject: str) -> Iterator[None]:
        """Count a costly request from an address about an account or mailbox. What fails counts for
        its network alone, for no mail is sent.

        :raises TooMany: when there were too many already; this one then does not count.
        """
        limits, now = self.limits, self.clock()
        counted = [(limits.by_address, (purpose, mailbox(subject)))]
        if purpose is not Purpose.RESET:  # send_mail counts these: who has an account is not told
            counted.append((limits.in_all, (purpose, "")))
        network = records.network_of(peer)
        wait = max(
            limits.by_network.wait(network, now),
            *(buckets.wait(key, now) for buckets, key in counted),
        )
        if wait > 0:
            raise TooMany("that was asked for too often; try again later", wait)
        limits.by_network.take(network, now)
        for buckets, key in counted:
            buckets.take(key, now)
        try:
            yield
        except BaseException:
            for buckets, key in counted:
                buckets.give_back(key, now)
            raise

    def send_mail(self, message: MailMessage, purpose: Purpose, subject: str) -> None:
        """Send a message that was asked for, if this server sends any and its limits allow it.

        :param subject: the account or mailbox that :meth:`limit_requests` counted. When it is not
            the message's own address, the latter's limit holds as well.
        """
        address, limits, now = mailbox(message.to), self.limits, self.clock()
        if address != mailbox(subject):
            if limits.by_address.wait((purpose, address), now) > 0:
                return
            limits.by_address.take((purpose, address), now)
        if purpose is Purpose.RESET:
            share = (limits.own, (purpose, address))
            if limits.own.wait(share[1], now) > 0:
                share = (limits.in_all, (purpose, ""))
            buckets, key = share
            if buckets.wait(key, now) > 0:
                return
            buckets.take(key, now)
        self.notify(dataclasses.replace(message, share=purpose))

    def notify(self, message: MailMessage) -> None:
        """Send a message, if this server sends any, that nobody must be able to suppress by causing
        many others before."""
        if self.mail is not None:
            self.mail(message)

    def new_token(
        self, purpose: Purpose, account: str, email: str | None = None, password: str | None = None
    ) -> tuple[str, PendingToken]:
        """Return a token to send by mail, and what to store until it comes back."""
        token, expires = secrets.generate_token(), self.now() + self.confirmation_time
        digest = secrets.digest_key(token)
        return token, PendingToken(digest, purpose, account, expires, email, password)

    async def authenticate(self, user: str, password: str, peer: str) -> Account | None:
        """Return the account with this name and password; None for an unknown user and for a wrong
        password alike."""
        if len(password) > MAX_PASSWORD:
            raise Invalid("a password has at most {most} characters", most=MAX_PASSWORD)
        for _ in range(2):  # a first check may have rehashed the stored password
            before = self.account_of(user)
            found = await self.check_password(user, password, peer)
            if found is Status.FAILED:
                raise TooMany("too many passwords are being checked; try again", 2.0)
            account = self.account_of(user)
            if account == before:
                return account if account is not None and found == account.name else None
        return None  # it is being changed at this moment

    @contextmanager
    def hashing_slot(self) -> Iterator[None]:
        """Keep strangers who have passwords hashed from making everybody else wait.

        :raises TooMany: when too many do so already.
        """
        if self.hashing >= MAX_HASHES:
            raise TooMany("too many others are at it; try again", 5.0)
        self.hashing += 1
        try:
            yield
        finally:
            self.hashing -= 1

    async def open_session(
        self, account: Account, caller: Caller, *, strong: bool = False
    ) -> dict[str, object]:
        """Open a session for a caller and return its token, of which only the hash is kept.
        *strong* says that a second factor was given."""
        assert account.password is not None
        token, now = secrets.generate_token(), self.now()
        session = Session(
            secrets.digest_key(token),
            account.name,
            fingerprint(account.password),
            now,
            now,
            caller.peer,
            printable(caller.agent[:MAX_AGENT], replacement="?"),
            strong,
        )
        self.sessions.open(session, self.clock())
        await self.write_sessions()
        expires = now + self.sessions.time
        return {
            "token": token,
            "expires": time_json(expires),
            "account": account.name,
            "language": account.language,
        }

    def ticket_for(self, account: Account) -> str:
        """Return a ticket for whoever has given the right password and no second factor yet."""
        assert account.password is not None
        ticket, half = (
            secrets.generate_token(),
            HalfLogin(account.name, fingerprint(account.password)),
        )
        self.tickets.add(ticket, half, account.name, self.clock())
        return ticket

    def try_ticket(self, ticket: str) -> Account:
        """Return whose log-in a ticket is for. Each call takes one of its tries.

        :raises Unauthenticated: when it has none, or is not valid any more.
        """
        half = self.tickets.find(ticket, self.clock())
        account = None if half is None else self.account_of(half.account)
        if half is None or account is None or half.password != fingerprint(account.password or ""):
            raise Unauthenticated("this took too long, or too many codes; begin to log in again")
        half.tries -= 1
        if half.tries <= 0:
            self.tickets.take(ticket, self.clock())
        return account

    def sessions_of(self, account: Account) -> list[Session]:
        """Return the valid sessions of an account, the last used first."""
        sessions = self.sessions.of(account.name, self.clock())
        return [session for session in sessions if _is_of(session, account)]

    def caller(self, token: str) -> Caller:
        """Return the caller whose session a token is for.

        :raises Unauthenticated: when there is no such session, or not any more.
        """
        digest = secrets.digest_key(token)
        session = self.sessions.find(digest, self.clock(), self.now())
        account = self.account_of(session.account) if session else None
        if session is None or account is None or not _is_of(session, account):
            self.sessions.close(digest)
            raise Unauthenticated("the token is not valid, or not any more; log in again")
        block = account.block if account.block and account.block.holds(self.now()) else None
        operator = account.operator and session.strong and block is None
        return Caller(account.name, operator, session=digest, block=block)


def _is_of(session: Session, account: Account) -> bool:
    """Return whether a session began with the password that the account has now."""
    return account.password is not None and session.password == fingerprint(account.password)


def mailbox(address: str) -> str:
    """Return the key under which a name or address is counted: most relays deliver ``a+b@c`` to
    ``a@c``."""
    local, at, domain = address.lower().partition("@")
    return f"{local.partition('+')[0]}{at}{domain}" if at else local
