"""Response rate limiting: what a source is answered about one thing in a second.

A UDP source can be forged, and then the reply goes to a victim. Whoever floods us asks the same
thing again and again, or for names that do not exist; resolvers, which remember, do neither. So
replies are counted by source prefix and by what they are about, and beyond a rate most are not
sent.
"""

from __future__ import annotations

from collections.abc import Callable

from siphashc import siphash

Clock = Callable[[], float]
Random = Callable[[int], bytes]
"""So many random octets, such as :func:`os.urandom`."""

SEND, SLIP, DROP = range(3)

ERRORS = b""
"""What error replies are about: nothing that a client could vary."""

ABSENT = b"\xff"
"""In front of an origin: what NXDOMAIN is about. No name begins with it (RFC 1035 4.1.4)."""

_MOST = 1 << 20  # suppressed replies in a window; no second has as many


class RateLimiter:
    """Counts replies and says which of them not to send.

    What a reply is about is what all replies that a flood could get have in common: the owner of
    the node that answers (a wildcard's, a DNAME's, a cut's, where names can be made up), the zone
    for names that do not exist, nothing at all for errors.

    Counters stand in *slots* (a power of two, or rounded up to one) found by a keyed hash: no
    number of sources makes the table grow or a look at it slow. What meets in a slot shares a rate,
    but nobody can choose whom to meet: the key is random, and another one each second.

    *slip*: one in so many suppressed replies is sent after all, without records and with TC set,
    so that a client whose address is abused can get its answer over TCP; 0 for none. *clock* tells
    seconds; one that is set back or stands still does no harm. Prefixes are whole octets, in bits.
    ``slipped`` and ``dropped`` count what was not sent as it was.
    """

    def __init__(
        self,
        clock: Clock,
        random: Random,
        *,
        per_second: int = 200,
        slip: int = 2,
        slots: int = 1 << 16,
        ipv4_prefix: int = 24,
        ipv6_prefix: int = 56,
    ) -> None:
        self._clock = clock
        self._random = random
        self._limit = per_second
        self._slip = slip
        self._v4 = ipv4_prefix // 8
        self._v6 = ipv6_prefix // 8
        self._mask = (1 << (slots - 1).bit_length()) - 1
        self._key = random(16)
        self._counts = [0] * (self._mask + 1)
        self._before: tuple[bytes, list[int]] | None = None
        self._since = clock()
        self._suppressed = 0
        self.slipped = 0
        self.dropped = 0

    def account(self, source: bytes, about: bytes) -> int:
        """Count a reply to a packed address: :data:`SEND`, :data:`SLIP` or :data:`DROP` it."""
        elapsed = self._clock() - self._since
        if not 0.0 <= elapsed < 1.0:
            self._turn(1.0 <= elapsed < 2.0)
        thing = (source[: self._v4] if len(source) == 4 else source[: self._v6]) + about
        slot = siphash(self._key, thing) & self._mask
        counts = self._counts
        count = counts[slot] + 1
        if count == 1 and self._before is not None:
            count += self._debt(*self._before, thing)
        counts[slot] = count
        if count <= self._limit:
            return SEND
        self._suppressed += 1
        if self._suppressed > _MOST:
            self._turn(False)  # the clock stands still
        if self._slip and (count - self._limit) % self._slip == 0:
            self.slipped += 1
            return SLIP
        self.dropped += 1
        return DROP

    def _turn(self, adjacent: bool) -> None:
        """Begin a new second; *adjacent* if what happened in the last one still matters."""
        self._before = (self._key, self._counts) if adjacent else None
        self._key = self._random(16)
        self._counts = [0] * (self._mask + 1)
        self._since = self._clock()
        self._suppressed = 0

    def _debt(self, key: bytes, counts: list[int], thing: bytes) -> int:
        """What a count begins a second with: half of what was over the limit in the last one.

        Without it a flood would get full replies at the beginning of every second, and the client
        whose address it abuses none of them. With it, a flood of twice the rate gets none, a lesser
        one the fewer the greater it is, and a second after its end all is well.
        """
        over = counts[siphash(key, thing) & self._mask] - self._limit
        return min(over // 2, self._limit) if over > 0 else 0
