"""Some of a long list of hosts, or of other owner names."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Page:
    """At most ``limit`` names: hosts in the order of their first labels' letters, others in that of
    their octets.

    ``after`` is the name, which need not exist any more, that the page comes after. ``parts`` are
    octets that all have to be in a name.
    """

    limit: int
    after: bytes | None = None
    parts: tuple[bytes, ...] = ()
