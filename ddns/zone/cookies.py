"""DNS cookies (RFC 7873), made as servers of all makes do that share a secret (RFC 9018).

A client that sends back the cookie it was given has received a packet at its address: that address
is not forged. Cookies are never required of anyone.
"""

from __future__ import annotations

import struct

from siphashc import siphash

from ddns.zone.rrl import Clock, Random

COOKIE = 10
"""The code of the option (RFC 7873 4)."""

CLIENT = 8
"""Octets of a client's cookie, which is all that the option holds before the server's is known."""

SERVER = 16
"""Octets of a server's cookie of version 1 (RFC 9018 4); others' may have 8 to 32 (RFC 7873 4)."""

SECRET = 16
"""Octets of a secret."""

# Seconds (RFC 9018 4.3).
_OLDEST = 3600
_NEWEST = -300
_RENEW = 1800

_SECRET_LIFE = 86400  # seconds; 36 days at most, a day is advised (RFC 7873 7.1)

_VERSION = b"\1\0\0\0"  # and three reserved octets
_TIME = struct.Struct("!I")
_HASH = struct.Struct("<Q")


def is_well_formed(option: bytes) -> bool:
    """Whether an option has a length that a cookie can have (RFC 7873 5.2.2)."""
    return len(option) == CLIENT or CLIENT + 8 <= len(option) <= CLIENT + 32


class Cookies:
    """Makes and checks server cookies. *now* tells seconds since 1970.

    Without a *secret* there is a random one, another every day. With one, servers that answer at
    the same address know each other's cookies. Those made with *accepted* are good as well: the
    secret before or after this one, while such servers change theirs (RFC 9018 5).
    """

    def __init__(
        self, now: Clock, random: Random, *, secret: bytes = b"", accepted: bytes = b""
    ) -> None:
        self._now = now
        self._random = None if secret else random
        self._secret = secret or random(SECRET)
        self._accepted = accepted or self._secret
        self._made = int(now())

    def renew(self, client: bytes, server: bytes, source: bytes) -> tuple[bytes, bool]:
        """The server cookie to send to a packed address, and whether the one it sent is good.

        *server* is that one, empty if it sent none.
        """
        now = int(self._now())
        if self._random is not None and not 0 <= now - self._made < _SECRET_LIFE:
            self._accepted = self._secret
            self._secret = self._random(SECRET)
            self._made = now
        good = False
        if len(server) == SERVER and server[0] == 1:
            # Numbers in a circle, as serials are (RFC 9018 4.3).
            age = (now - _TIME.unpack_from(server, 4)[0] + 0x80000000 & 0xFFFFFFFF) - 0x80000000
            if _NEWEST <= age <= _OLDEST:
                signed = client + server[:8] + source
                proof = _HASH.unpack_from(server, 8)[0]
                if proof == siphash(self._secret, signed):
                    if age < _RENEW:
                        return server, True
                    good = True
                else:
                    good = proof == siphash(self._accepted, signed)
        fresh = _VERSION + _TIME.pack(now & 0xFFFFFFFF)
        return fresh + _HASH.pack(siphash(self._secret, client + fresh + source)), good
