"""The DNS listeners: UDP and TCP on any number of addresses, in front of one responder."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from twisted.internet.defer import Deferred, ensureDeferred, gatherResults, succeed
from twisted.internet.interfaces import (
    IListeningPort,
    IReactorFDSet,
    IReactorSocket,
    IReactorTime,
)

from ddns.config.settings import DnsSettings
from ddns.net.dns.dot import DotFactory
from ddns.net.dns.mmsg import is_usable
from ddns.net.dns.responder import ErrorLog, Responder
from ddns.net.dns.sockets import open_pair, prepare
from ddns.net.dns.stats import DnsStats
from ddns.net.dns.tcp_factory import DnsTcpFactory, Exempt
from ddns.net.dns.udp import PlainReader, UdpReader
from ddns.net.dns.udp_batch import BatchReader
from ddns.net.shutdown import DRAIN_TIME, close_all

if TYPE_CHECKING:
    from ddns.zone.compiled import FastPath

_DEFAULTS = DnsSettings()


class DnsListener:
    """Receives DNS messages, gives each to a responder, and sends what that returns.

    Its one life is ``bind()`` (as root if ports demand it), ``start()`` (once there is something to
    answer from; what came in between has waited in the kernel), ``stop()``. Messages are counted in
    ``udp`` and ``tcp.stats``.

    :param reactor: provides IReactorFDSet, IReactorSocket and IReactorTime, as all of Twisted's on
        POSIX do.
    :param respond: answers messages.
    :param addresses: numeric hosts with ports; port 0 picks a free one.
    :param limits: for TCP, whose connections are counted over all addresses.
    :param udp_batch: whether to use recvmmsg(2) instead of a call a packet; None where it works.
    :param fast: the compiled fast path of what *respond* belongs to, which batches then go through
        first.
    :param exempt: tells of a packed source whether its connections are not counted by address.
    :param clock: for deadlines and latencies, if not the reactor.
    :raises ValueError: when *udp_batch* is True where it does not work.
    """

    def __init__(
        self,
        reactor: IReactorTime,
        respond: Responder,
        addresses: Sequence[tuple[str, int]],
        *,
        limits: DnsSettings = _DEFAULTS,
        udp_batch: bool | None = None,
        fast: FastPath | None = None,
        exempt: Exempt = lambda source: False,
        clock: IReactorTime | None = None,
    ) -> None:
        if udp_batch and not is_usable():
            raise ValueError("recvmmsg and sendmmsg do not work on this system")
        self._batch = is_usable() if udp_batch is None else udp_batch
        self._fast = fast
        self._reactor = reactor
        self._respond = respond
        self._wanted = tuple(addresses)
        self._clock = clock or reactor
        self._errors = ErrorLog(self._clock)
        self._limits = limits
        self._exempt = exempt
        self.udp = DnsStats()
        self.tcp = DnsTcpFactory(self._clock, respond, self._errors, limits, exempt, self.catch_up)
        self._udp_sockets: list[socket.socket] = []
        self._tcp_sockets: list[socket.socket] = []
        self._readers: list[UdpReader] = []
        self._ports: list[IListeningPort] = []
        self.addresses: list[tuple[str, int]] = []
        """Bound addresses in the order asked for, with hosts as the kernel spells them."""

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

        Call it before :meth:`start`; :meth:`stop` closes them.
        """
        for sock in sockets:
            prepare(sock)
            of_kind = self._udp_sockets if sock.type == socket.SOCK_DGRAM else self._tcp_sockets
            of_kind.append(sock)
            address = sock.getsockname()[:2]
            if address not in self.addresses:
                self.addresses.append(address)

    def limit(self, limits: DnsSettings) -> None:
        """Set the limits for TCP."""
        self.tcp.limit(limits)

    def start(self) -> None:
        """Start answering."""
        reader = self._reader()
        for sock in self._udp_sockets:
            self._readers.append(
                reader(
                    IReactorFDSet(self._reactor),
                    sock,
                    self._respond,
                    self._errors,
                    self.udp,
                    self._clock.seconds,
                )
            )
            self._readers[-1].start()
        for sock in self._tcp_sockets:
            self._ports.append(
                IReactorSocket(self._reactor).adoptStreamPort(sock.fileno(), sock.family, self.tcp)
            )
            sock.close()  # the reactor has a duplicate
        self._udp_sockets.clear()
        self._tcp_sockets.clear()

    def _reader(self) -> Callable[..., UdpReader]:
        if not self._batch:
            return PlainReader
        if self._fast is None:
            return BatchReader
        from ddns.net.dns.udp_compiled import CompiledReader  # it is there where a fast path is

        return partial(CompiledReader, fast=self._fast)

    def for_tls(self) -> DotFactory:
        """Return a factory for connections over TLS; whoever listens for it closes it."""
        factory = DotFactory(
            self._clock, self._respond, self._errors, self._limits, self._exempt, self.catch_up
        )
        factory.stats = self.tcp.stats
        return factory

    def catch_up(self) -> None:
        """Answer what has come over UDP meanwhile.

        Call it between pieces of work in one turn of the reactor; too often costs nothing.
        """
        for reader in self._readers:
            reader.catch_up()

    def stop(self) -> Deferred[None]:
        """Stop answering and close everything.

        Clients that have just connected over TCP are still answered, and replies still sent, for
        ``tcp.closing_time`` and :data:`DRAIN_TIME` at most, and UDP goes on as long. Then the
        Deferred fires, and nothing is left in the reactor. May be called at any time.
        """
        return ensureDeferred(self._stop())

    async def _stop(self) -> None:
        waiting = [port.stopListening() or succeed(None) for port in self._ports]
        self._ports.clear()
        self._close_sockets()
        await gatherResults(waiting)
        await close_all([self.tcp], self._clock, DRAIN_TIME + self.tcp.closing_time)
        for reader in self._readers:
            reader.stop()
        self._readers.clear()

    def _close_sockets(self) -> None:
        for sock in (*self._udp_sockets, *self._tcp_sockets):
            sock.close()
        self._udp_sockets.clear()
        self._tcp_sockets.clear()
        self.addresses.clear()
