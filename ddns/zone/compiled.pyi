from typing import final

from ddns.zone.cookies import Cookies
from ddns.zone.rrl import RateLimiter
from ddns.zone.zone import Zones

@final
class FastPath:
    def __init__(self, zones: Zones, payload: int) -> None: ...
    def use(self, limiter: RateLimiter | None, cookies: Cookies | None) -> None: ...
    def respond(self, wire: bytes, source: bytes, tcp: bool) -> bytes | None: ...
