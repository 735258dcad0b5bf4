"""The API without a server: open the database under its exclusive lock and run operations here."""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from twisted.internet import defer, threads
from twisted.python.failure import Failure

from ddns.api.errors import ApiError
from ddns.api.operations import Operations
from ddns.cli.client import CallFailed, Client, Json
from ddns.model.rows import Row
from ddns.policy.registration import Rules
from ddns.policy.wildcards import keep_wildcards
from ddns.store.sqlite.store import SQLiteStore
from ddns.system.exposure import exposed, secret_files
from ddns.system.files import key_path
from ddns.system.secret_box import SecretBox

T = TypeVar("T")

RULES = Rules(quarantine=math.inf)
"""The only rule that binds the operator is for how long released names are kept. It is a setting of
the server and unknown here, so nothing is forgotten."""


class LocalClient:
    """A client that runs operations in this process.

    It is called in a thread; *operations* run in that of *reactor*.
    """

    def __init__(self, reactor: Any, operations: Operations) -> None:
        self._reactor = reactor
        self._operations = operations

    def call(self, operation: str, **arguments: Any) -> Json:
        """See :class:`~ddns.cli.client.Client`."""
        with _refusals():
            answer: Json = self._blocking(getattr(self._operations, operation), **arguments)
            return answer

    def rows(self, origin: str) -> Iterator[Row]:
        """See :class:`~ddns.cli.client.Client`."""
        with _refusals():
            soa, scan = self._blocking(self._operations.zone_scan, origin)
            try:
                yield soa
                while scanned := self._blocking(scan.next):
                    yield from (row for part in scanned for row in part.rows if row[:2] != soa[:2])
            finally:
                self._blocking(scan.close)

    def _blocking(self, function: Callable[..., Any], *args: Any, **arguments: Any) -> Any:
        """Call a function, which may be a coroutine function, in the reactor's thread."""

        def begin() -> defer.Deferred[Any]:
            result = function(*args, **arguments)
            if hasattr(result, "send"):
                return defer.ensureDeferred(result)
            return defer.maybeDeferred(lambda: result)

        return threads.blockingCallFromThread(self._reactor, begin)


@contextlib.contextmanager
def _refusals() -> Iterator[None]:
    try:
        yield
    except ApiError as error:
        raise CallFailed(error.code, str(error)) from error


def run(database: str, function: Callable[[Client], T]) -> T:
    """Call *function* with a client in a thread while the reactor runs in this one. A reactor does
    not start twice, so this can be called only once.

    :raises ddns.store.interfaces.StoreInUse: when another process has the database open.
    :raises ddns.store.interfaces.StoreError: when it cannot be opened.
    """
    from twisted.internet import reactor as installed

    reactor: Any = installed
    store = SQLiteStore(reactor, database)
    store.derive(keep_wildcards)
    store.open()
    operations = Operations(
        store,
        # No DNS is answered from this process.
        wait_until_published=lambda origins: defer.succeed(None),
        run_slow=lambda slow: threads.deferToThread(slow),
        now=time.time,
        secret_box=SecretBox(key_path(database)),
        rules=RULES,
        exposed=lambda: exposed(secret_files(database)),
    )
    results: list[T | Failure] = []

    async def work() -> None:
        try:
            client = LocalClient(reactor, operations)
            results.append(await threads.deferToThread(function, client))
        except BaseException:
            results.append(Failure())
        await store.close()
        reactor.stop()

    reactor.callWhenRunning(lambda: defer.ensureDeferred(work()))
    reactor.run()
    if not results:
        raise KeyboardInterrupt
    result = results[0]
    if isinstance(result, Failure):
        result.raiseException()
    return result
