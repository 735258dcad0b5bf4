"""The API without a server: open the database under its exclusive lock and run operations here."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any, TypeVar

from twisted.internet import defer, threads
from twisted.python.failure import Failure

from ddns.api.operations import Operations
from ddns.cli.client import Client, LocalClient
from ddns.policy.registration import Rules
from ddns.store.sqlite.store import SQLiteStore
from ddns.system.files import key_path
from ddns.system.secret_box import SecretBox

T = TypeVar("T")

RULES = Rules(quarantine=math.inf)
"""The operator is above all rules but one: when released names are forgotten. The server's settings
say that, so nothing is forgotten here."""


def run(database: str, function: Callable[[Client], T]) -> T:
    """Call *function* with a client in a thread, the reactor in this one; may be used once.

    :raises ddns.store.interfaces.StoreInUse: when another process has the database.
    :raises ddns.store.interfaces.StoreError: when it cannot be opened.
    """
    from twisted.internet import reactor as installed

    reactor: Any = installed
    store = SQLiteStore(reactor, database)
    store.open()
    operations = Operations(
        store,
        wait_until_published=lambda origins: defer.succeed(
            None
        ),  # nobody answers DNS from this process
        run_slow=lambda slow: threads.deferToThread(slow),
        now=time.time,
        secret_box=SecretBox(key_path(database)),
        rules=RULES,
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
