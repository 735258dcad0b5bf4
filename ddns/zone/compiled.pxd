"""What other compiled modules call in :mod:`ddns.zone.compiled` without the detour by Python."""


cdef class FastPath:
    cdef object _zones, _limiter, _cookies, _zone
    cdef dict _origins, _nodes
    cdef set _cuts
    cdef bytes _origin, _secret, _accepted, _key
    cdef list _counts, _octets
    cdef tuple _before
    cdef long long _now, _limit, _octet_limit
    cdef Py_ssize_t _depth, _mask, _ipv4_octets, _ipv6_octets
    cdef int _payload
    cdef unsigned char *_reply

    cdef int begin(self) except -1
    cdef Py_ssize_t answer(
        self, const unsigned char *wire, Py_ssize_t size, const unsigned char *source,
        Py_ssize_t source_size, bint tcp, unsigned char *out,
    ) except -2
    cdef int _use_zone(self, object zone) except -1
    cdef int _use_limiter(self) except -1
    cdef bint _renew(
        self, const unsigned char *cookie, bint known, const unsigned char *source,
        Py_ssize_t source_size, unsigned char *server,
    ) except -1
    cdef int _account(
        self, const unsigned char *source, Py_ssize_t source_size, const unsigned char *key,
        Py_ssize_t key_size, Py_ssize_t excess,
    ) except -1
    cdef long long _over(
        self, list table, list before, long long limit, const unsigned char *counted,
        Py_ssize_t size, long long more,
    ) except? -1
