"""Response rate limiting: limits equal replies, and large ones, to one network per second.

The source of a UDP query can be forged, and then the reply goes to a victim. An attacker asks the
same question again and again, or for random names that do not exist; resolvers, which cache, do
neither. So replies are counted by source prefix and by what they have in common, and those beyond a
rate are dropped or truncated. Who asks for many names in turn is limited by a second count, of what
makes an attack worth its while: the octets by which replies exceed twice their queries. To usual
replies, such as an address, that comes to none.
"""

from __future__ import annotations

from collections.abc import Callable

from siphashc import siphash

Clock = Callable[[], float]
Random = Callable[[int], bytes]
"""Returns so many random octets, like :func:`os.urandom`."""

SEND, SLIP, DROP = range(3)

ERRORS = b""
"""The key of all error replies: a client must not be able to vary it."""

ABSENT = b"\xff"
"""Prefix of an origin in the key of NXDOMAIN. No name begins with it (RFC 1035 4.1.4)."""

_MAX_SUPPRESSED = 1 << 20  # more than any second can have, so the clock stands still


class RateLimiter:
    """Counts replies and decides which of them not to send.

    The key of a reply is what all replies to a flood have in common: the owner of the node that
    answers (the wildcard, DNAME or zone cut where names can be made up), the zone for names that do
    not exist, and one key for all errors.

    Counters are in a table of fixed size, indexed by a keyed hash: no number of sources makes it
    grow or slows it down. Keys that share a slot share its rate, but nobody can choose with whom:
    the hash key is random and replaced every second.

    - *clock*: seconds; it may be set back or stand still.
    - *per_second*: replies allowed per network and key.
    - *octets_per_second*: octets allowed per network beyond twice those of its queries; 0 for any.
    - *slip*: one in so many suppressed replies is sent without records and with TC set, so that a
      client whose address is being forged can retry over TCP; 0 for none.
    - *slots*: table size, rounded up to a power of two.
    - *ipv4_prefix*, *ipv6_prefix*: size of a network in bits, multiples of 8.

    ``slipped`` and ``dropped`` count suppressed replies. The compiled fast path
    (:mod:`ddns.zone.compiled`) does what :meth:`account` does in the same tables: ``key`` is that
    of the hash, ``before`` are key and tables of the last second, if that directly precedes.
    """

    def __init__(
        self,
        clock: Clock,
        random: Random,
        *,
        per_second: int = 200,
        octets_per_second: int = 64_000,
        slip: int = 2,
        slots: int = 1 << 16,
        ipv4_prefix: int = 24,
        ipv6_prefix: int = 56,
    ) -> None:
        self._clock = clock
        self._random = random
        self.limit = per_second
        self.octet_limit = octets_per_second
        self._slip = slip
        self.ipv4_octets = ipv4_prefix // 8
        self.ipv6_octets = ipv6_prefix // 8
        self.mask = (1 << (slots - 1).bit_length()) - 1
        self.key = random(16)
        self.counts = [0] * (self.mask + 1)
        self.octets = [0] * (self.mask + 1)
        self.before: tuple[bytes, list[int], list[int]] | None = None
        self._since = clock()
        self.suppressed = 0
        self.slipped = 0
        self.dropped = 0

    def account(self, source: bytes, rrl_key: bytes, excess: int = 0) -> int:
        """Count a reply to a packed address; return :data:`SEND`, :data:`SLIP` or :data:`DROP`.

        *excess* is the number of octets by which it is longer than twice its query.
        """
        self.keep_time()
        network = source[: self.ipv4_octets] if len(source) == 4 else source[: self.ipv6_octets]
        key_octets = network + rrl_key
        slot = siphash(self.key, key_octets) & self.mask
        counts = self.counts
        count = counts[slot] + 1
        if count == 1 and self.before is not None:
            key, before, _ = self.before
            count += _debt(key, before, key_octets, self.limit)
        counts[slot] = count
        over = count - self.limit
        if over <= 0:
            if excess <= 0 or self._fits(network, excess):
                return SEND
            over = self.suppressed
        return self.suppress(over)

    def keep_time(self) -> None:
        """Start a new second if it is time to."""
        elapsed = self._clock() - self._since
        if not 0.0 <= elapsed < 1.0:
            self._turn(1.0 <= elapsed < 2.0)

    def suppress(self, over: int) -> int:
        """Count the reply that is the *over*-th beyond a limit; return :data:`SLIP` or
        :data:`DROP`."""
        self.suppressed += 1
        if self.suppressed > _MAX_SUPPRESSED:
            self._turn(False)
        if self._slip and over % self._slip == 0:
            self.slipped += 1
            return SLIP
        self.dropped += 1
        return DROP

    def _fits(self, network: bytes, excess: int) -> bool:
        """Count octets; return whether they are within the limit."""
        if not self.octet_limit:
            return True
        slot = siphash(self.key, network) & self.mask
        octets = self.octets[slot]
        if not octets and self.before is not None:
            key, _, before = self.before
            octets = _debt(key, before, network, self.octet_limit)
        self.octets[slot] = octets = octets + excess
        return octets <= self.octet_limit

    def _turn(self, adjacent: bool) -> None:
        """Start a new second; *adjacent* if it directly follows the last one."""
        self.before = (self.key, self.counts, self.octets) if adjacent else None
        self.key = self._random(16)
        self.counts = [0] * (self.mask + 1)
        self.octets = [0] * (self.mask + 1)
        self._since = self._clock()
        self.suppressed = 0


def _debt(key: bytes, counts: list[int], counted: bytes, limit: int) -> int:
    """Return the initial count of a second: half the excess over the limit in the last one.

    Otherwise a flood would take all full replies at the start of every second, leaving none to the
    client whose address it forges. This way a sustained flood at twice the limit gets none, a
    smaller one gets fewer the larger it is, and one second after it ends the limit is back to
    normal.
    """
    over = counts[siphash(key, counted) & (len(counts) - 1)] - limit
    return min(over // 2, limit) if over > 0 else 0
