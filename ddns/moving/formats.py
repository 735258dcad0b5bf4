"""The forms of lists."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from ddns.moving import desec, dynv6, lists, nsupdate_info
from ddns.moving.listing import Listing

FORMATS: dict[str, Callable[[Iterable[bytes], Listing], None]] = {
    "list": lists.read_lines,
    "csv": lists.read_table,
    "desec": desec.read,
    "dynv6": dynv6.read,
    "nsupdate.info": nsupdate_info.read,
}
"""By name, what adds the hosts of files to a listing, or raises
:class:`~ddns.moving.listing.BadList`."""
