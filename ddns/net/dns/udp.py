"""DNS over UDP: the reader that every platform can run, one packet a system call.

Where the kernel takes many packets at once, :mod:`ddns.net.dns.udp_batch` is used instead.
"""

from __future__ import annotations

import abc
import socket
from collections.abc import Callable
from typing import Any

from twisted.internet.defer import ensureDeferred
from twisted.internet.interfaces import IReactorFDSet, IReadDescriptor
from twisted.python.failure import Failure
from zope.interface import implementer

from ddns.net.dns.mmsg import LARGEST
from ddns.net.dns.responder import ErrorLog, Responder, pack_source
from ddns.net.dns.sockets import IP_PKTINFO, IPV6_PKTINFO, is_wildcard
from ddns.net.dns.stats import DnsStats, rcode_of

PACKETS_A_TURN = 512
"""Packets read in one turn of the reactor, some 3 ms of work, before connections get their turn.

This and the next are multiples of :data:`ddns.net.dns.mmsg.SLOTS`."""

PACKETS_BETWEEN = 64
"""Packets read by :meth:`UdpReader.catch_up`, between two pieces of a turn's other work."""

RECENT = 0.0001
"""Seconds since the last read within which :meth:`UdpReader.catch_up` does nothing."""

LINK_LOCAL = b"\xfe\x80"

Address = Any
"""What :mod:`socket` takes for a peer's address."""

Control = list[tuple[int, int, bytes]]
"""Ancillary data: level, type and octets of each piece."""


@implementer(IReadDescriptor)
class UdpReader(abc.ABC):
    """Answers the packets of one bound, non-blocking UDP socket, which it owns.

    Twisted's own ``udp.Port`` makes objects and calls for every packet; reading in a loop here
    answers half as many queries again.

    Packets are answered in the order they came, but for replies that come later. One whose source
    port is 0 is dropped, for it cannot be answered. One that the responder fails on is logged and
    dropped. A reply that cannot be sent (no route, firewall, full buffer) is dropped in silence:
    the client asks again, and whoever causes it could otherwise fill the log.

    :param reactor: watches the socket.
    :param sock: the socket.
    :param respond: answers messages.
    :param errors: logs what it raises.
    :param stats: counts all of them.
    :param seconds: a clock, which is asked twice for many packets.
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
        self._reactor = reactor
        self._sock = sock
        self._respond = respond
        self._errors = errors
        self._stats = stats
        self._seconds = seconds
        self._wildcard = is_wildcard(sock)
        self._read_at = seconds()
        self._reading = False

    def start(self) -> None:
        """Start answering."""
        self._reactor.addReader(self)

    def stop(self) -> None:
        """Stop answering and close the socket; replies that come later are dropped."""
        self._reactor.removeReader(self)
        self._sock.close()

    def fileno(self) -> int:
        return self._sock.fileno()

    def logPrefix(self) -> str:
        return "DNS (UDP)"

    def connectionLost(self, reason: Failure) -> None:
        """Close the socket, since the reactor shuts down."""
        self._sock.close()

    def doRead(self) -> None:
        """Answer what has arrived, up to :data:`PACKETS_A_TURN` packets."""
        self._reading = True
        self._read(PACKETS_A_TURN)
        self._reading = False
        self._read_at = self._seconds()

    def catch_up(self) -> None:
        """Answer what has arrived since, up to :data:`PACKETS_BETWEEN` packets, if the last read
        was a while ago."""
        now = self._seconds()
        # Not while reading: a responder may do work of the kind that calls this.
        if now - self._read_at >= RECENT and not self._reading:
            self._reading = True
            self._read(PACKETS_BETWEEN)
            self._reading = False
            self._read_at = now

    @abc.abstractmethod
    def _read(self, most: int) -> None:
        """Answer what has arrived, up to *most* packets."""

    def _answer_later(
        self, reply: Any, source: bytes, address: Address, control: Control, read_at: float
    ) -> None:
        """Send a reply that is not there yet once it is, from where *control* says.

        :raises TypeError: when it is neither a Deferred nor a coroutine.
        """
        stats = self._stats
        # Whoever reads counts the packet as unanswered; it is not known yet whether it is.
        later = ensureDeferred(reply)
        stats.unanswered -= 1

        def send(reply: bytes | None) -> None:
            if not reply or self._sock.fileno() < 0:  # stopped
                stats.unanswered += 1
                return
            self._send_one(reply, address, control)
            stats.record_reply(reply, self._seconds() - read_at)

        def log(failure: Failure) -> None:
            stats.unanswered += 1
            try:
                failure.raiseException()
            except Exception:
                self._errors.log(source)

        later.addCallback(send).addErrback(log)

    def _send_one(self, reply: bytes, address: Address, control: Control) -> None:
        try:
            if control:
                self._sock.sendmsg((reply,), control, 0, address)
            else:
                self._sock.sendto(reply, address)
        except OSError:
            self._stats.unsent += 1


class PlainReader(UdpReader):
    """Reads and writes through :mod:`socket`, one packet a call."""

    def start(self) -> None:
        self._buffer = memoryview(bytearray(LARGEST))
        self._control_size = socket.CMSG_SPACE(20) if self._wildcard else 0
        super().start()

    def _read(self, most: int) -> None:
        receive = self._sock.recvmsg_into
        buffer = self._buffer
        buffers = (buffer,)
        stats = self._stats
        rcodes = stats.rcodes
        packets = replies = 0
        began = self._seconds()
        for _ in range(most):
            try:
                size, control, _flags, address = receive(buffers, self._control_size)
            except BlockingIOError:
                break
            except OSError:
                # An ICMP error about an earlier reply, which the kernel reports to the next call;
                # packets may wait behind it.
                continue
            packets += 1
            stats.received_octets += size
            if address[1] == 0:
                continue
            source = pack_source(address[0])
            back = _from_destination(control) if control else []
            try:
                reply = self._respond(buffer[:size].tobytes(), source, False)
                if not reply:
                    continue
                if type(reply) is not bytes:
                    self._answer_later(reply, source, address, back, self._seconds())
                    continue
            except Exception:
                self._errors.log(source)
                continue
            self._send_one(reply, address, back)
            replies += 1
            rcodes[rcode_of(reply)] += 1
            stats.sent_octets += len(reply)
        stats.unanswered += packets - replies
        if replies:  # each was answered as soon as it was read
            stats.latency.observe((self._seconds() - began) / replies, replies)


def _from_destination(control: Control) -> Control:
    """Return ancillary data that sends a reply from the address that its query was sent to.

    On a wildcard socket the kernel would choose the source by the route back, and resolvers discard
    replies from another address than they asked. The interface is left to the routing table, for
    the way back may be another; but a link-local address means nothing without it (RFC 4007 6).
    For a packet to a broadcast or multicast address this asks for a source that the kernel refuses,
    so nobody can have us answer those.
    """
    for level, kind, data in control:
        if level == socket.IPPROTO_IP and kind == IP_PKTINFO and len(data) == 12:
            # struct in_pktinfo: interface, source for sending, destination found in the header
            return [(level, kind, bytes(4) + data[8:] + bytes(4))]
        if level == socket.IPPROTO_IPV6 and kind == IPV6_PKTINFO and len(data) == 20:
            # struct in6_pktinfo (RFC 3542 6): address, interface
            return [(level, kind, data if data.startswith(LINK_LOCAL) else data[:16] + bytes(4))]
    return []
