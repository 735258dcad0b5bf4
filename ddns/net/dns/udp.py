"""DNS over UDP: the reader every platform can run, one packet a system call.

Where the kernel takes many packets at once, :mod:`ddns.net.dns.udp_batch` is used in its stead.
"""

from __future__ import annotations

import abc
import socket
from collections.abc import Callable

from twisted.internet.interfaces import IReactorFDSet, IReadDescriptor
from twisted.python.failure import Failure
from zope.interface import implementer

from ddns.net.dns.responder import ErrorLog, Responder, pack_source
from ddns.net.dns.sockets import IP_PKTINFO, IPV6_PKTINFO, is_wildcard
from ddns.net.dns.stats import DnsStats, rcode_of

PACKETS_A_TURN = 512
"""Packets read in one turn of the reactor, some 3 ms of work, before connections get theirs."""

PACKETS_BETWEEN = 64
"""Packets read between two pieces of one turn's work for connections."""

RECENT = 0.0001
"""Seconds after which somebody may have been waiting for long enough to be looked for again."""

LARGEST = 65536
"""Octets of the largest datagram, and more than UDP can carry: none is ever cut short."""

LINK_LOCAL = b"\xfe\x80"

_Control = list[tuple[int, int, bytes]]


@implementer(IReadDescriptor)
class UdpReader(abc.ABC):
    """Answers the packets of one bound, non-blocking UDP socket, which it owns from now on.

    Twisted's own ``udp.Port`` makes objects and calls for every packet; reading in a loop here
    answers half as many queries again.

    Packets are answered in the order they came. One whose source port is 0 is dropped, for it
    cannot be answered. One that the responder fails on is logged and dropped. A reply that cannot
    be sent (no route, firewall, full buffer) is dropped in silence: the client asks again, and
    whoever causes it could otherwise fill the log. All are counted in *traffic*; *seconds* is a
    clock, which is asked twice for many packets.
    """

    def __init__(
        self,
        reactor: IReactorFDSet,
        sock: socket.socket,
        respond: Responder,
        faults: ErrorLog,
        traffic: DnsStats,
        seconds: Callable[[], float],
    ) -> None:
        self._reactor = reactor
        self._sock = sock
        self._respond = respond
        self._faults = faults
        self._traffic = traffic
        self._seconds = seconds
        self._wildcard = is_wildcard(sock)
        self._read_at = seconds()

    def start(self) -> None:
        """Begin to answer."""
        self._reactor.addReader(self)

    def stop(self) -> None:
        """Stop answering and close the socket."""
        self._reactor.removeReader(self)
        self._sock.close()

    def fileno(self) -> int:
        return self._sock.fileno()

    def logPrefix(self) -> str:
        return "DNS (UDP)"

    def connectionLost(self, reason: Failure) -> None:
        """The reactor shuts down."""
        self._sock.close()

    def doRead(self) -> None:
        """Answer what has arrived, up to :data:`PACKETS_A_TURN` packets."""
        self._read(PACKETS_A_TURN)
        self._read_at = self._seconds()

    def catch_up(self) -> None:
        """Answer what has arrived since, up to :data:`PACKETS_BETWEEN` packets, if it has been
        a while."""
        now = self._seconds()
        if now - self._read_at >= RECENT:
            self._read(PACKETS_BETWEEN)
            self._read_at = now

    @abc.abstractmethod
    def _read(self, most: int) -> None:
        """Answer what has arrived, up to so many packets."""


class PlainReader(UdpReader):
    """Reads and writes through :mod:`socket`, one packet a call."""

    def __init__(
        self,
        reactor: IReactorFDSet,
        sock: socket.socket,
        respond: Responder,
        faults: ErrorLog,
        traffic: DnsStats,
        seconds: Callable[[], float],
    ) -> None:
        super().__init__(reactor, sock, respond, faults, traffic, seconds)
        self._buffer = memoryview(bytearray(LARGEST))
        self._control_size = socket.CMSG_SPACE(20) if self._wildcard else 0

    def _read(self, most: int) -> None:
        receive = self._sock.recvmsg_into
        buffer = self._buffer
        buffers = (buffer,)
        traffic = self._traffic
        rcodes = traffic.rcodes
        before = sum(rcodes)
        packets = 0
        began = self._seconds()
        for _ in range(most):
            try:
                size, control, _flags, address = receive(buffers, self._control_size)
            except BlockingIOError:
                break
            except OSError:
                continue  # an ICMP error about an earlier reply; packets may wait behind it
            packets += 1
            traffic.received_octets += size
            if address[1] == 0:
                continue
            source = pack_source(address[0])
            try:
                reply = self._respond(buffer[:size].tobytes(), source, False)
            except Exception:
                self._faults.failed(source)
                continue
            if reply:
                try:
                    if control:
                        self._sock.sendmsg((reply,), _from_destination(control), 0, address)
                    else:
                        self._sock.sendto(reply, address)
                except OSError:
                    traffic.unsent += 1
                except TypeError:  # these are no octets
                    self._faults.failed(source)
                    continue
                rcodes[rcode_of(reply)] += 1
                traffic.sent_octets += len(reply)
        replies = sum(rcodes) - before
        traffic.unanswered += packets - replies
        if replies:  # each was answered as soon as it was read
            traffic.latency.observe((self._seconds() - began) / replies, replies)


def _from_destination(control: _Control) -> _Control:
    """Ancillary data that sends a reply from the address that its query was sent to.

    The interface is left to the routing table, for the way back may be another; but a link-local
    address means nothing without it (RFC 4007 6). Packets to a broadcast or multicast address ask
    the kernel for a source it refuses, so nobody can have us answer those.
    """
    for level, kind, data in control:
        if level == socket.IPPROTO_IP and kind == IP_PKTINFO and len(data) == 12:
            # struct in_pktinfo: interface, source for sending, destination found in the header
            return [(level, kind, bytes(4) + data[8:] + bytes(4))]
        if level == socket.IPPROTO_IPV6 and kind == IPV6_PKTINFO and len(data) == 20:
            # struct in6_pktinfo (RFC 3542 6): address, interface
            return [(level, kind, data if data.startswith(LINK_LOCAL) else data[:16] + bytes(4))]
    return []
