"""DNS cookies (RFC 7873) with interoperable server cookies (RFC 9018).

A client that returns a valid server cookie has received a reply at its address, so the address is
not forged. Cookies are never required.
"""

from __future__ import annotations

import struct

from siphashc import siphash

from ddns.zone.rrl import Clock, Random

COOKIE = 10
"""Option code (RFC 7873 4)."""

CLIENT = 8
"""Octets of a client cookie, which a client without a server cookie sends alone."""

SERVER = 16
"""Octets of a version 1 server cookie (RFC 9018 4); other versions have 8 to 32 (RFC 7873 4)."""

SECRET = 16
"""Octets of a secret."""

# Seconds (RFC 9018 4.3).
_OLDEST = 3600
_NEWEST = -300
_RENEW = 1800

_SECRET_LIFE = 86400  # seconds; 36 days at most, a day is advised (RFC 7873 7.1)

_VERSION = b"\1\0\0\0"  # with three reserved octets
_TIME = struct.Struct("!I")
_HASH = struct.Struct("<Q")


def is_well_formed(option: bytes) -> bool:
    """Return whether a COOKIE option has a valid length (RFC 7873 5.2.2)."""
    return len(option) == CLIENT or CLIENT + 8 <= len(option) <= CLIENT + 32


class Cookies:
    """Issues and verifies server cookies.

    - *now*: seconds since 1970.
    - *secret*: shared by all servers that answer at the same address; without one a random secret
      is generated every day.
    - *accepted*: a second secret whose cookies are valid, the previous or next one during a
      rollover (RFC 9018 5).

    The compiled fast path (:mod:`ddns.zone.compiled`) does what :meth:`renew` does.
    """

    def __init__(
        self, now: Clock, random: Random, *, secret: bytes = b"", accepted: bytes = b""
    ) -> None:
        self._now = now
        self._random = None if secret else random
        self.secret = secret or random(SECRET)
        self.accepted = accepted or self.secret
        self._made = int(now())

    def keep_time(self) -> int:
        """Return the seconds since 1970, after making another secret if it is time to."""
        now = int(self._now())
        if self._random is not None and not 0 <= now - self._made < _SECRET_LIFE:
            self.accepted = self.secret
            self.secret = self._random(SECRET)
            self._made = now
        return now

    def renew(self, client: bytes, server: bytes, source: bytes) -> tuple[bytes, bool]:
        """Return the server cookie to send to a packed address, and whether *server* is valid.

        *client* and *server* are the cookies that it sent, the latter empty if it sent none.
        """
        now = self.keep_time()
        good = False
        if len(server) == SERVER and server[0] == 1:
            # Serial number arithmetic, modulo 2**32 (RFC 9018 4.3).
            age = (now - _TIME.unpack_from(server, 4)[0] + 0x80000000 & 0xFFFFFFFF) - 0x80000000
            if _NEWEST <= age <= _OLDEST:
                signed = client + server[:8] + source
                proof = _HASH.unpack_from(server, 8)[0]
                if proof == siphash(self.secret, signed):
                    if age < _RENEW:
                        return server, True
                    good = True
                else:
                    good = proof == siphash(self.accepted, signed)
        fresh = _VERSION + _TIME.pack(now & 0xFFFFFFFF)
        return fresh + _HASH.pack(siphash(self.secret, client + fresh + source)), good
