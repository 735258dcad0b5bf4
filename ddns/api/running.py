"""What a running server tells operations of itself, beyond what is stored."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ddns.api.errors import Conflict
from ddns.api.serializers import Json
from ddns.model.certificate import CertificateState
from ddns.model.door import Knock


async def no_renewal() -> CertificateState:
    """Default for a process without a running server: always raises Conflict."""
    raise Conflict("this takes a running server")


@dataclass(slots=True)
class RunningServer:
    """The parts of a server that operators look at; each may be set at any time.

    :param not_ready: returns why clients had better go elsewhere for now, or nothing.
    :param samples: returns what was measured over the last hour and day.
    :param secondaries: returns of each secondary how many zones it is to have, how many it lacks
        changes of, and for how many seconds the oldest of these.
    :param certificate: returns how it stands with the server's own certificate; None if it gets
        none for itself.
    :param renew: orders that certificate now; raises ApiError when there is none.
    :param download: the file that a copy of the database is written to before it is sent.
    :param knocks: returns the connections from some addresses that came to nothing.
    :param has_https: returns whether clients can reach this server by HTTPS itself.
    :param follow_relay: has the relays of a host looked at, and a service asked at once that has
        not answered.
    :param downloading: whether that is being done.
    """

    not_ready: Callable[[], str] = str
    samples: Callable[[], Json] = dict
    secondaries: Callable[[], Mapping[str, tuple[int, int, float]]] = dict
    certificate: Callable[[], CertificateState | None] = lambda: None
    renew: Callable[[], Awaitable[CertificateState]] = no_renewal
    download: Path | None = None
    knocks: Callable[[Iterable[str]], Sequence[Knock]] = lambda peers: ()
    has_https: Callable[[], bool] = bool
    follow_relay: Callable[[bytes, str], None] = lambda host, forgiven: None
    downloading: bool = False
