"""DNS over UDP, up to 64 packets a system call.

At the rates this server is made for, half of the time goes into entering and leaving the kernel;
a batch shares that.
"""

from __future__ import annotations

import ctypes
import errno
import socket
import struct
import sys

from ddns.net.dns.mmsg import LARGEST, SIZE_WORD, SLOTS, WORDS, Calls, Memory
from ddns.net.dns.responder import MAPPED
from ddns.net.dns.sockets import IP_PKTINFO, IPV6_PKTINFO
from ddns.net.dns.udp import LINK_LOCAL, Address, Control, UdpReader

_ZEROS = memoryview(bytes(4 * SLOTS)).cast("I")
_LINK_LOCAL = int.from_bytes(LINK_LOCAL + bytes(2), sys.byteorder)  # fe80::/64 (RFC 4291 2.5.6)


class BatchReader(UdpReader):
    """Reads and writes through recvmmsg and sendmmsg, :data:`SLOTS` packets a call.

    Received and sent headers share addresses and control data: a reply goes back with those that
    its packet brought.
    """

    def start(self) -> None:
        sock = self._sock
        self._calls = Calls()
        self._is_v4 = is_v4 = sock.family == socket.AF_INET
        # struct sockaddr_in and sockaddr_in6: of these the port and the address matter
        self._name = struct.Struct("!2xH4s8x" if is_v4 else "!2xH4x16s4x")
        control_size = socket.CMSG_SPACE(12 if is_v4 else 20) if self._wildcard else 0
        names = ctypes.create_string_buffer(SLOTS * self._name.size)
        control = ctypes.create_string_buffer(SLOTS * control_size)
        self._names = memoryview(names).cast("B")
        self._control = memoryview(control).cast("B")
        self._control_size = control_size
        self._received = Memory(names, control)
        self._sent = Memory(names, control)
        self._fresh = self._received.headers.tobytes()
        self._redirect = None
        if control_size:
            self._redirect = self._redirect_v4 if is_v4 else self._redirect_v6
        self._mapped = not is_v4 and not sock.getsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY)
        super().start()

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
        received = self._received.words[SIZE_WORD : count * WORDS : WORDS].tolist()
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
            address = self._sent.address + done * WORDS * 4
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
