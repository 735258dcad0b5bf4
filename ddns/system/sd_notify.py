"""Status notifications to a supervisor: sd_notify(3), and s6's readiness descriptor."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import MutableMapping
from contextlib import suppress

from twisted.internet.interfaces import IDelayedCall, IReactorTime

SEND_TIMEOUT = 1.0
"""Seconds to wait while the supervisor's socket buffer is full."""


class Supervisor:
    """Notifies a supervisor; methods do nothing for whatever is not configured.

    - *clock*: schedules watchdog notifications.
    - *address*: Unix datagram socket of the supervisor, abstract if it starts with @.
    - *ready*: descriptor to which a newline is written when the server is ready.
    - *watchdog*: seconds without a notification after which the supervisor kills the process.
    """

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
        """Report that the server is ready; *status* is for people."""
        self._notify(f"READY=1\nSTATUS={status}")
        if self._ready is not None:
            descriptor, self._ready = self._ready, None
            with suppress(OSError):
                os.write(descriptor, b"\n")
                os.close(descriptor)
        if self._timer is None:
            self._ping_watchdog()

    def reloading(self) -> None:
        """Report that settings are reloaded; :meth:`ready` follows."""
        microseconds = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        self._notify(f"RELOADING=1\nMONOTONIC_USEC={microseconds}\nSTATUS=reading settings")

    def stopping(self) -> None:
        """Report that the server stops."""
        if self._timer is not None and self._timer.active():
            self._timer.cancel()
        self._notify("STOPPING=1\nSTATUS=finishing what was begun")

    def failed(self, why: str) -> None:
        """Report why the server fails."""
        self._notify("STATUS=" + " ".join(why.split()))

    def _ping_watchdog(self) -> None:
        """Send a watchdog notification, twice in each period.

        From the reactor's thread, since a blocked reactor is what needs a restart.
        """
        if self._pause is not None and self._address is not None:
            self._notify("WATCHDOG=1")
            self._timer = self._clock.callLater(self._pause, self._ping_watchdog)

    def _notify(self, text: str) -> None:
        if self._address is None:
            return
        address = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        with (
            suppress(OSError),  # the supervisor may be gone
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sock,
        ):
            sock.settimeout(SEND_TIMEOUT)
            sock.sendto(text.encode("utf-8", "replace"), address)


def from_environment(
    environ: MutableMapping[str, str], process: int, clock: IReactorTime, ready: int | None = None
) -> Supervisor:
    """Return the supervisor described by *environ*, and remove its variables from there."""
    address = environ.pop("NOTIFY_SOCKET", None) or None
    microseconds = environ.pop("WATCHDOG_USEC", "")
    mine = environ.pop("WATCHDOG_PID", str(process)) == str(process)
    watchdog = int(microseconds) / 1e6 if microseconds.isdecimal() and mine else None
    return Supervisor(clock, address=address, ready=ready, watchdog=watchdog or None)
