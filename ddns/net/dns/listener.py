"""The DNS listeners: UDP and TCP on any number of addresses, in front of one responder."""

from __future__ import annotations

import socket
from collections.abc import Iterable, Sequence

from twisted.internet.defer import Deferred, ensureDeferred, gatherResults, succeed
from twisted.internet.interfaces import (
    IListeningPort,
    IReactorFDSet,
    IReactorSocket,
    IReactorTime,
)

from ddns.net.dns.limits import TcpLimits
from ddns.net.dns.responder import ErrorLog, Responder
from ddns.net.dns.sockets import open_pair, prepare
from ddns.net.dns.stats import DnsStats
from ddns.net.dns.tcp import DnsTcpFactory, Exempt
from ddns.net.dns.udp import PlainReader, UdpReader
from ddns.net.dns.udp_batch import BatchReader, is_usable
from ddns.net.shutdown import DRAIN_TIME, close_all

__all__ = ["DnsListener", "Exempt", "Responder", "TcpLimits"]


class DnsListener:
    """Receives DNS messages, gives each to *respond*, and sends what that returns.

    A life is ``bind()`` (as root if ports demand it), ``start()`` (once there is something to
    answer from; what came in between has waited in the kernel), ``stop()``. It has one life.

    *reactor* must provide IReactorFDSet, IReactorSocket and IReactorTime, as all of Twisted's on
    POSIX do. *addresses* are numeric hosts with ports; port 0 stands for one that is free. *limits*
    and *exempt* are for TCP, whose connections are counted over all addresses; *exempt* tells of a
    packed source whether ``limits.per_source`` is not for it. *udp_batch* chooses between
    recvmmsg(2) and a packet a call; None takes the former where it works. What comes and goes is
    counted in ``udp`` and ``tcp.traffic``.

    :raises ValueError: when *udp_batch* is True where it does not work.
    """

    def __init__(
        self,
        reactor: IReactorTime,
        respond: Responder,
        addresses: Sequence[tuple[str, int]],
        *,
        limits: TcpLimits | None = None,
        udp_batch: bool | None = None,
        exempt: Exempt = lambda source: False,
        clock: IReactorTime | None = None,
    ) -> None:
        if udp_batch and not is_usable():
            raise ValueError("recvmmsg and sendmmsg do not work on this system")
        self._batch = is_usable() if udp_batch is None else udp_batch
        self._reactor = reactor
        self._respond = respond
        self._wanted = tuple(addresses)
        self._clock = clock or reactor
        self._faults = ErrorLog(self._clock)
        self.udp = DnsStats()
        self.tcp = DnsTcpFactory(self._clock, respond, self._faults, limits or TcpLimits(), exempt)
        self._udp_sockets: list[socket.socket] = []
        self._tcp_sockets: list[socket.socket] = []
        self._readers: list[UdpReader] = []
        self._ports: list[IListeningPort] = []
        self.addresses: list[tuple[str, int]] = []
        """What is bound, hosts as the kernel spells them, in the order asked for."""

    def bind(self) -> None:
        """Bind UDP and TCP of every address.

        :raises twisted.internet.error.CannotListenError: for the first address that cannot be
            bound, named in ``interface`` and ``port``; nothing stays bound.
        """
        try:
            for host, port in self._wanted:
                self.adopt(open_pair(host, port))
        except BaseException:
            self._close_sockets()
            raise

    def adopt(self, sockets: Iterable[socket.socket]) -> None:
        """Take over sockets that are bound, and listening if of TCP, such as systemd's.

        To be called before :meth:`start`. They are closed by :meth:`stop`.
        """
        for sock in sockets:
            prepare(sock)
            of_kind = self._udp_sockets if sock.type == socket.SOCK_DGRAM else self._tcp_sockets
            of_kind.append(sock)
            address = sock.getsockname()[:2]
            if address not in self.addresses:
                self.addresses.append(address)

    def limit(self, limits: TcpLimits) -> None:
        """From now on these limits hold for TCP."""
        self.tcp.limits = limits

    def start(self) -> None:
        """Begin to answer."""
        reader = BatchReader if self._batch else PlainReader
        for sock in self._udp_sockets:
            self._readers.append(
                reader(
                    IReactorFDSet(self._reactor),
                    sock,
                    self._respond,
                    self._faults,
                    self.udp,
                    self._clock.seconds,
                )
            )
            self._readers[-1].start()
        for sock in self._tcp_sockets:
            # The reactor duplicates the descriptor.
            self._ports.append(
                IReactorSocket(self._reactor).adoptStreamPort(sock.fileno(), sock.family, self.tcp)
            )
            sock.close()
        self._udp_sockets.clear()
        self._tcp_sockets.clear()

    def catch_up(self) -> None:
        """Answer what has come over UDP meanwhile. Whoever does much in one turn of the reactor
        calls it in between; it costs nothing if it is called too often."""
        for reader in self._readers:
            reader.catch_up()

    def stop(self) -> Deferred[None]:
        """Stop answering and close everything.

        Who has just connected over TCP is still answered, and replies are still sent, for
        ``limits.closing`` seconds and a moment at most, as long as UDP is. Then the Deferred fires,
        and nothing is left in the reactor. Good at any moment of a life.
        """
        return ensureDeferred(self._stop())

    async def _stop(self) -> None:
        waiting = [port.stopListening() or succeed(None) for port in self._ports]
        self._ports.clear()
        self._close_sockets()
        await gatherResults(waiting)
        await close_all([self.tcp], self._clock, DRAIN_TIME + self.tcp.limits.closing)
        for reader in self._readers:
            reader.stop()
        self._readers.clear()

    def _close_sockets(self) -> None:
        for sock in (*self._udp_sockets, *self._tcp_sockets):
            sock.close()
        self._udp_sockets.clear()
        self._tcp_sockets.clear()
        self.addresses.clear()
