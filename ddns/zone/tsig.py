"""Transaction signatures: read, verify and make them (TSIG, RFC 8945)."""

from __future__ import annotations

import hmac
import struct
from collections.abc import Callable
from dataclasses import dataclass

from ddns.model.records import ANY
from ddns.zone.message import FORMERR, HEADER, NOERROR, TSIG, FormError, Query
from ddns.zone.sections import FIXED, read_name

BADSIG, BADKEY, BADTIME, BADTRUNC = 16, 17, 18, 22

ALGORITHMS = {
    f"hmac-{name}": (digest, size)
    for name, digest, size in (
        ("sha256", "sha256", 32),
        ("sha384", "sha384", 48),
        ("sha512", "sha512", 64),
        ("sha224", "sha224", 28),
        ("sha1", "sha1", 20),
    )
} | {"hmac-md5.sig-alg.reg.int": ("md5", 16)}
"""The digest of each algorithm, as hashlib has it, and the octets of its MAC (RFC 8945 6)."""

SHORTEST = 16
"""Octets of the shortest MAC that we take (RFC 8945 5.2.4): 128 bits."""

FUDGE = 300
"""Seconds that our clock and a client's may differ (RFC 8945 10)."""

_TIME = struct.Struct("!HIH")  # 48 bits of seconds since 1970, fudge
_AFTER_MAC = struct.Struct("!HHH")  # original ID, error, octets of other data
_TWO = struct.Struct("!HH")


@dataclass(frozen=True, slots=True)
class TsigKey:
    """A shared secret.

    ``name`` is its owner name, ``algorithm`` a key of :data:`ALGORITHMS`; the repr hides the
    ``secret``.
    """

    name: bytes
    algorithm: str
    secret: bytes

    def __repr__(self) -> str:
        return f"TsigKey({self.name!r}, {self.algorithm!r})"

    def mac(self, *parts: bytes) -> bytes:
        """Return the MAC of these octets."""
        return hmac.digest(self.secret, b"".join(parts), ALGORITHMS[self.algorithm][0])


@dataclass(frozen=True, slots=True)
class Tsig:
    """A TSIG record as received.

    ``signed`` is the message that was signed: without the record and with its original ID.
    ``name`` and ``algorithm`` are lower-case wire form; ``time`` is seconds since 1970.
    """

    signed: bytes
    name: bytes
    algorithm: bytes
    time: int
    fudge: int
    mac: bytes
    error: int
    other: bytes


def read_tsig(wire: bytes, start: int) -> Tsig:
    """Return the TSIG record that begins at an offset and ends the message.

    :raises FormError: for a malformed one (RFC 8945 4.2).
    """
    name, at = read_name(wire, start)
    try:
        _, klass, ttl, size = FIXED.unpack_from(wire, at)
        rdata_end = at + FIXED.size + size
        algorithm, at = read_name(wire, at + FIXED.size)
        high, low, fudge = _TIME.unpack_from(wire, at)
        at += _TIME.size
        mac_end = at + 2 + int.from_bytes(wire[at : at + 2], "big")
        original, error, length = _AFTER_MAC.unpack_from(wire, mac_end)
    except struct.error:
        raise FormError("a truncated TSIG") from None
    end = mac_end + _AFTER_MAC.size + length
    if klass != ANY or ttl or not end == rdata_end == len(wire):
        raise FormError("a malformed TSIG")
    header = HEADER.unpack_from(wire)
    signed = HEADER.pack(original, *header[1:5], header[5] - 1) + wire[12:start]
    mac, other = wire[at + 2 : mac_end], wire[end - length : end]
    return Tsig(signed, name, algorithm, high << 32 | low, fudge, mac, error, other)


def verify(tsig: Tsig, key: TsigKey | None, now: float, before: bytes = b"") -> int:
    """Return NOERROR, or what is wrong with a signature, in the order of RFC 8945 5.2.

    That is BADKEY, FORMERR for a MAC of an impossible length, BADSIG, BADTIME or BADTRUNC.

    :param key: the key of that name; None if there is none.
    :param now: seconds since 1970.
    :param before: the MAC of the request, for a response.

    A MAC may be cut to half its octets, and to no fewer than ten (RFC 8945 5.2.2.1); those with
    fewer than :data:`SHORTEST` are against our own policy.
    """
    if key is None or tsig.algorithm != algorithm_name(key.algorithm):
        return BADKEY
    times = _TIME.pack(tsig.time >> 32, tsig.time & 0xFFFFFFFF, tsig.fudge)
    variables = _variables(tsig.name, tsig.algorithm, times, tsig.error, tsig.other)
    expected = key.mac(_counted(before), tsig.signed, variables)
    size = len(tsig.mac)
    if not max(10, len(expected) // 2) <= size <= len(expected):
        return FORMERR
    if not hmac.compare_digest(expected[:size], tsig.mac):
        return BADSIG
    if abs(now - tsig.time) > tsig.fudge:
        return BADTIME
    return BADTRUNC if size < SHORTEST else NOERROR


class Signer:
    """Signs the reply to a request, or all messages of one (RFC 8945 5.3).

    :param tsig: the record of the request.
    :param key: that of its name; None to leave replies unsigned, as after BADKEY.
    :param error: what was wrong with the request's signature.

    With BADKEY and BADSIG the reply tells the error and carries no MAC (RFC 8945 5.3.2).
    """

    __slots__ = ("_before", "_error", "_first", "_key", "_tsig")

    def __init__(self, tsig: Tsig, key: TsigKey | None, error: int = NOERROR) -> None:
        self._tsig = tsig
        self._key = None if error in (BADKEY, BADSIG) else key
        self._error = error
        self._before = _counted(tsig.mac)
        self._first = True

    @property
    def size(self) -> int:
        """The octets that a signature adds to a message."""
        mac = ALGORITHMS[self._key.algorithm][1] if self._key else 0
        names = len(self._tsig.name) + len(self._tsig.algorithm)
        return names + FIXED.size + 16 + mac + (6 if self._error == BADTIME else 0)

    def sign(self, message: bytes, now: float) -> bytes:
        """Return a message with its signature, made at *now* (seconds since 1970)."""
        tsig, error, other = self._tsig, self._error, b""
        at = int(now)
        if error == BADTIME:  # signed at the client's time, so that it can be told ours
            at, other = tsig.time, int(now).to_bytes(6, "big")
        times = _TIME.pack(at >> 32, at & 0xFFFFFFFF, FUDGE)
        mac = b""
        if self._key is not None:
            variables = times
            if self._first:
                variables = _variables(tsig.name, tsig.algorithm, times, error, other)
            mac = self._key.mac(self._before, message, variables)
            self._before, self._first = _counted(mac), False
        rdata = b"".join(
            (
                tsig.algorithm,
                times,
                len(mac).to_bytes(2, "big") + mac,
                message[:2],
                _TWO.pack(error, len(other)),
                other,
            )
        )
        record = tsig.name + FIXED.pack(TSIG, ANY, 0, len(rdata)) + rdata
        count = int.from_bytes(message[10:12], "big") + 1
        return message[:10] + count.to_bytes(2, "big") + message[12:] + record


def request_signer(key: TsigKey) -> Signer:
    """Return what signs a request of ours (RFC 8945 5.1)."""
    return Signer(Tsig(b"", key.name, algorithm_name(key.algorithm), 0, FUDGE, b"", 0, b""), key)


def algorithm_name(algorithm: str) -> bytes:
    """Return the name of an algorithm in wire form."""
    return b"".join(bytes((len(label),)) + label.encode() for label in algorithm.split(".")) + b"\0"


def _variables(name: bytes, algorithm: bytes, times: bytes, error: int, other: bytes) -> bytes:
    """Return the TSIG variables of RFC 8945 4.3.3."""
    return b"".join(
        (name, b"\x00\xff\0\0\0\0", algorithm, times, _TWO.pack(error, len(other)), other)
    )


def _counted(octets: bytes) -> bytes:
    """Return a MAC as it is signed again by what answers to it; nothing for none."""
    return len(octets).to_bytes(2, "big") + octets if octets else b""


class Signatures:
    """Verifies the signatures of requests, for an engine.

    :param find: returns the key of a name in wire form, None if there is none.
    :param now: seconds since 1970.
    """

    def __init__(self, find: Callable[[bytes], TsigKey | None], now: Callable[[], float]) -> None:
        self._find = find
        self.now = now

    def check(self, request: Query, wire: bytes) -> tuple[int, Signer | None]:
        """Return what is wrong with the signature of a request, NOERROR if nothing is, and what
        signs the reply, None without one. The request is given its key, or FORMERR."""
        if not request.tsig or request.error:
            return NOERROR, None
        try:
            tsig = read_tsig(wire, request.tsig)
        except FormError:
            request.error = FORMERR
            return NOERROR, None
        key = self._find(tsig.name)
        error = verify(tsig, key, self.now())
        if error == FORMERR:
            request.error = FORMERR
            return NOERROR, None
        if error == NOERROR:
            request.key, request.mac = tsig.name, tsig.mac[:SHORTEST]
        return error, Signer(tsig, key, error)
