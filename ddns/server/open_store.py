"""Opening a database that somebody else may have, for a little while."""

from __future__ import annotations

import os
import time

from ddns.store.interfaces import IStore
from ddns.store.sqlite.database import StoreInUse
from ddns.store.sqlite.store import SQLiteStore
from ddns.system import handover

COMMAND_TIME = 5.0
"""Seconds that a start waits for a database which is in use, though not by a server."""


def open_store(store: IStore, database: str, lock: int | None, stop_time: float) -> None:
    """Open the store. A ``ddns`` command that is at its *database* gets a moment to finish, and who
    serves it on behalf of a super-server, and needs *stop_time* seconds to end, hands it on to us;
    another server does not. *lock* is the descriptor of the lock if we have it.

    :raises StoreError: in one line, when it cannot be used.
    """
    deadline = time.monotonic() + COMMAND_TIME
    while True:
        try:
            if lock is not None and isinstance(store, SQLiteStore):
                store.use_lock(lock)
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
