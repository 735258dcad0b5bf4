"""What bounds the cost of clients, as sites and their channels share it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from twisted.web.http_headers import Headers

from ddns.config.settings import HttpSettings
from ddns.net.connections import ConnectionTable
from ddns.net.proxy.trust import Proxies

if TYPE_CHECKING:
    from ddns.net.http.channel import Channel

LINGER_TIME = 2.0
"""Seconds that a refused client may go on sending unheard."""


@dataclass(frozen=True, slots=True)
class HttpLimits(HttpSettings):
    """The limits of ``[http]``, and what only an embedding program can set: ``linger_time``, how
    many seconds a refused client may go on sending unheard."""

    linger_time: float = LINGER_TIME


class ChannelSite(Protocol):
    """The part of a site that its channels use."""

    limits: HttpSettings
    linger_time: float
    proxies: Proxies
    table: ConnectionTable[Channel]
    between: Callable[[], None]
    seconds: Callable[[], float]
    answers: list[int]
    max_body: Callable[[bytes, bytes, Headers], int]
