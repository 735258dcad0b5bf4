# cython: language_level=3, boundscheck=True, wraparound=False, cdivision=True
"""The fast path of :class:`ddns.zone.engine.Engine`, compiled: the same octets, and counts.

It reads the zones and counts in the tables that the engine has; nothing is kept twice. Whoever
calls it holds the interpreter's lock, so nothing changes while it looks.

Packets and replies are bare pointers, which nothing checks but what is written here: an octet of a
packet is read after a comparison with ``size``, and a reply is written once its size is known to be
at most ``room``, for which there is space.
"""

from cpython.buffer cimport PyBUF_SIMPLE, PyBuffer_Release, PyObject_GetBuffer
from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.mem cimport PyMem_Free, PyMem_Malloc
from libc.stdint cimport int32_t, uint32_t, uint64_t
from libc.string cimport memcpy

from ddns.zone.octets cimport found, htole64, le64toh, lower, owner, put16, siphash, u16, u32

cdef enum:
    NOT_MINE = -1  # what answer() leaves to the engine in Python
    SILENCE = 0
    HEADER = 12
    NAME = 255  # octets of a name (RFC 1035 2.3.4)
    LABELS = 127
    SOURCE = 16  # octets of an address
    UDP_PLAIN = 512
    OPT = 11  # octets of an OPT without options (RFC 6891 6.1.2)
    COOKIE = 10  # the option
    CLIENT = 8  # octets of cookies (RFC 9018 4)
    SERVER = 16
    OLDEST = 3600  # seconds (RFC 9018 4.3)
    NEWEST = -300
    RENEW = 1800
    SEND = 0  # as in rrl.py
    SLIP = 1
    A_CNAME = 5

ctypedef const unsigned char *Octets

_UNREACHED = 1 << 60  # more than can be counted in a second


cdef class FastPath:
    """Answers what it can of the messages that come to an engine.

    - *zones*: :class:`ddns.zone.zone.Zones`.
    - *payload*: as the engine's.
    """

    def __cinit__(self, object zones, int payload):
        self._zones = zones
        self._origins = zones.origins
        self._payload = payload
        self._reply = <unsigned char *> PyMem_Malloc(max(UDP_PLAIN, payload))
        if self._reply is NULL:
            raise MemoryError

    def __dealloc__(self):
        PyMem_Free(self._reply)

    def use(self, limiter, cookies):
        """Replace rate limiter and cookies; None for none."""
        self._limiter = limiter
        self._cookies = cookies

    def respond(self, wire, bytes source not None, bint tcp):
        """Return the reply to one message, empty to stay silent, or None if it is not for here."""
        cdef Py_buffer view
        cdef Py_ssize_t size
        self.begin()
        PyObject_GetBuffer(wire, &view, PyBUF_SIMPLE)
        try:
            size = self.answer(
                <Octets> view.buf, view.len, <Octets> PyBytes_AS_STRING(source),
                PyBytes_GET_SIZE(source), tcp, self._reply,
            )
        finally:
            PyBuffer_Release(&view)
        return None if size < 0 else PyBytes_FromStringAndSize(<const char *> self._reply, size)

    cdef int begin(self) except -1:
        """Forget what may have changed since, and the time: call it before :meth:`answer`, which
        then may be called until other code runs."""
        self._depth = self._zones.depth
        self._counts = None
        self._secret = None
        return 0

    cdef Py_ssize_t answer(
        self, Octets wire, Py_ssize_t size, Octets source, Py_ssize_t source_size, bint tcp,
        unsigned char *out,
    ) except -2:
        """Write the reply to a message; return its size, SILENCE, or NOT_MINE, and then nothing was
        counted. *out* has room for the larger of 512 octets and *payload*."""
        cdef unsigned char name[NAME]
        cdef unsigned char key[2 + NAME]
        cdef unsigned char server[SERVER]
        cdef short starts[LABELS + 1]
        cdef Py_ssize_t at = HEADER, labels = 0, end, room, rest, opt_size = 0, rdlen = 0
        cdef Py_ssize_t apex, depth, encloser = 0, low, high, stop, body_size, key_size, total
        cdef unsigned int length, qtype, rtype
        cdef Octets opt = NULL
        cdef Octets body = NULL
        cdef Octets count = NULL
        cdef bint exempt = tcp
        cdef int rcode = 0, verdict = SEND
        cdef bytes node, negative
        cdef object zone = None

        # A query without any flag but RD, AD and CD, with one question and at most an OPT behind.
        if size < HEADER + 5 or source_size > SOURCE or wire[2] & 0xFE or wire[3] & 0xCF:
            return NOT_MINE
        if wire[4] or wire[5] != 1 or wire[6] or wire[7] or wire[8] or wire[9] or wire[10]:
            return NOT_MINE
        while True:
            if at >= size:
                return NOT_MINE
            starts[labels] = <short> (at - HEADER)
            length = wire[at]
            if length == 0:
                break
            at += 1 + length
            if length > 63 or at >= HEADER + NAME:
                return NOT_MINE
            labels += 1
        end = at + 1
        if size < end + 4 or u16(wire + end + 2) != 1:  # IN
            return NOT_MINE
        qtype = u16(wire + end)
        if not is_plain(qtype):
            return NOT_MINE
        rest = size - end - 4
        room = UDP_PLAIN
        if wire[11] == 0:
            if rest:
                return NOT_MINE
        else:
            opt = wire + end + 4
            if wire[11] != 1 or rest < OPT or opt[0] or u16(opt + 1) != 41:
                return NOT_MINE
            # Extended RCODE, version, and flags but DO.
            if opt[5] or opt[6] or opt[7] & 0x7F or opt[8]:
                return NOT_MINE
            rdlen = u16(opt + 9)
            if rdlen != rest - OPT:
                return NOT_MINE
            opt_size = OPT
            if rdlen:
                if self._cookies is None or rdlen not in (4 + CLIENT, 4 + CLIENT + SERVER):
                    return NOT_MINE
                if u16(opt + OPT) != COOKIE or u16(opt + OPT + 2) != rdlen - 4:
                    return NOT_MINE
                opt_size = OPT + 4 + CLIENT + SERVER
            room = max(room, min(<Py_ssize_t> u16(opt + 3), self._payload))

        # The zone, the node, or the wildcard of the closest encloser (RFC 4592 3.3.1).
        lower(name, wire + HEADER, end - HEADER)
        apex = max(0, labels - self._depth)
        while True:
            zone = found(self._origins, name + starts[apex], end - HEADER - starts[apex])
            if zone is not None:
                break
            apex += 1
            if apex > labels:
                return NOT_MINE
        if zone is not self._zone:
            self._use_zone(zone)
        node = found(self._nodes, name, end - HEADER)
        key_size = end - HEADER
        if node is not None:
            memcpy(key, name, key_size)
        else:
            # All ancestors of an existing name exist, so a binary search finds the closest.
            low, high = 1, apex
            while low < high:
                depth = (low + high) // 2
                if found(self._nodes, name + starts[depth], key_size - starts[depth]) is not None:
                    high = depth
                else:
                    low = depth + 1
            if low != high:
                return NOT_MINE
            encloser = low
            key[0], key[1] = 1, 42  # a label of an asterisk
            key_size -= starts[encloser]
            memcpy(key + 2, name + starts[encloser], key_size)
            key_size += 2
            node = found(self._nodes, key, key_size)
        if self._cuts:
            for depth in range(encloser, apex + 1):
                if owner(name + starts[depth], end - HEADER - starts[depth]) in self._cuts:
                    return NOT_MINE

        # The RRset of the node, or the SOA.
        if node is None:
            rcode = 3  # NXDOMAIN
            key[0] = 0xFF  # ABSENT in rrl.py
            key_size = 1 + PyBytes_GET_SIZE(self._origin)
            memcpy(key + 1, PyBytes_AS_STRING(self._origin), key_size - 1)
        else:
            at = 0
            while at + 8 <= PyBytes_GET_SIZE(node):
                body = <Octets> PyBytes_AS_STRING(node) + at
                rtype = u16(body)
                stop = at + 8 + u32(body + 4)
                if stop > PyBytes_GET_SIZE(node) or rtype == qtype and is_accompanied(rtype):
                    return NOT_MINE
                if rtype == qtype:
                    count = body + 2
                    body += 8
                    body_size = stop - at - 8
                    break
                if rtype == A_CNAME:
                    return NOT_MINE
                at = stop
        if count is NULL:
            negative = self._zone.negative
            if negative is None:
                return NOT_MINE
            body = <Octets> PyBytes_AS_STRING(negative)
            body_size = PyBytes_GET_SIZE(negative)
        total = end + 4 + body_size + opt_size + (2 if count is NULL else 0)
        if total > room:
            return NOT_MINE

        if rdlen and self._renew(
            opt + OPT + 4, rdlen > 4 + CLIENT, source, source_size, server
        ):
            exempt = True
        if not exempt and self._limiter is not None:
            verdict = self._account(source, source_size, key, key_size, total - 2 * size)
            if verdict != SEND and verdict != SLIP:
                return SILENCE

        memcpy(out, wire, end + 4)
        out[2] = 0x84 | wire[2]  # QR, AA
        out[3] = rcode
        at = end + 4
        if verdict == SLIP:
            # No longer than the query, so as not to amplify a flood: without the cookie.
            out[2] |= 2  # TC
            opt_size = min(opt_size, <Py_ssize_t> OPT)
        elif count is not NULL:
            out[6], out[7] = count[0], count[1]
            memcpy(out + at, body, body_size)
            at += body_size
        else:
            out[9] = 1
            put16(out + at, 0xC000 | <unsigned int> (end - PyBytes_GET_SIZE(self._origin)))
            memcpy(out + at + 2, body, body_size)
            at += 2 + body_size
        if opt_size:
            memcpy(out + at, opt, OPT)
            put16(out + at + 3, self._payload)
            put16(out + at + 9, opt_size - OPT)
            if opt_size > OPT:
                put16(out + at + OPT, COOKIE)
                put16(out + at + OPT + 2, CLIENT + SERVER)
                memcpy(out + at + OPT + 4, opt + OPT + 4, CLIENT)
                memcpy(out + at + OPT + 4 + CLIENT, server, SERVER)
        return at + opt_size

    cdef int _use_zone(self, object zone) except -1:
        self._zone = None
        self._nodes, self._cuts, self._origin = zone.nodes, zone.cuts, zone.origin
        self._zone = zone
        return 0

    cdef int _use_limiter(self) except -1:
        limiter = self._limiter
        limiter.keep_time()
        self._key, self._before = limiter.key, limiter.before
        self._mask = limiter.mask
        self._limit = min(limiter.limit, _UNREACHED)
        self._octet_limit = min(limiter.octet_limit, _UNREACHED)
        self._ipv4_octets, self._ipv6_octets = limiter.ipv4_octets, limiter.ipv6_octets
        self._octets, self._counts = limiter.octets, limiter.counts
        return 0

    cdef bint _renew(
        self, Octets cookie, bint known, Octets source, Py_ssize_t source_size,
        unsigned char *server,
    ) except -1:
        """Do what :meth:`ddns.zone.cookies.Cookies.renew` does; *cookie* are client and, if
        *known*, server cookie."""
        cdef unsigned char signed_[CLIENT + 8 + SOURCE]
        cdef Py_ssize_t size = CLIENT + 8 + source_size
        cdef uint64_t proof
        cdef int32_t age
        cdef bint good = False
        if self._secret is None:
            self._now = self._cookies.keep_time()
            self._secret, self._accepted = self._cookies.secret, self._cookies.accepted
        memcpy(signed_, cookie, CLIENT)
        memcpy(signed_ + CLIENT + 8, source, source_size)
        if known and cookie[CLIENT] == 1:
            # Serial number arithmetic (RFC 9018 4.3).
            age = <int32_t> (<uint32_t> self._now - u32(cookie + CLIENT + 4))
            if NEWEST <= age <= OLDEST:
                memcpy(signed_ + CLIENT, cookie + CLIENT, 8)
                memcpy(&proof, cookie + CLIENT + 8, 8)
                if le64toh(proof) == siphash(self._secret, signed_, size):
                    if age < RENEW:
                        memcpy(server, cookie + CLIENT, SERVER)
                        return True
                    good = True
                else:
                    good = le64toh(proof) == siphash(self._accepted, signed_, size)
        signed_[CLIENT] = 1  # the version; three octets are reserved
        signed_[CLIENT + 1] = signed_[CLIENT + 2] = signed_[CLIENT + 3] = 0
        put16(signed_ + CLIENT + 4, <unsigned int> (self._now >> 16))
        put16(signed_ + CLIENT + 6, <unsigned int> self._now)
        proof = htole64(siphash(self._secret, signed_, size))
        memcpy(server, signed_ + CLIENT, 8)
        memcpy(server + 8, &proof, 8)
        return good

    cdef int _account(
        self, Octets source, Py_ssize_t source_size, Octets key, Py_ssize_t key_size,
        Py_ssize_t excess,
    ) except -1:
        """Do what :meth:`ddns.zone.rrl.RateLimiter.account` does."""
        cdef unsigned char counted[SOURCE + 2 + NAME]
        cdef Py_ssize_t network
        cdef long long which
        cdef list counts = None, octets = None
        if self._counts is None:
            self._use_limiter()
        if self._before is not None:
            counts, octets = self._before[1], self._before[2]
        network = min(source_size, self._ipv4_octets if source_size == 4 else self._ipv6_octets)
        memcpy(counted, source, network)
        memcpy(counted + network, key, key_size)
        which = self._over(self._counts, counts, self._limit, counted, network + key_size, 1)
        if which <= 0:
            if excess <= 0 or not self._octet_limit:
                return SEND
            if self._over(self._octets, octets, self._octet_limit, counted, network, excess) <= 0:
                return SEND
            which = self._limiter.suppressed
        verdict = self._limiter.suppress(which)
        self._counts = None  # it may have begun another second
        return verdict

    cdef long long _over(
        self, list table, list before, long long limit, Octets counted, Py_ssize_t size,
        long long more,
    ) except? -1:
        """Count in a table; return by how much that is over the limit."""
        cdef Py_ssize_t slot = <Py_ssize_t> (siphash(self._key, counted, size) & self._mask)
        cdef long long count = table[slot], debt
        if count == 0 and before is not None:
            slot_before = siphash(self._before[0], counted, size) & (len(before) - 1)
            debt = <long long> before[slot_before] - limit
            if debt > 0:
                count = min(debt // 2, limit)
        count += more
        table[slot] = count
        return count - limit


cdef inline bint is_plain(unsigned int qtype) noexcept:
    """TYPES in fast_path.py: without special look-up rules, which DS has, and no OPT."""
    return 1 <= qtype <= 127 and qtype != 41 and qtype != 43 or qtype == 256 or qtype == 257


cdef inline bint is_accompanied(unsigned int rtype) noexcept:
    """ACCOMPANIED in fast_path.py: NS, MX, SRV, SVCB, HTTPS."""
    return rtype == 2 or rtype == 15 or rtype == 33 or rtype == 64 or rtype == 65
