"""Look up where a connection would lead, and say whether it may.

Who connects takes the addresses that were checked and looks nothing up again, since a name server
may answer something else the second time (DNS rebinding).
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Sequence
from functools import partial

from ddns.model.outward import OutwardError
from ddns.model.records import address_from_text
from ddns.policy.targets import TargetRules
from ddns.system.aside import Aside

MAX_ADDRESSES = 64
"""Of one host; who has more is refused, since each is checked and some are tried."""


class Guard:
    """Finds the addresses of hosts that may be reached.

    :param rules: what is allowed; they may be replaced.
    :param aside: looks names up.
    :param resolve: returns the addresses of a host, or raises OSError; it may block.
    """

    def __init__(
        self,
        rules: TargetRules,
        aside: Aside,
        resolve: Callable[[str], Sequence[str]],
    ) -> None:
        self.rules = rules
        self._aside = aside
        self._resolve = resolve

    async def addresses(self, host: str) -> list[str]:
        """Return the addresses of a host in the order to try them. All of them may be reached.

        :raises OutwardError: when there is none, or one that may not be reached.
        """
        host = self.rules.host(host)
        if address_from_text(host) is not None:
            found = [host]
        else:
            try:
                looked_up = await self._aside.run(partial(self._resolve, host))
            except (OSError, UnicodeError):
                raise OutwardError(f"{host} does not resolve") from None
            found = list(dict.fromkeys(looked_up))
        if not 0 < len(found) <= MAX_ADDRESSES:
            raise OutwardError(f"{host} has {'too many' if found else 'no'} addresses")
        for address in found:
            self.rules.check(host, address)
            if not self.rules.opened(address) and is_own(address):
                raise OutwardError(f"{host} is this server itself")
        return found


def look_up(host: str) -> list[str]:
    """Return the addresses of a host as the system knows them.

    :raises OSError: when there is none.
    """
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return [str(address[0]) for *_, address in found]


def is_own(address: str) -> bool:
    """Return whether an address is this machine's: only then packets to it come from it."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((address, 9))  # sends nothing
            return str(probe.getsockname()[0]) == address
    except OSError:  # no route, so no connection either
        return False
