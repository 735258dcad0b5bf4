"""Opening a database that another process may hold for a moment."""

from __future__ import annotations

import os
import time

from ddns.store.interfaces import IStore
from ddns.store.sqlite.database import StoreInUse
from ddns.system import handover

COMMAND_TIME = 5.0
"""Seconds that a start waits for a database that is in use, though not by a server."""


def open_store(store: IStore, database: str, lock: int | None, stop_time: float) -> None:
    """Open the store, if need be after another process has let go of its *database*.

    A ``ddns`` command gets a moment to finish. A process that serves on behalf of a super-server
    hands the database over within *stop_time*; another server does not. This blocks, for nothing
    is served yet.

    :param lock: the descriptor of the database's lock, if we hold it.

    :raises StoreError: in one line, when it cannot be used.
    """
    deadline = time.monotonic() + COMMAND_TIME
    while True:
        try:
            if lock is not None and (use_lock := getattr(store, "use_lock", None)) is not None:
                use_lock(lock)
            elif lock is not None:  # a store of an embedder's takes a lock of its own
                os.close(lock)
            return store.open()
        except StoreInUse as error:
            in_use = error
        try:
            lock = handover.take_lock(database, stop_time + COMMAND_TIME)
        except handover.Refused:
            raise in_use from None
        except handover.NoAnswer:
            if time.monotonic() > deadline:
                raise in_use from None
            lock = None
            time.sleep(0.05)
