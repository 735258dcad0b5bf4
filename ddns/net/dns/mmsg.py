"""Linux's recvmmsg(2) and sendmmsg(2) through ctypes: up to 64 packets a system call.

All memory that the kernel reads or writes is laid out once, and seen from Python through
memoryviews, because making a ctypes object for a packet costs more than answering it.
"""

from __future__ import annotations

import ctypes
import functools
import socket
import sys

LARGEST = 65536
"""Octets of a buffer: more than UDP can carry, so no datagram is ever cut short."""

STRIDE = LARGEST + 192
"""Octets from one buffer to the next: were it a power of two, the beginnings of all would compete
for the same lines of the processor's caches."""

SLOTS = 64
"""Packets a system call; twice as many gained 2% when measured."""


class _IoVec(ctypes.Structure):
    _fields_ = (("base", ctypes.c_void_p), ("size", ctypes.c_size_t))


class _Message(ctypes.Structure):
    """``struct msghdr`` of recvmsg(2)."""

    _fields_ = (
        ("name", ctypes.c_void_p),
        ("name_size", ctypes.c_uint32),
        ("iov", ctypes.c_void_p),
        ("iov_count", ctypes.c_size_t),
        ("control", ctypes.c_void_p),
        ("control_size", ctypes.c_size_t),
        ("flags", ctypes.c_int),
    )


class _Header(ctypes.Structure):
    """``struct mmsghdr`` of recvmmsg(2): a message, and how many octets came or went."""

    _fields_ = (("message", _Message), ("size", ctypes.c_uint))


WORDS = ctypes.sizeof(_Header) // 4  # 32-bit words of a header
SIZE_WORD = _Header.size.offset // 4


class Calls:
    """The two functions of the C library, which Python's :mod:`socket` does not have.

    ``PyDLL``, unlike the usual ``CDLL``, keeps the interpreter's lock during a call. These never
    block; and if they released it, a busy thread (the database's) would take it at every call and
    keep it for 5 ms, the interpreter's switch interval.
    """

    def __init__(self) -> None:
        library = ctypes.PyDLL(None, use_errno=True)
        self.receive = library.recvmmsg
        self.receive.argtypes = (
            ctypes.c_int,
            ctypes.c_void_p,
            ctypes.c_uint,
            ctypes.c_int,
            ctypes.c_void_p,
        )
        self.send = library.sendmmsg
        self.send.argtypes = (ctypes.c_int, ctypes.c_void_p, ctypes.c_uint, ctypes.c_int)


class Memory:
    """The payloads of one direction, and the headers through which the kernel finds them."""

    def __init__(
        self, names: ctypes.Array[ctypes.c_char], control: ctypes.Array[ctypes.c_char]
    ) -> None:
        name_size = len(names) // SLOTS
        control_size = len(control) // SLOTS
        payload = ctypes.create_string_buffer(SLOTS * STRIDE)  # untouched pages take no memory
        vectors = (_IoVec * SLOTS)()
        headers = (_Header * SLOTS)()
        for slot in range(SLOTS):
            vectors[slot].base = ctypes.addressof(payload) + slot * STRIDE
            vectors[slot].size = LARGEST
            header = headers[slot].message
            header.name = ctypes.addressof(names) + slot * name_size
            header.name_size = name_size
            header.iov = ctypes.addressof(vectors) + slot * ctypes.sizeof(_IoVec)
            header.iov_count = 1
            if control_size:
                header.control = ctypes.addressof(control) + slot * control_size
                header.control_size = control_size
        # The headers hold bare addresses, which keep nothing alive; the views below keep the rest.
        self._keep = (names, control)
        self.address = ctypes.addressof(headers)
        self.headers = memoryview(headers).cast("B")
        self.words = self.headers.cast("I")
        self.sizes = memoryview(vectors).cast("B").cast("P")[1::2]
        octets = memoryview(payload).cast("B")
        self.rcodes = octets[3::STRIDE]  # with RA, Z, AD and CD beside them
        self.payloads = [octets[n * STRIDE : n * STRIDE + LARGEST] for n in range(SLOTS)]


@functools.cache
def is_usable() -> bool:
    """Return whether this kernel and this C library do what this module relies on.

    It tries: a sandbox may forbid the calls, and another library may lay the headers out in its own
    way.
    """
    if sys.platform != "linux":
        return False
    try:
        calls = Calls()
    except (AttributeError, OSError):
        return False
    near, far = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    with near, far:
        none = ctypes.create_string_buffer(0)
        out = Memory(none, none)
        for slot, message in enumerate((b"one", b"three")):
            out.payloads[slot][: len(message)] = message
            out.sizes[slot] = len(message)
        if calls.send(near.fileno(), out.address, 2, 0) != 2:
            return False
        far.setblocking(False)
        back = Memory(none, none)
        if calls.receive(far.fileno(), back.address, SLOTS, 0, None) != 2:
            return False
        sizes = back.words[SIZE_WORD : 2 * WORDS : WORDS].tolist()
        got = [back.payloads[slot][:size].tobytes() for slot, size in enumerate(sizes)]
        return got == [b"one", b"three"]
