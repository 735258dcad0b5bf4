"""RRsets in wire form, and their presentation form.

Rdata is kept as uncompressed wire octets. :mod:`ddns.model.presentation` converts it from and to
text for every type; addresses, which come with every update, are converted directly.
"""

from __future__ import annotations

import functools
import socket
import struct
from collections.abc import Iterable
from dataclasses import dataclass

import dns.exception
import dns.name
import dns.rdatatype
import dns.tokenizer

from ddns.model import presentation

A = 1
NS = 2
CNAME = 5
SOA = 6
PTR = 12
MX = 15
TXT = 16
AAAA = 28
SRV = 33
DNAME = 39
OPT = 41
DS = 43
RRSIG = 46
NSEC = 47
SVCB = 64
HTTPS = 65
ANY = 255
IN = 1

ADDRESS_TYPES = (A, AAAA)
MAX_TTL = 2**31 - 1  # RFC 2181 8
MAX_RDATA = 2**16 - 1  # octets, RFC 1035 3.2.1: RDLENGTH
MAX_RRSET = 64_000  # octets on the wire
ZONE_TTL = 3600
"""Default TTL in seconds of records that belong to no host."""

HOST_TTL = 10  # seconds; the miniDNS seed: "TTL is preset to 10 seconds"

_V4_MAPPED = bytes(10) + b"\xff\xff"
_MALFORMED = (dns.exception.DNSException, ValueError, IndexError, struct.error)


class BadRecord(ValueError):
    """An invalid type, TTL or rdata; ``str()`` explains why."""


@dataclass(frozen=True, slots=True)
class RRset:
    """All records of one owner name and type (RFC 2181 5); the class is always IN.

    ``owner`` is wire form, ``ttl`` seconds, ``rdatas`` uncompressed wire rdata without duplicates.
    """

    owner: bytes
    type: int
    ttl: int
    rdatas: tuple[bytes, ...]

    def with_rdatas(self, rdatas: tuple[bytes, ...]) -> RRset:
        """Return the same RRset with other rdatas."""
        return RRset(self.owner, self.type, self.ttl, rdatas)


def type_from_text(text: str) -> int:
    """Parse a record type: a mnemonic in any case, or ``TYPE65280`` (RFC 3597 5).

    :raises BadRecord: for unknown mnemonics and types that no zone may hold (OPT, ANY, AXFR...).
    """
    try:
        number = int(dns.rdatatype.from_text(text))
    except (dns.rdatatype.UnknownRdatatype, ValueError) as error:
        raise BadRecord(f"{text!r} is not a record type") from error
    if not is_data_type(number):
        raise BadRecord(f"{text.upper()} is not a type that a zone can hold")
    return number


def is_data_type(number: int) -> bool:
    """Return whether records of this type are data, which a zone can hold, and not for queries and
    messages alone (RFC 6895 3.1)."""
    return number not in (0, OPT) and not 128 <= number <= 255


@functools.lru_cache(maxsize=256)
def type_to_text(number: int) -> str:
    """Return the mnemonic of a type, or ``TYPEn``."""
    return dns.rdatatype.to_text(dns.rdatatype.RdataType.make(number))


class _Names(dns.tokenizer.Tokenizer):
    """Rdata outside of a master file, where names without the final dot are absolute as well."""

    def as_name(
        self,
        token: dns.tokenizer.Token,
        origin: dns.name.Name | None = None,
        relativize: bool = False,
        relativize_to: dns.name.Name | None = None,
    ) -> dns.name.Name:
        name = super().as_name(token)
        if name.is_absolute():
            return name
        if token.value == "@":
            if origin is None:
                raise dns.exception.SyntaxError("@ is a zone's origin, and this is in no zone")
            return origin
        if len(name) == 1:
            raise dns.exception.SyntaxError(
                f"{token.value} is a relative name: write it with its zone, or with a final dot"
            )
        return name.concatenate(dns.name.root)


def rdata_from_text(number: int, text: str, origin: bytes | None = None) -> bytes:
    """Parse rdata; names in it are absolute with or without the final dot, and ``@`` is *origin*
    (RFC 1035 5.1). A name of one label needs the final dot, since it rather was meant to be
    relative.

    :raises BadRecord: if the text is not valid rdata of that type.
    """
    tokens = _Names(text, idna_codec=dns.name.IDNA_2008_Strict)
    apex = None if origin is None else dns.name.from_wire(origin, 0)[0]
    try:
        rdata = presentation.parse(number, tokens, apex)
        if not tokens.get(want_leading=True).is_eof():
            raise ValueError("there is another line")
        if len(rdata) > MAX_RDATA:
            raise ValueError(f"it is over {MAX_RDATA} octets")
        return rdata
    except _MALFORMED as error:
        raise BadRecord(f"{text!r} is not {type_to_text(number)} rdata: {error}") from error


def rdata_to_text(number: int, rdata: bytes) -> str:
    """Return rdata in presentation form, names absolute; malformed rdata as RFC 3597 5 has it."""
    if number in ADDRESS_TYPES and is_rdata(number, rdata):
        return address_to_text(rdata)  # a tenth of the time, and most rdata are addresses
    try:
        return presentation.to_text(number, rdata)
    except _MALFORMED:
        return f"\\# {len(rdata)} {rdata.hex()}"


def is_rdata(number: int, rdata: bytes) -> bool:
    """Return whether wire rdata is well-formed; that of an unknown type always is."""
    if number in ADDRESS_TYPES:
        return len(rdata) == (4 if number == A else 16)
    try:
        presentation.from_wire(number, rdata)
    except _MALFORMED:
        return False
    return True


def address_from_text(text: str) -> bytes | None:
    """Parse an address to 4 octets for IPv4, 16 for IPv6, None if it is not an address.

    A v4-mapped IPv6 address becomes the IPv4 address (RFC 4291 2.5.5.2).
    """
    text = text.strip()
    try:
        if ":" not in text:
            return socket.inet_pton(socket.AF_INET, text)
        packed = socket.inet_pton(socket.AF_INET6, text)
    except (OSError, ValueError):  # ValueError: a NUL, or not encodable
        return None
    return packed[12:] if packed.startswith(_V4_MAPPED) else packed


def network_of(text: str) -> bytes:
    """Return the key by which clients are counted: an IPv4 address, or an IPv6 /64, since one
    client can have all its addresses. All other text counts as one network."""
    packed = address_from_text(text.partition("%")[0])
    return b"" if packed is None else packed[:8]


def host_bits(length: str, most: int) -> int | None:
    """Return how many of *most* bits a prefix of this length leaves to hosts; None if it is none.

    >>> host_bits("24", 32), host_bits("64x", 128), host_bits("129", 128)
    (8, None, None)
    """
    if not (length.isascii() and length.isdigit() and len(length) < 4 and int(length) <= most):
        return None
    return most - int(length)


def address_type(rdata: bytes) -> int:
    """Return A for the rdata of an IPv4 address, AAAA for that of an IPv6 address."""
    return A if len(rdata) == 4 else AAAA


def address_to_text(rdata: bytes) -> str:
    """Return A or AAAA rdata (4 or 16 octets) in presentation form."""
    return socket.inet_ntop(socket.AF_INET if len(rdata) == 4 else socket.AF_INET6, rdata)


def soa_serial(rdata: bytes) -> int:
    """Return the serial, the first of five 32-bit numbers after two names (RFC 1035 3.3.13)."""
    return int(struct.unpack_from("!I", rdata, len(rdata) - 20)[0])


def soa_with_serial(rdata: bytes, serial: int) -> bytes:
    """Return SOA rdata with its serial replaced."""
    return rdata[:-20] + struct.pack("!I", serial) + rdata[-16:]


def is_later(serial: int, than: int) -> bool:
    """Compare serials (RFC 1982 3.2)."""
    return 0 < (serial - than) % 2**32 < 2**31


def serial_after(serial: int) -> int:
    """Return the next serial, skipping 0, which some secondaries take for "none"."""
    return serial % (2**32 - 1) + 1


def pack_rdatas(rdatas: Iterable[bytes]) -> bytes:
    """Concatenate rdatas, each after its 16-bit length: RDLENGTH and RDATA as on the wire."""
    return b"".join([struct.pack("!H", len(rdata)) + rdata for rdata in rdatas])


def fits(packed: bytes) -> bool:
    """Return whether an RRset with these packed rdatas fits into one message (RFC 1035 4.2.2).

    Each record has 12 octets before its rdata, RDLENGTH included; the rest of the message needs
    some room as well.
    """
    if len(packed) > MAX_RRSET:
        return False
    return len(packed) + 10 * len(unpack_rdatas(packed)) <= MAX_RRSET


def unpack_rdatas(packed: bytes) -> tuple[bytes, ...]:
    """Split a string made by :func:`pack_rdatas`."""
    found = []
    at = 0
    while at < len(packed):
        end = at + 2 + int.from_bytes(packed[at : at + 2], "big")
        found.append(packed[at + 2 : end])
        at = end
    return tuple(found)


@functools.lru_cache(maxsize=256)
def mx_rdata(preference: int, exchange: bytes) -> bytes:
    """Return MX rdata (RFC 1035 3.3.9)."""
    return struct.pack("!H", preference) + exchange
