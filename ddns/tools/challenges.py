"""TXT records that answer ACME's challenges, as the APIs for them write them (RFC 8555 8.4)."""

from __future__ import annotations

import base64
import hashlib

from ddns.model.acme_dns import is_challenge
from ddns.tools.base import ToolError


def rdata_of(value: str) -> bytes:
    """Return the rdata of a TXT record with the answer to a challenge.

    :raises ToolError: when it can be none.
    """
    if not is_challenge(value):
        raise ToolError(422, "the value is not the answer to a challenge: 43 letters of base64url")
    return bytes([len(value)]) + value.encode("ascii")


def value_of(key_authorization: str) -> str:
    """Return the answer to the challenge of a key authorization.

    :raises ToolError: when it is none, for it has other characters than ASCII (RFC 8555 8.1).
    """
    if not key_authorization.isascii():
        raise ToolError(422, "keyAuth is no key authorization: it is not ASCII")
    digest = hashlib.sha256(key_authorization.encode("ascii")).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")
