"""What a transaction reads and changes of accounts: who they are, and how their owners log in."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from zope.interface import Interface

from ddns.model.account import Account, PendingToken, Purpose
from ddns.model.second_factor import Passkey, Totp
from ddns.model.session import Session
from ddns.store.paging import AccountPage


class IReadingPeople(Interface):
    """Reading of accounts."""

    def account(name: str) -> Account | None:
        """Return an account."""

    def account_by_email(email: str) -> Account | None:
        """Return the account with this e-mail address, compared without case."""

    def accounts(page: AccountPage | None = None) -> list[Account]:
        """Return all accounts in the order of their names, or a page of them."""

    def pending(digest: bytes) -> PendingToken | None:
        """Return the pending token with this SHA-256, expired or not."""

    def count_pending_tokens(purpose: Purpose) -> int:
        """Return the number of pending tokens for a purpose."""

    def marks(since: float, limit: int) -> list[tuple[str, bytes, float]]:
        """Return the latest marks that are younger than *since*: account, mark, and when."""

    def sessions(account: str | None = None) -> list[Session]:
        """Return all sessions, or those of one account; the least recently used first."""

    def totp(account: str) -> Totp | None:
        """Return the secret of an account's one-time codes, confirmed or not."""

    def totps() -> list[Totp]:
        """Return those of all accounts in the order of their names."""

    def recovery_codes(account: str) -> frozenset[bytes]:
        """Return the SHA-256 of each code that an account has left."""

    def passkeys(account: str) -> list[Passkey]:
        """Return the passkeys of an account, oldest first."""

    def passkey(credential: bytes) -> Passkey | None:
        """Return the passkey that its authenticator calls so."""


class IChangingPeople(Interface):
    """Changes of accounts. Those of tokens, marks, sessions and second factors have no events in
    the journal. Times are seconds since 1970."""

    def put_account(account: Account) -> None:
        """Add an account, or change all but when it was created."""

    def remove_account(name: str) -> None:
        """Remove an account with all its own, which no zone may be. Its released names keep their
        quarantine, with no former owner."""

    def put_pending_token(pending: PendingToken) -> None:
        """Add a pending token."""

    def remove_pending_tokens(account: str) -> None:
        """Remove the pending tokens of an account's name."""

    def expire_pending_tokens(now: float) -> None:
        """Remove the pending tokens that expired by *now*."""

    def put_mark(account: str, mark: bytes, at: float, most: int) -> None:
        """Mark an account, if it exists, with any octets and a time, and keep its last *most*
        marks. They go with the account."""

    def put_sessions(sessions: Sequence[Session]) -> None:
        """Add sessions of accounts that exist, or change when they were last used. They go with the
        account."""

    def remove_sessions(digests: Sequence[bytes]) -> None:
        """Remove the sessions with these tokens, by their SHA-256, as far as they exist."""

    def put_totp(totp: Totp) -> None:
        """Add the secret of an account's one-time codes, or replace it."""

    def remove_totp(account: str) -> None:
        """Remove an account's secret of one-time codes, if it has one."""

    def put_recovery_codes(account: str, digests: Collection[bytes]) -> None:
        """Let an account have the codes with these SHA-256, and no others."""

    def remove_recovery_code(account: str, digest: bytes) -> None:
        """Remove one of an account's codes: it has been used."""

    def add_passkey(passkey: Passkey) -> Passkey:
        """Add a passkey; return it with its number."""

    def use_passkey(number: int, counter: int, at: float) -> None:
        """Change the counter of a passkey, and when it was last used."""

    def remove_passkey(number: int) -> None:
        """Remove a passkey."""
