"""Requests that a browser sends for another site's page.

Browsers add credentials that they remember, whoever asks, and say who does: in Sec-Fetch-Site (W3C
Fetch Metadata) to HTTPS and loopback, and in Origin (RFC 6454) with a POST. Clients that are no
browsers send neither.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from twisted.web import http

_DEFAULT_PORTS = {b"http": b":80", b"https": b":443"}


def is_foreign(request: http.Request) -> bool:
    """Return whether another site made a browser send this request."""
    headers = request.requestHeaders
    for site in headers.getRawHeaders(b"sec-fetch-site") or ():
        if site == b"same-origin":
            return False  # whatever a proxy has made of Host
        if site != b"none":  # what the user typed
            return True
    origins = headers.getRawHeaders(b"origin")
    if not origins:
        return False
    host = headers.getRawHeaders(b"host", (b"",))[0].lower()
    secure = request.isSecure()
    return any(not _is_at(origin.lower(), host, secure=secure) for origin in origins)


def origin_of(request: http.Request, url: str) -> str:
    """Return the origin that the browser has for us: that of the public URL where the browser came
    to that host, since a proxy may have ended TLS, else by the connection."""
    host = (request.requestHeaders.getRawHeaders("host") or [""])[0].lower()
    public = urlsplit(url)
    if host and host in (public.netloc.lower(), public.hostname):
        return f"{public.scheme}://{public.netloc}".lower()
    return f"{'https' if request.isSecure() else 'http'}://{host}"


def _is_at(origin: bytes, host: bytes, *, secure: bool) -> bool:
    """Return whether an origin is this server's, by its Host header. Behind a proxy that ends TLS
    both schemes are."""
    scheme, _, authority = origin.partition(b"://")
    if scheme not in ((b"https",) if secure else _DEFAULT_PORTS) or not authority:
        return False
    return authority == host.removesuffix(_DEFAULT_PORTS[scheme])
