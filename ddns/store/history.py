"""What a transaction reads of the journal for people who ask what has changed."""

from __future__ import annotations

from zope.interface import Interface

from ddns.model.account import Host
from ddns.model.journal import Event


class IReadingHistory(Interface):
    """Reading of the journal by position and subject. A transaction does not see its own events."""

    def host_history(host: Host, limit: int) -> list[Event]:
        """Return the events of a host and its records, newest first, back to the one that gave it
        to its account, which comes without ``before``: that was somebody else's."""

    def zone_history(origin: bytes, limit: int, account: str | None = None) -> list[Event]:
        """Return the changes of a zone's RRsets, newest first, back to when it was added or given
        to its owner. With an account, those at hosts that others have or had are left out."""

    def zone_change(origin: bytes, position: int, account: str | None = None) -> Event | None:
        """Return the event with this position, if :meth:`zone_history` has it."""

    def events_by(who: str, after: int, span: int, limit: int) -> tuple[list[Event], int | None]:
        """Return the events by an author among the *span* positions after *after*, oldest first and
        *limit* at most, and the position after which to go on; None at the end."""

    def changes_since(position: int, limit: int) -> list[Event]:
        """Return events after *position*, oldest first.

        :raises JournalTrimmed: when the journal does not reach back that far.
        """
