"""Records by which certificates are issued for as long as they are there (ACME's dns-persist-01),
without standing at ``_validation-persist`` themselves.

Below a name with a wildcard, that label is answered by the wildcard's TXT records, or by those that
its alias leads to. So text that lets an account have certificates takes the right to change what
lasts at any name, and a wildcard leads, without that right, only to the name that it stands below,
whose text is bound in the same way, unless that leads elsewhere itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from ddns.model import names
from ddns.model.records import CNAME, TXT, RRset

_ACCOUNT = b"accounturi"
"""The parameter that names an account at an authority (RFC 8657 3), in a text of any case."""

Lookup = Callable[[bytes], Iterable[RRset]]
"""Reads all RRsets of an owner name."""


def why_lasting(rrsets: Sequence[RRset], lookup: Lookup, *, delegates: bool = False) -> str:
    """Return why RRsets may not be written without the right to change what lasts, in words for
    the client; "" if they may.

    :param lookup: reads what is there before.
    :param delegates: whether the client may have names answered by the servers of others, by NS or
        DNAME records: then it gains nothing by an alias.
    """
    after = {(one.owner, one.type): one.rdatas for one in rrsets}

    def before(owner: bytes, number: int) -> tuple[bytes, ...]:
        return next((one.rdatas for one in lookup(owner) if one.type == number), ())

    def is_alias(owner: bytes) -> bool:
        rdatas = after.get((owner, CNAME))
        return bool(before(owner, CNAME) if rdatas is None else rdatas)

    for rrset in rrsets:
        owner, number = rrset.owner, rrset.type
        if number == TXT:
            texts = [rdata for rdata in rrset.rdatas if _ACCOUNT in _text(rdata).lower()]
            if texts and not set(texts).issubset(before(owner, TXT)):
                return "text with accounturi takes a key with the right persist"
        if number != CNAME or not rrset.rdatas or delegates:
            continue
        above = owner.removeprefix(names.WILDCARD)
        is_own = above == owner or rrset.rdatas[0].lower() == above
        other = above if above != owner else names.WILDCARD + owner
        if (not is_own or is_alias(other)) and rrset.rdatas != before(owner, CNAME):
            return "a wildcard that leads elsewhere takes a key with the right persist"
    return ""


def _text(rdata: bytes) -> bytes:
    """Return the text of a TXT record, whose strings belong together."""
    return b"".join(_strings(rdata))


def _strings(rdata: bytes) -> Iterator[bytes]:
    at = 0
    while at < len(rdata):
        yield rdata[at + 1 : at + 1 + rdata[at]]
        at += 1 + rdata[at]
