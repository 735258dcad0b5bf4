"""Some of a long list of hosts."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Page:
    """At most ``limit`` hosts, in the order of their first labels' letters.

    ``after`` is the name of a host, or what was one, that the page comes after. ``parts`` are
    octets that all have to be in a name.
    """

    limit: int
    after: bytes | None = None
    parts: tuple[bytes, ...] = ()
