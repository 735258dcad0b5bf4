"""What a store knows of copies of a wildcard's RRsets, and what a transaction can do to them.

They are RRsets like others to DNS, the journal and scans. The methods that read RRsets leave them
out, since nobody has put them there.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from zope.interface import Interface

from ddns.model.copies import Copy, Touched


class IReadingCopies(Interface):
    """What is known of them within a view."""

    def copies(zone: bytes, owner: bytes) -> list[Copy]:
        """Return the copies at an owner name."""

    def copies_below(zone: bytes, name: bytes) -> list[Copy]:
        """Return the copies at a name and below it."""

    def copies_of(zone: bytes, source: bytes) -> list[Copy]:
        """Return the copies of a wildcard's RRsets."""

    def owners_below(zone: bytes, name: bytes) -> list[bytes]:
        """Return the owner names at a name and below it, those of copies alone left out. It reads
        the whole zone."""

    def challenges_below(zone: bytes, name: bytes) -> list[bytes]:
        """Return the owner names at a name and below it that have one of the labels
        :data:`ddns.model.names.CHALLENGES`. It reads all such names of the zone."""


class ICopying(Interface):
    """Copies within a transaction. Putting an RRset where there is a copy makes it one like others,
    and there is none to be deleted."""

    def has_copies_at(zone: bytes, owner: bytes) -> bool:
        """Return whether there are copies at an owner name; quick where there are none at all."""

    def touched() -> Iterable[Touched]:
        """Return the owner names at which the work has put RRsets."""

    def replaced() -> Collection[bytes]:
        """Return the zones whose records the work has replaced as a whole. Their copies have gone
        with them."""

    def put_copy(copy: Copy) -> None:
        """Replace an RRset by a copy, or delete one."""
