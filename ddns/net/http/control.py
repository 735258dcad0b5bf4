"""The control socket: the API with the operator's rights, on a Unix socket beside the database.

Whoever may open the socket may do everything, so it is made with mode 0600. What only processes on
one machine can give each other goes over it as well: see :mod:`ddns.net.http.control_fds`.
"""

from __future__ import annotations

import os
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

from twisted.internet.defer import succeed
from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import IListeningPort

from ddns.api.caller import OPERATOR
from ddns.api.operations import Operations
from ddns.net.http.api import ApiResource
from ddns.net.http.channel import HttpLimits
from ddns.net.http.control_fds import Adopt, ControlResource, ControlSite, Give
from ddns.system.files import short_path

LIMITS = HttpLimits(body=16 * 2**20, request_time=3600.0, idle_time=3600.0)
"""Whoever imports a large file may connect long before the first rows are ready."""


class ControlListener:
    """The listening socket. Its caller holds the database's lock, so a socket file that is there
    already is a dead one. *adopt* takes connections that others have accepted, *give* the lock."""

    def __init__(
        self,
        reactor: Any,
        operations: Operations,
        path: Path,
        adopt: Adopt | None = None,
        give: Give | None = None,
    ) -> None:
        self._reactor = reactor
        self._path = path
        api = ApiResource(operations, lambda request: OPERATOR, "command")
        self.site = ControlSite(ControlResource(api, adopt, give), reactor, LIMITS)
        self._port: IListeningPort | None = None
        self._exit = ExitStack()

    def start(self) -> None:
        """Listen.

        :raises OSError: when the socket cannot be made.
        """
        self._path.unlink(missing_ok=True)
        path = self._exit.enter_context(short_path(self._path))
        mask = os.umask(0o177)  # nobody else may connect, not even before the mode is set
        try:
            self._port = self._reactor.listenUNIX(path, self.site, mode=0o600)
        except CannotListenError as error:
            raise OSError(f"cannot listen on {self._path}: {error.socketError}") from error
        finally:
            os.umask(mask)

    async def stop(self) -> None:
        """Listen no longer; connections end with the request they are at."""
        if self._port is not None:
            port, self._port = self._port, None
            # Twisted is to remove it, and would end in the middle of that if somebody else has.
            with suppress(OSError):
                self._path.touch(0o600)
            await (port.stopListening() or succeed(None))
            self.site.close_connections(force=True)  # programs of ours, who ask again
        self._exit.close()
