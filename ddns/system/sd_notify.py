"""Telling whoever supervises the process how it is: sd_notify(3), and s6's readiness descriptor."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import MutableMapping
from contextlib import suppress

from twisted.internet.interfaces import IDelayedCall, IReactorTime

PATIENCE = 1.0
"""Seconds that a supervisor may take to make room for a word."""


class Supervisor:
    """*address* is the Unix socket that takes datagrams, with @ for one without a file; *ready* a
    descriptor on which a line says that the server is ready; *watchdog* the seconds after which
    the supervisor gives up on a process that is silent. Whatever is None is not there."""

    def __init__(
        self,
        clock: IReactorTime,
        *,
        address: str | None = None,
        ready: int | None = None,
        watchdog: float | None = None,
    ) -> None:
        self._clock = clock
        self._address = address
        self._ready = ready
        self._pause = None if watchdog is None else watchdog / 2
        self._timer: IDelayedCall | None = None

    def ready(self, status: str) -> None:
        """The server answers; *status* says in words what it does."""
        self._say(f"READY=1\nSTATUS={status}")
        if self._ready is not None:
            descriptor, self._ready = self._ready, None
            with suppress(OSError):
                os.write(descriptor, b"\n")
                os.close(descriptor)
        if self._timer is None:
            self._live()

    def reloading(self) -> None:
        """Settings are read again; :meth:`ready` follows."""
        microseconds = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        self._say(f"RELOADING=1\nMONOTONIC_USEC={microseconds}\nSTATUS=reading settings")

    def stopping(self) -> None:
        """The server ends."""
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        self._say("STOPPING=1\nSTATUS=finishing what was begun")

    def failed(self, why: str) -> None:
        """The server gives up."""
        self._say("STATUS=" + " ".join(why.split()))

    def _live(self) -> None:
        """Say twice in each period that the reactor turns: what blocks it is what would have to be
        ended from outside."""
        if self._pause is not None and self._address is not None:
            self._say("WATCHDOG=1")
            self._timer = self._clock.callLater(self._pause, self._live)

    def _say(self, text: str) -> None:
        if self._address is None:
            return
        address = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        with (
            suppress(OSError),  # it may have gone; we go on
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sock,
        ):
            sock.settimeout(PATIENCE)
            sock.sendto(text.encode("utf-8", "replace"), address)


def from_environment(
    environ: MutableMapping[str, str], process: int, clock: IReactorTime, ready: int | None = None
) -> Supervisor:
    """Whoever has said in *environ* how to be told; that is taken out of it."""
    address = environ.pop("NOTIFY_SOCKET", None) or None
    microseconds = environ.pop("WATCHDOG_USEC", "")
    mine = environ.pop("WATCHDOG_PID", str(process)) == str(process)
    watchdog = int(microseconds) / 1e6 if microseconds.isdecimal() and mine else None
    return Supervisor(clock, address=address, ready=ready, watchdog=watchdog or None)
