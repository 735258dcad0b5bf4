"""HTTPS to an authority, within bounds: it may be slow, hostile, or somebody else's web site."""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

import requests
from acme import messages
from acme.client import ClientNetwork
from josepy.jwa import JWASignature
from josepy.jwk import JWK
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError

from ddns import __version__
from ddns.acme.problem import Problem

TIMEOUT = 20.0
"""Seconds that connecting and each piece of an answer may take. Whoever waits for all of it sets a
deadline of its own."""

MAX_ANSWER = 262_144
"""Octets of an answer; a certificate with its chain has some 8,000."""

TRIES = 5
"""How often the library sends a request, each time with a second nonce if the first is rejected."""

_PIECE = 16_384


class PatientNetwork(ClientNetwork):
    """Sends a request again with a fresh nonce until one is taken (RFC 8555 6.5).

    The library sends it twice. That is too few where an authority forgets nonces, as one does that
    is many servers, or that has just been started again.
    """

    def post(self, *args: Any, **kwargs: Any) -> requests.Response:
        """Sign a request and send it; return its answer.

        :raises messages.Error: when it is refused, or too many nonces are.
        """
        for _ in range(TRIES - 1):
            try:
                return super().post(*args, **kwargs)
            except messages.Error as error:
                if error.code != "badNonce":
                    raise
        return super().post(*args, **kwargs)


class BoundedAdapter(HTTPAdapter):
    """Reads answers of a bounded size, and follows no redirect: ACME knows none (RFC 8555 6), and
    requests are signed for one URL.

    ``wait`` is for how many seconds the authority wanted to be left alone in its last answer.
    """

    wait = 0.0

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: Any = None,
        verify: bool | str = True,
        cert: Any = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        """Send a request and read its whole answer, which must not be too large.

        :raises requests.RequestException: when there is none.
        :raises Problem: when it is a redirect, or too large.
        """
        response = super().send(request, True, TIMEOUT, verify, cert, proxies)
        with response:
            if response.is_redirect:
                raise Problem(f"{request.url} sends us to somewhere else")
            content = _content(response, str(request.url))
        response.raw = io.BytesIO(content)  # where requests takes it from
        self.wait = 0.0 if response.ok else _seconds(response.headers.get("Retry-After", ""))
        return response


def network(key: JWK, algorithm: JWASignature, ca: str) -> tuple[ClientNetwork, BoundedAdapter]:
    """Return what sends signed requests, and what knows how long to wait after a refusal.

    :param ca: a PEM file with authorities to trust instead of the system's, or nothing.
    """
    net = PatientNetwork(key, alg=algorithm, user_agent=f"twistd-ddns/{__version__}")
    net.verify_ssl = ca or True  # type: ignore[assignment]  # requests takes a file as well
    adapter = BoundedAdapter()
    net.session.adapters.clear()  # nothing but HTTPS, wherever the authority sends us
    net.session.mount("https://", adapter)
    return net, adapter


def _content(response: requests.Response, url: str) -> bytes:
    found = bytearray()
    try:
        for piece in response.raw.stream(_PIECE, decode_content=True):
            found += piece
            if len(found) > MAX_ANSWER:
                raise Problem(f"{url} answers with more than {MAX_ANSWER} octets")
    except (HTTPError, OSError) as error:
        raise requests.ConnectionError(error) from error
    return bytes(found)


def _seconds(text: str) -> float:
    return float(text) if text.isascii() and text.isdecimal() else 0.0
