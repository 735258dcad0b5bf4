"""What a running server tells operations of itself, beyond what is stored."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ddns.api.errors import Conflict
from ddns.api.serializers import Json
from ddns.model.certificate import CertificateState
from ddns.model.door import Knock
from ddns.model.notices import Unwanted, Way

FAST_PATHS = ("compiled", "switched off", "not built")
"""What answers common queries: compiled code; or code in Python, and why."""


async def no_renewal() -> CertificateState:
    """Default for a process without a running server: always raises Conflict."""
    raise Conflict("this takes a running server")


async def no_target(way: Way, url: str) -> str:
    """Default for a process without a running server: always raises Conflict."""
    raise Conflict("this takes a running server")


def no_link(token: str) -> Unwanted | None:
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
    :param accept_target: checks where notices are to be sent, and returns what of it is no secret;
        raises ApiError for what may not be reached.
    :param read_link: returns what a link in a mail switches off, None if it is none of ours.
    :param follow_relay: has the relays of a host looked at, and a service asked at once that has
        not answered.
    :param downloading: whether that is being done.
    :param fast_path: what answers common queries, one of :data:`FAST_PATHS`.
    """

    not_ready: Callable[[], str] = str
    samples: Callable[[], Json] = dict
    secondaries: Callable[[], Mapping[str, tuple[int, int, float]]] = dict
    certificate: Callable[[], CertificateState | None] = lambda: None
    renew: Callable[[], Awaitable[CertificateState]] = no_renewal
    download: Path | None = None
    knocks: Callable[[Iterable[str]], Sequence[Knock]] = lambda peers: ()
    has_https: Callable[[], bool] = bool
    accept_target: Callable[[Way, str], Awaitable[str]] = no_target
    read_link: Callable[[str], Unwanted | None] = no_link
    follow_relay: Callable[[bytes, str], None] = lambda host, forgiven: None
    downloading: bool = False
    fast_path: str = "not built"
