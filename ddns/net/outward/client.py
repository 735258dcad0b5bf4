"""HTTP requests to servers that users have named."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any, TypeVar

from OpenSSL import SSL
from twisted.internet.defer import (
    CancelledError,
    Deferred,
    DeferredSemaphore,
    ensureDeferred,
    succeed,
)
from twisted.internet.endpoints import wrapClientTLS
from twisted.internet.interfaces import IConsumer, IProtocol, IStreamClientEndpoint
from twisted.internet.protocol import Protocol, connectionDone
from twisted.python.failure import Failure
from twisted.web.client import URI, Agent, ResponseDone
from twisted.web.http import PotentialDataLoss
from twisted.web.http_headers import Headers
from twisted.web.iweb import IAgentEndpointFactory, IBodyProducer
from zope.interface import implementer

from ddns import __version__
from ddns.config.outward import OutwardSettings
from ddns.model.outward import OutwardAnswer, OutwardError, OutwardRequest
from ddns.net.outward.connecting import CheckedEndpoint
from ddns.net.outward.guard import Guard, look_up
from ddns.net.outward.words import in_words
from ddns.net.verified import VerifiedHost, trusting_context
from ddns.policy.targets import TargetRules
from ddns.system.aside import Aside

T = TypeVar("T")

MAX_BODY = 65_536
"""Octets of an answer's body."""

_MAX_OCTETS = 2 * MAX_BODY  # with its headers, and what TLS adds

THREADS = 16
"""Threads that look names up. A name server that does not answer keeps one for half a minute."""


class OutwardClient:
    """Sends requests to the outside, each over a connection of its own.

    :param reactor: connects, and provides time.
    :param settings: they may be replaced, see :meth:`apply`.
    :param rules: where requests may lead.
    :param resolve: returns the addresses of a host, or raises OSError; it may block.
    """

    def __init__(
        self,
        reactor: Any,
        settings: OutwardSettings,
        rules: TargetRules,
        resolve: Callable[[str], Sequence[str]] = look_up,
    ) -> None:
        self._reactor = reactor
        self._aside = Aside(reactor, "ddns-outward", THREADS)
        self._guard = Guard(rules, self._aside, resolve)
        self._running: set[Deferred[Any]] = set()
        self._stopped = False
        self.apply(settings, rules)

    @property
    def rules(self) -> TargetRules:
        """Where requests may lead."""
        return self._guard.rules

    def apply(self, settings: OutwardSettings, rules: TargetRules) -> None:
        """Use these for the requests to come. Files are read again."""
        self._settings = settings
        self._guard.rules = rules
        self._places = DeferredSemaphore(settings.connections)
        self._context: SSL.Context | None = None

    async def fetch(self, request: OutwardRequest) -> OutwardAnswer:
        """Send a request and return its answer, which is no redirect.

        Requests beyond ``outward.connections`` wait; ``outward.timeout`` counts from when one has
        its place.

        :raises OutwardError: when there is none, or the target may not be reached.
        """
        target = self.rules.target(request.url)
        return await self.within_bounds(target.host, lambda: self._fetch(request))

    async def within_bounds(self, host: str, call: Callable[[], Awaitable[T]]) -> T:
        """Return the result of a call to a host, bounded in time and number as :meth:`fetch` is.

        :raises OutwardError: when it takes too long, or the server stops.
        """

        def too_late(_: object, seconds: float) -> T:
            raise OutwardError(f"{host} took longer than {seconds:.0f} s")

        async with self._places:
            if self._stopped:
                raise OutwardError("the server stops")
            running: Deferred[T] = ensureDeferred(_awaited(call))
            running.addTimeout(self._settings.timeout, self._reactor, too_late)
            self._running.add(running)
            try:
                return await running
            finally:
                self._running.discard(running)

    async def endpoint(self, host: str, port: int) -> CheckedEndpoint:
        """Return what connects to a host over TCP.

        :raises OutwardError: when it may not be reached.
        """
        addresses = await self._guard.addresses(host)
        return CheckedEndpoint(self._reactor, addresses, port, _MAX_OCTETS)

    async def _fetch(self, request: OutwardRequest) -> OutwardAnswer:
        target = self.rules.target(request.url)
        plain = await self.endpoint(target.host, target.port)
        verified = VerifiedHost(await self._trusting(), target.host) if target.tls else None
        through = wrapClientTLS(verified, plain, self._reactor) if verified else plain
        agent = Agent.usingEndpointFactory(self._reactor, _Through(through))
        headers = Headers({"User-Agent": [f"twistd-ddns/{__version__}"]})
        for name, value in request.headers.items():
            headers.setRawHeaders(name, [value])
        body = _Body(request.body) if request.body else None
        try:
            response = await agent.request(
                request.method.encode(), request.url.encode(), headers, body
            )
            content = _Content()
            response.deliverBody(content)
            await content.done
        except (CancelledError, OutwardError):
            raise
        except Exception as error:
            if plain.left < 0:
                problem = "answered with too much"
            elif verified and verified.problem:
                problem = f"has a certificate that {verified.problem}"
            else:
                problem = in_words(error)
            raise OutwardError(f"{target.host} {problem}") from None
        finally:
            plain.abort()
        if 300 <= response.code < 400:
            raise OutwardError(f"{target.host} answered with a redirect, which is not followed")
        if len(content.octets) > MAX_BODY:
            raise OutwardError(f"{target.host} answered with too much")
        found = {
            name.decode("latin-1").lower(): values[-1].decode("latin-1")
            for name, values in response.headers.getAllRawHeaders()
        }
        return OutwardAnswer(response.code, found, bytes(content.octets))

    async def _trusting(self) -> SSL.Context:
        if self._context is None:
            read = partial(trusting_context, self._settings.ca)
            try:
                self._context = await self._aside.run(read)
            except (OSError, ValueError):
                raise OutwardError("outward.ca cannot be used") from None
        return self._context

    def stop(self) -> None:
        """Give up all requests."""
        self._stopped = True
        for running in list(self._running):
            running.cancel()


async def _awaited(call: Callable[[], Awaitable[T]]) -> T:
    return await call()


class _Content(Protocol):
    """Collects the body of an answer, which may end where the connection does."""

    def __init__(self) -> None:
        self.octets = bytearray()
        self.done: Deferred[None] = Deferred()

    def dataReceived(self, data: bytes) -> None:
        self.octets += data

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        whole = reason.check(ResponseDone, PotentialDataLoss)
        self.done.callback(None) if whole else self.done.errback(reason)


@implementer(IAgentEndpointFactory, IStreamClientEndpoint)
class _Through:
    """Has an agent connect to where we say, without a word in the log."""

    def __init__(self, endpoint: IStreamClientEndpoint) -> None:
        self._endpoint = endpoint

    def endpointForURI(self, uri: URI) -> IStreamClientEndpoint:
        return self

    def connect(self, protocolFactory: Any) -> Deferred[IProtocol]:
        protocolFactory.noisy = False
        return self._endpoint.connect(protocolFactory)


@implementer(IBodyProducer)
class _Body:
    """Octets as a body that is written at once."""

    def __init__(self, octets: bytes) -> None:
        self._octets = octets
        self.length = len(octets)

    def startProducing(self, consumer: IConsumer) -> Deferred[None]:
        consumer.write(self._octets)
        return succeed(None)

    def stopProducing(self) -> None:
        """Everything has been written."""

    def pauseProducing(self) -> None:
        """Everything has been written."""

    def resumeProducing(self) -> None:
        """Everything has been written."""
