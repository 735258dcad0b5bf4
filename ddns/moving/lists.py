"""Lists that people make themselves, of what the page of a service shows."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable

from ddns.model import records
from ddns.moving.listing import BadList, Listing
from ddns.moving.reading import text_of

NAME_COLUMNS = ("host", "hostname", "name", "domain", "fqdn")
"""What the column of hosts may be called in a table."""

_BETWEEN = re.compile(r"[\s,;]+")


def read_lines(files: Iterable[bytes], listing: Listing) -> None:
    """Add a host a line, with its addresses behind it if there are any; ``#`` begins a comment."""
    for octets in files:
        for line in text_of(octets).splitlines():
            name, *addresses = _BETWEEN.split(line.partition("#")[0].strip(" \t,;")) or [""]
            if name:
                listing.add_addresses(name, addresses)


def read_table(files: Iterable[bytes], listing: Listing) -> None:
    """Add the hosts of tables (RFC 4180) that are separated by commas, semicolons or tabs, with
    headings. Of the other columns those cells count that are addresses."""
    for octets in files:
        lines = text_of(octets).splitlines()
        heading = next((line for line in lines if line.strip()), "")
        delimiter = max(",;\t", key=heading.count)
        try:
            rows = [row for row in csv.reader(lines, delimiter=delimiter, strict=True) if row]
        except csv.Error as error:
            raise BadList(f"this is not CSV: {error}") from None
        columns = [cell.strip().lower() for cell in rows[0]] if rows else []
        at = next((columns.index(one) for one in NAME_COLUMNS if one in columns), None)
        if at is None:
            raise BadList(f"no column of it is called {' or '.join(NAME_COLUMNS)}")
        for row in rows[1:]:
            cells = [cell.strip() for cell in row]
            if len(cells) > at and cells[at]:
                listing.add_addresses(cells[at], filter(records.address_from_text, cells))
