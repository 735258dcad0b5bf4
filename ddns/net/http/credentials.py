"""The credentials of Basic authentication (RFC 7617)."""

from __future__ import annotations

import base64
import binascii

from twisted.web import http

from ddns.model.update import Credentials


def basic_credentials(request: http.Request) -> Credentials | None:
    """Return the Basic credentials (RFC 7617); empty ones for a header that makes no sense."""
    header = request.requestHeaders.getRawHeaders(b"authorization")
    if header is None:
        return None
    scheme, _, encoded = header[0].partition(b" ")
    if scheme.lower() != b"basic":
        return Credentials("", "")
    try:
        decoded = base64.b64decode(encoded.strip(), validate=True)
    except (binascii.Error, ValueError):
        return Credentials("", "")
    try:
        text = decoded.decode()
    except UnicodeDecodeError:  # of clients that know nothing of RFC 7617's charset
        text = decoded.decode("latin-1")
    user, _, secret = text.partition(":")
    return Credentials(user, secret)
