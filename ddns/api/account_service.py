"""Where people come in: who is logged in, how often strangers may ask, and the way to write to
them. What it knows is in memory; what is to last is in the store."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from ddns.api.caller import Caller
from ddns.api.errors import TooMany, Unauthenticated
from ddns.api.mail_templates import MailTemplates
from ddns.api.serializers import time_json
from ddns.model import records
from ddns.model.account import Account
from ddns.model.mail import MailMessage
from ddns.model.update import Status
from ddns.policy import secrets
from ddns.policy.sessions import Sessions
from ddns.policy.token_bucket import Buckets

HOUR = 3600.0

MAX_HASHES = 16
"""How many passwords of strangers may wait to be hashed; each takes about 0.1 s."""

CheckPassword = Callable[[str, str, str], Awaitable[str | Status]]
"""From user, password and the peer's address to the account whose password it is; BADAUTH, or
FAILED when it cannot be told."""


@dataclass(slots=True)
class SignupLimits:
    """What strangers may ask for that costs a mail or argon2: by network, by whom it is about, and
    in all."""

    by_network: Buckets = field(default_factory=lambda: Buckets(20, HOUR))
    by_address: Buckets = field(default_factory=lambda: Buckets(5, HOUR))
    in_all: Buckets = field(default_factory=lambda: Buckets(1000, HOUR))


@dataclass(slots=True)
class AccountService:
    """*account_of* knows every account; *mail* sends a letter, None where none can be sent;
    *clock* is monotonic; *now* tells seconds since 1970; *confirmation_time* is how many of them a
    token from a mail is good."""

    check_password: CheckPassword
    account_of: Callable[[str], Account | None]
    mail: Callable[[MailMessage], None] | None
    clock: Callable[[], float]
    now: Callable[[], float]
    sessions: Sessions = field(default_factory=Sessions)
    limits: SignupLimits = field(default_factory=SignupLimits)
    writer: MailTemplates = field(default_factory=MailTemplates)
    open: bool = False
    confirmation_time: float = 86_400.0
    hashing: int = 0

    def admit(self, peer: str, about: str) -> None:
        """Count one that costs something, from an address and about a name or mailbox.

        :raises TooMany: when there were too many already; that one does not count.
        """
        limits, now = self.limits, self.clock()
        asked = (
            (limits.by_network, records.network_of(peer)),
            (limits.by_address, mailbox(about)),
            (limits.in_all, None),
        )
        wait = max(buckets.wait(key, now) for buckets, key in asked)
        if wait > 0:
            raise TooMany("that was asked for too often; try again later", wait)
        for buckets, key in asked:
            buckets.take(key, now)

    def send(self, letter: MailMessage, about: str) -> None:
        """Have a letter sent that was asked for by naming something else than its address; not
        more often than if that had been named."""
        address, now = mailbox(letter.to), self.clock()
        if address != mailbox(about):
            if self.limits.by_address.wait(address, now) > 0:
                return
            self.limits.by_address.take(address, now)
        self.tell(letter)

    def tell(self, letter: MailMessage) -> None:
        """Have a letter sent that nobody can keep back by having many others sent before."""
        if self.mail is not None:
            self.mail(letter)

    def welcome(self, account: Account) -> dict[str, object]:
        """Open a session. The token is told this once; what is kept is its hash."""
        assert account.password is not None
        token = secrets.generate_token()
        self.sessions.open(secrets.digest_key(token), account.name, account.password, self.clock())
        expires = self.now() + self.sessions.time
        return {"token": token, "expires": time_json(expires), "account": account.name}

    def caller(self, token: str) -> Caller:
        """Who comes with a token.

        :raises Unauthenticated: when it opens nothing, or not any more.
        """
        digest = secrets.digest_key(token)
        session = self.sessions.find(digest, self.clock())
        account = self.account_of(session.account) if session else None
        if session is None or account is None or account.password != session.password:
            self.sessions.close(digest)
            raise Unauthenticated("the token is not valid, or not any more; log in again")
        return Caller(account.name, session=digest)


def mailbox(about: str) -> str:
    """What a name or an address is counted as: most relays take ``a+b@c`` to be ``a@c``."""
    local, at, domain = about.lower().partition("@")
    return f"{local.partition('+')[0]}{at}{domain}" if at else local
