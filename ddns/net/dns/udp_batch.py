"""DNS over UDP, up to 64 packets a system call: Linux's recvmmsg(2) and sendmmsg(2).

At the rates this server is made for, half of the time goes into entering and leaving the kernel;
a batch shares that. All memory that the kernel reads or writes is laid out once, and seen from
Python through memoryviews, because making a ctypes object for a packet costs more than answering
it.
"""

from __future__ import annotations

import ctypes
import errno
import functools
import socket
import struct
import sys
from collections.abc import Callable

from twisted.internet.interfaces import IReactorFDSet

from ddns.net.dns.responder import MAPPED, ErrorLog, Responder
from ddns.net.dns.sockets import IP_PKTINFO, IPV6_PKTINFO
from ddns.net.dns.stats import DnsStats
from ddns.net.dns.udp import LARGEST, LINK_LOCAL, Address, Control, UdpReader

SLOTS = 64
"""Packets a system call; twice as many gained 2% when measured. What is read in a turn at most is a
multiple of it."""


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


_WORDS = ctypes.sizeof(_Header) // 4  # 32-bit words of a header
_SIZE_WORD = _Header.size.offset // 4


class _Calls:
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


class _Memory:
    """The payloads of one direction, and the headers through which the kernel finds them."""

    def __init__(
        self, names: ctypes.Array[ctypes.c_char], control: ctypes.Array[ctypes.c_char]
    ) -> None:
        name_size = len(names) // SLOTS
        control_size = len(control) // SLOTS
        payload = ctypes.create_string_buffer(SLOTS * LARGEST)  # untouched pages take no memory
        vectors = (_IoVec * SLOTS)()
        headers = (_Header * SLOTS)()
        for slot in range(SLOTS):
            vectors[slot].base = ctypes.addressof(payload) + slot * LARGEST
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
        self.rcodes = octets[3::LARGEST]  # with RA, Z, AD and CD beside them
        self.payloads = [octets[n * LARGEST : (n + 1) * LARGEST] for n in range(SLOTS)]


class BatchReader(UdpReader):
    """Reads and writes through recvmmsg and sendmmsg, :data:`SLOTS` packets a call.

    Received and sent headers share addresses and control data: a reply goes back with those that
    its packet brought.
    """

    def __init__(
        self,
        reactor: IReactorFDSet,
        sock: socket.socket,
        respond: Responder,
        errors: ErrorLog,
        stats: DnsStats,
        seconds: Callable[[], float],
    ) -> None:
        super().__init__(reactor, sock, respond, errors, stats, seconds)
        self._calls = _Calls()
        self._is_v4 = is_v4 = sock.family == socket.AF_INET
        # struct sockaddr_in and sockaddr_in6: of these the port and the address matter
        self._name = struct.Struct("!2xH4s8x" if is_v4 else "!2xH4x16s4x")
        control_size = socket.CMSG_SPACE(12 if is_v4 else 20) if self._wildcard else 0
        names = ctypes.create_string_buffer(SLOTS * self._name.size)
        control = ctypes.create_string_buffer(SLOTS * control_size)
        self._names = memoryview(names).cast("B")
        self._control = memoryview(control).cast("B")
        self._control_size = control_size
        self._received = _Memory(names, control)
        self._sent = _Memory(names, control)
        self._fresh = self._received.headers.tobytes()
        self._redirect = None
        if control_size:
            self._redirect = self._redirect_v4 if is_v4 else self._redirect_v6
        self._mapped = not is_v4 and not sock.getsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY)

    def _read(self, most: int) -> None:
        fd = self._sock.fileno()
        now = self._seconds
        stats = self._stats
        received = self._received
        for _ in range(most // SLOTS):
            # The kernel leaves the sizes of what it received in the headers: reset them.
            received.headers[:] = self._fresh
            count = self._calls.receive(fd, received.address, SLOTS, 0, None)
            if count < 0:
                if ctypes.get_errno() == errno.EAGAIN:
                    return
                # An ICMP error about an earlier reply, which the kernel reports to the next call;
                # packets may wait behind it.
                continue
            began = now()
            if self._redirect is not None:
                self._redirect(count)
            if replies := self._answer(count):
                self._send(fd, replies)
                stats.record_batch(self._sent.rcodes, replies, now() - began)
            if count < SLOTS:
                return  # the queue is empty; what comes now wakes the reactor again

    def _answer(self, count: int) -> int:
        """Put the replies to *count* packets in the slots to send, without gaps; return how many
        there are."""
        respond = self._respond
        stats = self._stats
        received = self._received.words[_SIZE_WORD : count * _WORDS : _WORDS].tolist()
        stats.received_octets += sum(received)
        mapped = self._mapped
        payloads = self._sent.payloads
        sizes = self._sent.sizes
        replies = octets = 0
        packets = zip(
            self._name.iter_unpack(self._names[: count * self._name.size]),
            received,
            self._received.payloads,
            strict=False,
        )
        for slot, ((port, source), size, payload) in enumerate(packets):
            if port == 0:
                continue
            if mapped and source.startswith(MAPPED):
                source = source[12:]
            try:
                reply = respond(payload[:size].tobytes(), source, False)
                if not reply:
                    continue
                if type(reply) is not bytes:
                    address, control = self._way_back(slot)
                    self._answer_later(reply, source, address, control, self._seconds())
                    continue
                size = len(reply)
                if size > LARGEST:
                    continue  # no packet can carry it
                payloads[replies][:size] = reply
            except Exception:
                self._errors.log(source)
                continue
            if replies != slot:
                self._move(slot, replies)
            sizes[replies] = size
            replies += 1
            octets += size
        stats.sent_octets += octets
        if replies != count:
            stats.unanswered += count - replies
        return replies

    def _move(self, slot: int, to: int) -> None:
        """Move an address up, over those of packets without a reply."""
        size = self._name.size
        self._names[to * size : (to + 1) * size] = self._names[slot * size : (slot + 1) * size]
        size = self._control_size
        self._control[to * size : (to + 1) * size] = self._control[slot * size : (slot + 1) * size]

    def _way_back(self, slot: int) -> tuple[Address, Control]:
        """Return the address of a packet's client, and ancillary data for the reply, in the form in
        which :mod:`socket` takes them: the slot is another packet's by the time that it is sent."""
        size = self._name.size
        name = self._names[slot * size : (slot + 1) * size].tobytes()
        ((port, source),) = self._name.iter_unpack(name)
        if self._is_v4:
            address: Address = (socket.inet_ntoa(source), port)
            level, kind, length = socket.IPPROTO_IP, IP_PKTINFO, 12
        else:
            scope = int.from_bytes(name[24:28], sys.byteorder)
            address = (socket.inet_ntop(socket.AF_INET6, source), port, 0, scope)
            level, kind, length = socket.IPPROTO_IPV6, IPV6_PKTINFO, 20
        if not self._control_size or kind is None:
            return address, []
        at = slot * self._control_size + socket.CMSG_LEN(0)
        return address, [(level, kind, self._control[at : at + length].tobytes())]

    def _send(self, fd: int, count: int) -> None:
        done = 0
        while done < count:
            address = self._sent.address + done * _WORDS * 4
            sent = self._calls.send(fd, address, count - done, 0)
            if sent < 0 and ctypes.get_errno() == errno.EAGAIN:
                # The buffer is full. Waiting would be worse than having some clients ask again.
                self._stats.unsent += count - done
                return
            # sendmmsg stops at a reply that cannot be sent, and reports it only if it is the first:
            # so that one is skipped, and the call made again for those behind it.
            if sent <= 0:
                self._stats.unsent += 1
                sent = 1
            done += sent

    # The next two do what udp._from_destination does, to all packets of a batch at once.

    def _redirect_v4(self, count: int) -> None:
        words = self._control.cast("I")
        stride = self._control_size // 4
        data = socket.CMSG_LEN(0) // 4
        end = count * stride
        words[data:end:stride] = _ZEROS[:count]
        words[data + 1 : end : stride] = words[data + 2 : end : stride]

    def _redirect_v6(self, count: int) -> None:
        words = self._control.cast("I")
        stride = self._control_size // 4
        data = socket.CMSG_LEN(0) // 4
        end = count * stride
        prefixes = words[data:end:stride].tolist()
        if _LINK_LOCAL not in prefixes:
            words[data + 4 : end : stride] = _ZEROS[:count]
            return
        for slot, prefix in enumerate(prefixes):
            if prefix != _LINK_LOCAL:
                words[slot * stride + data + 4] = 0


_ZEROS = memoryview(bytes(4 * SLOTS)).cast("I")
_LINK_LOCAL = int.from_bytes(LINK_LOCAL + bytes(2), sys.byteorder)  # fe80::/64 (RFC 4291 2.5.6)


@functools.cache
def is_usable() -> bool:
    """Return whether this kernel and this C library do what :class:`BatchReader` relies on.

    It tries: a sandbox may forbid the calls, and another library may lay the headers out in its own
    way.
    """
    if sys.platform != "linux":
        return False
    try:
        calls = _Calls()
    except (AttributeError, OSError):
        return False
    near, far = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    with near, far:
        none = ctypes.create_string_buffer(0)
        out = _Memory(none, none)
        for slot, message in enumerate((b"one", b"three")):
            out.payloads[slot][: len(message)] = message
            out.sizes[slot] = len(message)
        if calls.send(near.fileno(), out.address, 2, 0) != 2:
            return False
        far.setblocking(False)
        back = _Memory(none, none)
        if calls.receive(far.fileno(), back.address, SLOTS, 0, None) != 2:
            return False
        sizes = back.words[_SIZE_WORD : 2 * _WORDS : _WORDS].tolist()
        got = [back.payloads[slot][:size].tobytes() for slot, size in enumerate(sizes)]
        return got == [b"one", b"three"]
