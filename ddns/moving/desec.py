"""deSEC: what ``/api/v1/domains/`` and ``/api/v1/domains/{name}/rrsets/`` answer.

Names are whole in ``name``, rdata is in presentation form with absolute names.
"""

from __future__ import annotations

from collections.abc import Iterable

from ddns.moving.listing import BadList, Listing
from ddns.moving.reading import objects_of, text_at


def read(files: Iterable[bytes], listing: Listing) -> None:
    """Add the domains, each as a host, and the RRsets of files."""
    for octets in files:
        for item in objects_of(octets):
            name = text_at(item, "name").removesuffix(".")
            if "records" not in item:
                listing.add(name)
                continue
            kind, rdatas = text_at(item, "type"), item["records"]
            if not isinstance(rdatas, list) or not all(isinstance(one, str) for one in rdatas):
                raise BadList(f"the records of {name} {kind} are no array of texts")
            for rdata in rdatas:
                listing.add_record(name, kind, rdata)
