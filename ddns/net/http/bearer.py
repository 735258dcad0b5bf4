"""Authenticate requests to the public API by bearer token (RFC 6750 2.1).

No cookies, so that no page of another site can act for its reader; no keys and no passwords, so
that what a router holds cannot change an account.
"""

from __future__ import annotations

from collections.abc import Callable

from twisted.web import http

from ddns.api.caller import NOBODY, Caller
from ddns.api.errors import Forbidden, TooMany, Unauthenticated
from ddns.net import peers
from ddns.policy.addresses import NetworkSet
from ddns.policy.token_bucket import Buckets

MAX_TOKEN = 200
"""Octets of a token at most; ours have 43."""


def caller_of(request: http.Request, of_token: Callable[[str], Caller]) -> Caller:
    """Return the caller that *of_token* knows; NOBODY without a header.

    :raises Unauthenticated: when the header holds anything but one valid token.
    """
    headers = request.requestHeaders.getRawHeaders(b"authorization")
    if headers is None:
        return NOBODY
    scheme, _, token = headers[0].partition(b" ")
    token = token.strip()
    if len(headers) > 1 or scheme.lower() != b"bearer" or not 0 < len(token) <= MAX_TOKEN:
        raise Unauthenticated("expected one bearer token in the Authorization header")
    return of_token(token.decode("latin-1"))


class BearerAuthenticator:
    """Callable that returns the caller of a request, and limits how often each calls.

    Callers with a session are counted by account, others by network. ``refused`` and ``calls`` may
    be set at any time.

    :param of_token: returns the caller of a token, or raises Unauthenticated.
    :param clock: monotonic.
    :param refused: networks from which nothing is taken.
    :param calls: buckets of calls; None for no limit.
    """

    def __init__(
        self,
        of_token: Callable[[str], Caller],
        clock: Callable[[], float],
        *,
        refused: NetworkSet | None,
        calls: Buckets | None,
    ) -> None:
        self._of_token = of_token
        self._clock = clock
        self.refused = refused
        self.calls = calls

    def __call__(self, request: http.Request) -> Caller:
        """Return the caller of a request.

        :raises Forbidden: for a refused network.
        :raises Unauthenticated: see :func:`caller_of`.
        :raises TooMany: when the caller has called too often.
        """
        address = request.getClientAddress()
        if self.refused is not None and peers.text_of(address) in self.refused:
            raise Forbidden("nothing is taken from your network")
        network = peers.network_of(address)
        try:
            caller = caller_of(request, self._of_token)
        except Unauthenticated:
            self._count(network)
            raise
        self._count(caller.account or network)
        return caller

    def _count(self, who: str | bytes) -> None:
        if self.calls is None:
            return
        now = self._clock()
        if (wait := self.calls.wait(who, now)) > 0:
            raise TooMany("you call too often; wait a moment", wait)
        self.calls.take(who, now)
