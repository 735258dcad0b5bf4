"""Which part of a list somebody wants."""

from __future__ import annotations

from ddns.api import parsing
from ddns.api.errors import Invalid
from ddns.model import names
from ddns.store.paging import Page

MAX_LISTED = 100
"""Maximum of names on one page of a list."""


def page(search: str | None, after: str | None, limit: int | None) -> Page | None:
    """Parse which names of a list are wanted; None is all of them."""
    if search is None and after is None and limit is None:
        return None
    return Page(listed(limit), parsing.optional(parsing.name, after), _parts(search or ""))


def listed(limit: int | None) -> int:
    """Check how many things a page of a list has; the most by default."""
    if limit is not None and not 1 <= limit <= MAX_LISTED:
        raise Invalid("limit: expected 1 to {most}", most=MAX_LISTED)
    return MAX_LISTED if limit is None else limit


def _parts(search: str) -> tuple[bytes, ...]:
    """Return what has to be in a name that has these letters in it, label by label: the beginning
    of the first and the end of the last one may be missing."""
    found = []
    for text in search.strip().lower().split("."):
        try:
            found.append(text.encode() if text.isascii() else names.from_text(text)[1:-1])
        except names.BadName:  # not the whole of a label
            found.append(text.encode())
    return tuple(filter(None, found))
