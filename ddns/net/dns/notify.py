"""Ask secondaries over UDP: to look for changes (NOTIFY, RFC 1996), and for their serials."""

from __future__ import annotations

import ipaddress
import secrets
from collections.abc import Callable, Iterable
from typing import Any

from twisted.internet.defer import CancelledError, Deferred, TimeoutError, gatherResults, succeed
from twisted.internet.error import CannotListenError
from twisted.internet.protocol import DatagramProtocol

from ddns.model import names
from ddns.model.secondaries import Secondary
from ddns.updates.notifier import Unanswered
from ddns.zone.requests import Reply, Request
from ddns.zone.tsig import TsigKey

TIMEOUT = 2.0
"""Seconds in which a reply is expected."""

MAX_WAITING = 5000
"""Requests that may wait for their replies; more are not sent."""

_SIZE = 4096  # octets of a reply
_TURN = 16 * 1024  # octets that are read in one turn of the reactor, strangers' among them


class SecondaryClient:
    """Sends requests to secondaries and finds the replies to them, by address, port, ID and
    question. Its sockets are its own, so that no reply passes through those of the listeners.

    :param reactor: provides IReactorUDP and IReactorTime.
    :param key: returns the TSIG key of a name, None if it cannot be used.
    :param now: seconds since 1970.

    ``sources`` are the addresses of this server's listeners. A request leaves from the first that
    is fit for its destination, since secondaries know a primary by its address; if none is, the
    system chooses.
    """

    def __init__(
        self, reactor: Any, key: Callable[[bytes], TsigKey | None], now: Callable[[], float]
    ) -> None:
        self._reactor = reactor
        self._key = key
        self._now = now
        self.sources: list[str] = []
        self._sockets: dict[str, _Socket] = {}
        self._waiting: dict[tuple[str, int, int], tuple[Request, Deferred[Reply]]] = {}

    async def ask(self, to: Secondary, origin: bytes, soa: bytes = b"") -> Reply:
        """Send a request, see :class:`ddns.zone.requests.Request`, and return its reply.

        :raises Unanswered: when there is none.
        """
        key = None if to.key is None else self._key(to.key)
        if to.key is not None and key is None:
            raise Unanswered(f"there is no key {names.to_text(to.key)} to sign with")
        if len(self._waiting) >= MAX_WAITING:
            raise Unanswered("too many requests wait")
        request, at = None, (to.address, to.port, 0)
        while request is None or at in self._waiting:
            at = (to.address, to.port, secrets.randbelow(2**16))
            request = Request(at[2], origin, soa, key, self._now())
        replied: Deferred[Reply] = Deferred()
        self._waiting[at] = request, replied
        try:
            self._socket_for(to.address).send(request.wire, to)
            return await replied.addTimeout(TIMEOUT, self._reactor)
        except (TimeoutError, CancelledError):
            raise Unanswered("no answer") from None
        except CannotListenError as error:
            raise Unanswered(str(error)) from error
        except OSError as error:  # no route, a firewall
            raise Unanswered(error.strerror or str(error)) from error
        finally:
            del self._waiting[at]

    def received(self, datagram: bytes, host: str, port: int) -> None:
        """Hand a reply to whoever waits for it."""
        waiting = self._waiting.get((host, port, int.from_bytes(datagram[:2], "big")))
        if waiting is not None and not waiting[1].called:
            reply = waiting[0].read(datagram, self._now())
            if reply is not None:
                waiting[1].callback(reply)

    def _socket_for(self, address: str) -> _Socket:
        source = _source(ipaddress.ip_address(address), self.sources)
        if source not in self._sockets:
            protocol = _Socket(self.received)
            port = self._reactor.listenUDP(0, protocol, source, _SIZE)
            port.maxThroughput = _TURN
            self._sockets[source] = protocol
        return self._sockets[source]

    async def stop(self) -> None:
        """Wait for no more replies, and close the sockets."""
        for _, replied in list(self._waiting.values()):
            replied.cancel()
        closing = [one.transport.stopListening() or succeed(None) for one in self._sockets.values()]
        self._sockets.clear()
        await gatherResults(closing)


class _Socket(DatagramProtocol):
    """One socket, on one of our addresses."""

    noisy = False
    transport: Any

    def __init__(self, received: Callable[[bytes, str, int], None]) -> None:
        self._received = received

    def send(self, wire: bytes, to: Secondary) -> None:
        self.transport.write(wire, (to.address, to.port))

    def datagramReceived(self, datagram: bytes, addr: Any) -> None:
        self._received(datagram, addr[0], addr[1])


def _source(to: ipaddress.IPv4Address | ipaddress.IPv6Address, sources: Iterable[str]) -> str:
    """Return the address to send from: loopback for loopback only, and the reverse."""
    for text in sources:
        source = ipaddress.ip_address(text)
        alike = source.version == to.version and source.is_loopback == to.is_loopback
        if alike and not source.is_unspecified:
            return text
    return "0.0.0.0" if to.version == 4 else "::"
