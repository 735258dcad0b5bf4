"""What keeps a client from asking for anything: it has no request, and nobody knows its account."""

from __future__ import annotations

import enum
from typing import NamedTuple


class Trouble(enum.StrEnum):
    """Why a connection came to nothing."""

    OLD_TLS = "old_tls"
    """The client speaks no version of TLS, or no cipher, that the server does."""
    NO_TLS = "no_tls"
    """The client speaks HTTP where HTTPS is spoken."""
    NO_TRUST = "no_trust"
    """The client does not take the server's certificate."""


class Knock(NamedTuple):
    """A connection that came to nothing: ``at`` is seconds since 1970, ``peer`` its address."""

    at: float
    peer: str
    trouble: Trouble
