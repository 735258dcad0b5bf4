"""Presentation form of rdata (RFC 1035 5.1), and its comparison, by means of dnspython.

Some types are put to it in another way: those of RFC 1035 that it lacks; ``ech=``, which is opaque
to a server (RFC 9848 3) and which it wants to be a well-formed ECHConfigList; hexadecimal groups
without leading zeros, as BIND prints them (RFC 6742 2); altitudes, which it computes as floats.
"""

from __future__ import annotations

import base64
import re
import struct

import dns.exception
import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.tokenizer
from dns.rdatatype import RdataType

IN = dns.rdataclass.IN

_SAME_FORM: dict[int, RdataType] = {
    **dict.fromkeys(
        (RdataType.MD, RdataType.MF, RdataType.MB, RdataType.MG, RdataType.MR), RdataType.NS
    ),
    RdataType.MINFO: RdataType.RP,
}
"""Types of RFC 1035 3.3 without a form in dnspython, and types that look the same."""

_SVCB = (RdataType.SVCB, RdataType.HTTPS)
_GROUPS = (RdataType.NID, RdataType.L64)
_SEA_LEVEL = 10_000_000  # centimetres, RFC 1876 2
_ECH = 5  # RFC 9460 14.3.2
_NO_ECH = b"\x00\x04\x00\x00\x00\x00"  # well-formed; it stands for whatever is in the record
_NO_ECH_TEXT = base64.b64encode(_NO_ECH).decode()

_CASELESS = frozenset(
    {
        *_SAME_FORM,
        *(RdataType.NS, RdataType.CNAME, RdataType.SOA, RdataType.PTR, RdataType.MX),
        *(RdataType.RP, RdataType.AFSDB, RdataType.RT, RdataType.SIG, RdataType.PX),
        *(RdataType.NAPTR, RdataType.KX, RdataType.SRV, RdataType.DNAME, RdataType.RRSIG),
    }
)
"""Types whose rdata has names that compare without regard to case (RFC 4034 6.2, RFC 3597 7)."""


class _Restated(dns.tokenizer.Tokenizer):
    """The rest of an entry in other words, with names that are read as they were in it."""

    def __init__(self, text: str, entry: dns.tokenizer.Tokenizer) -> None:
        super().__init__(text)
        self._entry = entry

    def as_name(
        self,
        token: dns.tokenizer.Token,
        origin: dns.name.Name | None = None,
        relativize: bool = False,
        relativize_to: dns.name.Name | None = None,
    ) -> dns.name.Name:
        return self._entry.as_name(token, origin, relativize, relativize_to)


def parse(number: int, entry: dns.tokenizer.Tokenizer, origin: dns.name.Name | None) -> bytes:
    """Read the rdata of an entry, up to its end.

    :param origin: what relative names are relative to.
    :raises dns.exception.DNSException: if it is not rdata of that type.
    """
    with dns.exception.ExceptionWrapper(dns.exception.SyntaxError):
        if number in _SVCB:
            return _parse_svcb(number, entry, origin)
        if number in _GROUPS:
            words = _words(entry)
            words[-1:] = [":".join(group.zfill(4) for group in words[-1].split(":"))]
            entry = _Restated(" ".join(words), entry)
        parsed = dns.rdata.from_text(
            IN, _SAME_FORM.get(number, RdataType.make(number)), entry, origin, relativize=False
        )
        rdata = parsed.to_wire() or b""
        if number == RdataType.LOC:
            altitude = round(parsed.altitude) + _SEA_LEVEL  # type: ignore[attr-defined]
            rdata = rdata[:-4] + struct.pack("!I", altitude)
        return rdata


def _parse_svcb(number: int, entry: dns.tokenizer.Tokenizer, origin: dns.name.Name | None) -> bytes:
    words, ech = _words(entry), b""
    if words[:1] == [r"\#"]:
        generic = dns.rdata.from_text(IN, "TYPE65280", _Restated(" ".join(words), entry))
        rdata = generic.to_wire() or b""
        if from_wire(number, rdata).to_wire() != _exchange_ech(rdata, _NO_ECH)[0]:
            raise dns.exception.SyntaxError("a name in it is compressed")
        return rdata
    for at, word in enumerate(words):
        if word.startswith("ech=") and word.strip('"') != "ech=":
            ech = base64.b64decode(word[4:].strip('"'), validate=True)
            words[at] = f"ech={_NO_ECH_TEXT}"
    restated = _Restated(" ".join(words), entry)
    kind = RdataType.make(number)
    parsed = dns.rdata.from_text(IN, kind, restated, origin, relativize=False)
    return _exchange_ech(parsed.to_wire() or b"", ech)[0]


def _words(entry: dns.tokenizer.Tokenizer) -> list[str]:
    """Return the rest of an entry, with a quoted string and the key before it as one word."""
    words: list[str] = []
    for token in entry.get_remaining():
        if not token.is_quoted_string():
            words.append(token.value)
        elif words and words[-1].endswith("="):
            words[-1] += f'"{token.value}"'
        else:
            words.append(f'"{token.value}"')
    return words


def _exchange_ech(rdata: bytes, value: bytes) -> tuple[bytes, bytes]:
    """Return SVCB rdata (RFC 9460 2.2) with another value of ``ech``, and the one that it had. Both
    are the same as before and empty where it has none."""
    at = 2
    while rdata[at]:
        at += 1 + rdata[at]
    at += 1
    while at < len(rdata):
        key, length = struct.unpack_from("!HH", rdata, at)
        end = at + 4 + length
        if key == _ECH and length and end <= len(rdata):
            changed = rdata[: at + 2] + struct.pack("!H", len(value)) + value + rdata[end:]
            return changed, rdata[at + 4 : end]
        at = end
    return rdata, b""


def from_wire(number: int, rdata: bytes) -> dns.rdata.Rdata:
    """Return rdata as dnspython's object, in which ``ech`` and the type may be stand-ins.

    :raises dns.exception.DNSException: if it is malformed; ValueError, IndexError and struct.error
        likewise.
    """
    if number in _SVCB:
        rdata, _ = _exchange_ech(rdata, _NO_ECH)
    kind = _SAME_FORM.get(number, RdataType.make(number))
    return dns.rdata.from_wire(IN, kind, rdata, 0, len(rdata))


def to_text(number: int, rdata: bytes) -> str:
    """Return the presentation form of rdata, names absolute.

    :raises dns.exception.DNSException: as :func:`from_wire` does.
    """
    text = from_wire(number, rdata).to_text()
    if number in _SVCB:
        _, ech = _exchange_ech(rdata, b"")
        shown = base64.b64encode(ech or _NO_ECH).decode()
        text = re.sub(rf'(?<= ech="){re.escape(_NO_ECH_TEXT)}(?=")', shown, text, count=1)
    return text


def distinct(number: int, rdatas: tuple[bytes, ...]) -> tuple[bytes, ...]:
    """Return well-formed rdatas without those that are the same as one before them, names in them
    compared without regard to case (RFC 2181 5, RFC 4343 3)."""
    found = tuple(dict.fromkeys(rdatas))
    if number not in _CASELESS or len({rdata.lower() for rdata in found}) == len(found):
        return found
    by_form: dict[bytes, bytes] = {}
    for rdata in found:
        by_form.setdefault(canonical(number, rdata), rdata)
    return tuple(by_form.values())


def canonical(number: int, rdata: bytes) -> bytes:
    """Return the form of well-formed rdata in which equal records are equal octets: names that
    compare without regard to case in lower case (RFC 4034 6.2, RFC 4343 3)."""
    if number not in _CASELESS or rdata == rdata.lower():
        return rdata
    return from_wire(number, rdata).to_digestable()
