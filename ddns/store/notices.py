"""What a store knows of notices to owners, and what a transaction can do to them."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from zope.interface import Interface

from ddns.model.notices import HostWord, Kind, Mark, Notice, Target, Terms, Way


class IReadingNotices(Interface):
    """Reading of notices. Times are seconds since 1970; a host of None is the account itself."""

    def notice_terms(account: str, host: bytes | None = None) -> Terms | None:
        """Return the terms of an account or of a host of it, if there are any."""

    def all_notice_terms(account: str) -> list[Terms]:
        """Return all terms of an account, its own first, then by host."""

    def notice_target(number: int) -> Target | None:
        """Return a target by its number."""

    def notice_targets(account: str) -> list[Target]:
        """Return all targets of an account, oldest first."""

    def notices(account: str) -> list[Notice]:
        """Return the notices that wait for an account, oldest first."""

    def due_notices(way: Way, now: float, but: Collection[str], most: int) -> list[Notice]:
        """Return the notices that are due to be sent in a way, *most* of them, those that were
        first; *but* those in these lanes."""

    def next_notice(but: Mapping[Way, Collection[str]]) -> float | None:
        """Return when the next notice is due, if there is any in these ways, *but* those in these
        lanes."""

    def count_notices() -> dict[Way, int]:
        """Return how many notices wait to be sent, by way."""

    def notice_mark(account: str, host: bytes | None, what: str) -> Mark | None:
        """Return the mark of one of the things that are told, or with "" of all."""

    def host_word(name: bytes) -> HostWord | None:
        """Return when a host was last heard of, if its silence is told."""

    def tells_changes(names: Collection[bytes]) -> set[bytes]:
        """Return those of these hosts whose owners are told of changed addresses."""

    def journal_position(reader: str) -> int:
        """Return how far a reader has come in the journal; its end for an unknown one."""

    def operator_accounts() -> list[str]:
        """Return the accounts of operators in the order of their names."""


class INotices(Interface):
    """Changes of notices, which have no events in the journal. All of it goes with the account, and
    with the host or when that is given to another account."""

    def put_notice_terms(terms: Terms, now: float) -> None:
        """Replace the terms of an account or of a host of it; remove them if they say nothing. What
        is told of silence from now on is waited for from *now*."""

    def add_notice_target(target: Target) -> Target:
        """Add a target; return it with its number."""

    def remove_notice_target(number: int, now: float) -> None:
        """Remove a target with what waits for it."""

    def note_notice_target(number: int, failing: float | None, problem: str, given_up: int) -> None:
        """Note how it stands with a target, if it still exists; *given_up* are further notices."""

    def add_notice(notice: Notice) -> None:
        """Add a notice, whose number does not matter. Where others of its lane have been tried in
        vain, it waits as they do."""

    def waiting_notices(account: str, host: bytes | None, kind: Kind, now: float) -> list[Notice]:
        """Return the notices of a kind that are not due, so that nobody is just sending them."""

    def change_notice(number: int, notice: Notice | None) -> None:
        """Change details, attempts and when a notice is due, or remove it, if it still exists."""

    def put_off_notices(notice: Notice) -> None:
        """Let all notices of a lane wait as this one does."""

    def put_notice_mark(account: str, host: bytes | None, what: str, mark: Mark) -> None:
        """Replace a mark."""

    def held_notices(until: float, most: int) -> list[tuple[str, bytes | None, Mark]]:
        """Return accounts and hosts of which something was held back, by marks that began by
        *until*, *most* of them."""

    def forget_notice_marks(until: float) -> None:
        """Forget the marks that began by *until*, by which nothing is held back."""

    def put_host_word(name: bytes, word: HostWord) -> None:
        """Change when a host was last heard of, if its silence is told."""

    def silent_hosts(now: float, most: int) -> list[bytes]:
        """Return hosts whose silence is to be told, *most* of them, those that fell silent
        first."""

    def put_journal_position(reader: str, position: int) -> None:
        """Note how far a reader has come in the journal."""

    def limit_notices(now: float) -> None:
        """Have nothing that was noted by a clock which was ahead of *now* be waited for longer than
        if it were noted now."""
