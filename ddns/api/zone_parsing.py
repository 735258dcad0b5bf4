"""Parse the arguments of operations on zones and records; what cannot be parsed is
:class:`~ddns.api.errors.Invalid`."""

from __future__ import annotations

from collections.abc import Iterable

from ddns.api.errors import Invalid
from ddns.api.parsing import host_name, member, parsed
from ddns.api.serializers import Texts
from ddns.model import presentation, records
from ddns.model.account import Addresses, Registration
from ddns.model.secondaries import Secondary, secondary
from ddns.policy import catalog


def addresses(text: str) -> Addresses:
    """Parse a zone's policy on the addresses of its hosts."""
    return member(Addresses, text, "{text!r}: addresses are one of {known}")


def registration(text: str) -> Registration:
    """Parse a zone's policy on who may register hosts."""
    return member(Registration, text, "{text!r}: registration is one of {known}")


def secondaries(texts: list[str]) -> tuple[Secondary, ...]:
    """Parse the secondaries of a zone; empty texts stand for none."""
    return tuple(dict.fromkeys(parsed(secondary, text) for text in texts if text.strip()))


def catalog_version(origin: bytes) -> records.RRset:
    """Return the record that makes a zone a catalog, unless its origin is too long."""
    return parsed(catalog.version, origin)


def servers(given: Iterable[Texts]) -> list[tuple[bytes, str | None]]:
    """Parse name servers into owner names and the addresses to add for them."""
    found = []
    for server in given:
        called, address = server.get("name"), server.get("address")
        if server.keys() - {"name", "address"} or called is None:
            raise Invalid('a name server is {"name": "...", "address": "..." or null}')
        if address is not None and records.address_from_text(address) is None:
            raise Invalid("{address!r} is not an address", address=address)
        found.append((host_name(called), address))
    return found


def ttl(value: int | None) -> int | None:
    """Check a TTL in seconds (RFC 2181 8)."""
    if value is not None and not 0 <= value <= records.MAX_TTL:
        raise Invalid("a TTL is 0 to {most} seconds", most=records.MAX_TTL)
    return value


def record_type(text: str) -> int:
    """Parse a record type that a zone can hold."""
    return parsed(records.type_from_text, text)


def rdatas(number: int, texts: Iterable[str], origin: bytes | None) -> tuple[bytes, ...]:
    """Parse rdata in presentation form, dropping duplicates. ``@`` is *origin*."""
    return presentation.distinct(
        number, tuple(parsed(records.rdata_from_text, number, text, origin) for text in texts)
    )


def texts_by_type(given: Iterable[Texts]) -> dict[int, list[str]]:
    """Sort records in presentation form by type, their rdata not yet parsed."""
    texts: dict[int, list[str]] = {}
    for record in given:
        kind, rdata = record.get("type"), record.get("rdata")
        if len(record) != 2 or kind is None or rdata is None:
            raise Invalid('a record is {"type": "...", "rdata": "..."}')
        texts.setdefault(record_type(kind), []).append(rdata)
    return texts
