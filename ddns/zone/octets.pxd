"""Octets in compiled code: numbers in them, look-ups by them, and their keyed hash."""

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.object cimport PyObject
from libc.stdint cimport uint32_t, uint64_t
from libc.string cimport memcpy

cdef extern from "Python.h":
    PyObject *PyDict_GetItemWithError(object where, object key) except? NULL

cdef extern from "endian.h":
    uint64_t le64toh(uint64_t octets) noexcept
    uint64_t htole64(uint64_t number) noexcept


cdef inline unsigned int u16(const unsigned char *at) noexcept:
    return <unsigned int> at[0] << 8 | at[1]


cdef inline uint32_t u32(const unsigned char *at) noexcept:
    return <uint32_t> u16(at) << 16 | u16(at + 2)


cdef inline void put16(unsigned char *at, unsigned int number) noexcept:
    at[0] = number >> 8 & 255
    at[1] = number & 255


cdef inline void lower(unsigned char *to, const unsigned char *octets, Py_ssize_t size) noexcept:
    """Octets of length are below 64 and so are no letters."""
    cdef Py_ssize_t at
    for at in range(size):
        to[at] = octets[at] + (32 if 65 <= octets[at] <= 90 else 0)


cdef inline bytes owner(const unsigned char *octets, Py_ssize_t size):
    return PyBytes_FromStringAndSize(<const char *> octets, size)


cdef inline object found(dict where, const unsigned char *octets, Py_ssize_t size):
    """Return what a dictionary has for these octets, None if nothing."""
    cdef PyObject *value = PyDict_GetItemWithError(where, owner(octets, size))
    return None if value is NULL else <object> value


cdef inline uint64_t rotated(uint64_t number, int bits) noexcept:
    return number << bits | number >> (64 - bits)


cdef inline void mix(uint64_t *v, int rounds) noexcept:
    for _ in range(rounds):
        v[0] += v[1]
        v[2] += v[3]
        v[1] = rotated(v[1], 13) ^ v[0]
        v[3] = rotated(v[3], 16) ^ v[2]
        v[0] = rotated(v[0], 32)
        v[2] += v[1]
        v[0] += v[3]
        v[1] = rotated(v[1], 17) ^ v[2]
        v[3] = rotated(v[3], 21) ^ v[0]
        v[2] = rotated(v[2], 32)


cdef inline uint64_t siphash(bytes key, const unsigned char *octets, Py_ssize_t size) except? 0:
    """SipHash-2-4 (Aumasson and Bernstein, 2012).

    :raises ValueError: for a key that has not 16 octets.
    """
    cdef uint64_t v[4]
    cdef uint64_t k[2]
    cdef uint64_t word
    cdef Py_ssize_t at = 0
    if key is None or PyBytes_GET_SIZE(key) != 16:
        raise ValueError("a key of SipHash has 16 octets")
    memcpy(k, PyBytes_AS_STRING(key), 16)
    k[0], k[1] = le64toh(k[0]), le64toh(k[1])
    v[0], v[1] = k[0] ^ 0x736F6D6570736575ULL, k[1] ^ 0x646F72616E646F6DULL
    v[2], v[3] = k[0] ^ 0x6C7967656E657261ULL, k[1] ^ 0x7465646279746573ULL
    while True:
        word = 0
        if size - at >= 8:
            memcpy(&word, octets + at, 8)
            word = le64toh(word)
        else:
            memcpy(&word, octets + at, size - at)
            word = le64toh(word) | <uint64_t> size << 56
        v[3] ^= word
        mix(v, 2)
        v[0] ^= word
        at += 8
        if at > size:
            break
    v[2] ^= 255
    mix(v, 4)
    return v[0] ^ v[1] ^ v[2] ^ v[3]
