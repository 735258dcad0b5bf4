"""The control socket: the API with the operator's rights, on a Unix socket beside the database.

Whoever may open the socket may do everything, so it has mode 0600. Processes also pass descriptors
over it: see :mod:`ddns.net.http.control_fds`.
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
from ddns.config.settings import HttpSettings
from ddns.net.http.api import ApiResource
from ddns.net.http.control_fds import Adopt, ControlResource, ControlSite, Give
from ddns.system.files import short_path, unfinished_path

LIMITS = HttpSettings(body=16 * 2**20, request_time=3600.0, idle_time=3600.0)
"""Generous times: an import of a large file may connect long before its first rows are ready."""


class ControlListener:
    """The listening socket.

    The caller holds the database's lock, so a socket file that exists already is a dead server's.

    :param reactor: listens on the Unix socket.
    :param operations: what is served.
    :param path: of the socket.
    :param adopt: serves connections that other processes have accepted.
    :param give: gives the database's lock away.
    """

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
        self._bound = unfinished_path(path)
        self._made: os.stat_result | None = None
        api = ApiResource(operations, lambda request: OPERATOR, "command")
        self.site = ControlSite(ControlResource(api, adopt, give), reactor, LIMITS)
        self._port: IListeningPort | None = None
        self._exit = ExitStack()

    def start(self) -> None:
        """Listen on the socket.

        :raises OSError: when the socket cannot be made.
        """
        # Twisted removes the name that it bound, whosever it is by then; so that is not the one by
        # which the socket is known.
        self._bound.unlink(missing_ok=True)
        path = self._exit.enter_context(short_path(self._bound))
        mask = os.umask(0o177)  # nobody else may connect, not even before the mode is set
        try:
            self._port = self._reactor.listenUNIX(path, self.site, mode=0o600)
        except CannotListenError as error:
            raise OSError(f"cannot listen on {self._path}: {error.socketError}") from error
        finally:
            os.umask(mask)
        os.rename(self._bound, self._path)
        self._made = self._path.stat()

    async def stop(self) -> None:
        """Stop listening; connections end with the request that they are at."""
        if self._port is not None:
            port, self._port = self._port, None
            with suppress(OSError):
                if self._made and os.path.samestat(self._path.stat(), self._made):
                    self._path.unlink()  # it is not that of a server on another file of this name
            with suppress(OSError):
                self._bound.touch(0o600)  # Twisted would raise half-way if there were none
            await (port.stopListening() or succeed(None))
            self.site.close_connections(force=True)  # its clients are ours, and ask again
        self._exit.close()
