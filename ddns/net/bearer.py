"""Who sends a request to the public API: whoever the bearer token stands for (RFC 6750 2.1).

No cookies, so no page of another site can act for somebody; no keys and no passwords, so what a
router holds cannot change an account.
"""

from __future__ import annotations

from collections.abc import Callable

from twisted.web import http

from ddns.api.caller import NOBODY, Caller
from ddns.api.errors import Unauthenticated

LONGEST_TOKEN = 200
"""Octets; ours have 43."""


def caller_of(request: http.Request, of_token: Callable[[str], Caller]) -> Caller:
    """The caller that *of_token* knows; nobody without a header.

    :raises Unauthenticated: when the header holds anything but one token that is good.
    """
    headers = request.requestHeaders.getRawHeaders(b"authorization")
    if headers is None:
        return NOBODY
    scheme, _, token = headers[0].partition(b" ")
    token = token.strip()
    if len(headers) > 1 or scheme.lower() != b"bearer" or not 0 < len(token) <= LONGEST_TOKEN:
        raise Unauthenticated("expected one bearer token in the Authorization header")
    return of_token(token.decode("latin-1"))
