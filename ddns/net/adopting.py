"""Serving a connection that another process has accepted."""

from __future__ import annotations

import errno
import os
import socket
from typing import Any

from twisted.internet.interfaces import IProtocolFactory

from ddns.api.errors import ApiError, Invalid

FAMILIES = (socket.AF_INET, socket.AF_INET6)


class Gone(ApiError):
    """The client has closed before anybody could serve it."""

    code = "gone"
    status = 410


def adopt(reactor: Any, descriptor: int, factory: IProtocolFactory) -> None:
    """Serve what is connected to a descriptor as if a port of *factory* had accepted it; the peer
    is whom the kernel names. The descriptor is closed, whatever comes of it.

    :raises Invalid: when it is no connection over TCP.
    :raises Gone: when it is none any more.
    :raises ApiError: when there are too many descriptors.
    """
    try:
        sock = socket.socket(fileno=descriptor)
    except OSError:
        os.close(descriptor)
        raise Invalid("the descriptor is no socket") from None
    with sock:
        if sock.family not in FAMILIES or sock.type != socket.SOCK_STREAM:
            raise Invalid("the descriptor is no TCP connection")
        if sock.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
            raise Invalid("the socket listens; a super-server has to accept connections: nowait")
        try:
            sock.getpeername()
            sock.setblocking(False)
            reactor.adoptStreamConnection(sock.fileno(), sock.family, factory)  # has a duplicate
        except OSError as error:
            if error.errno == errno.ENOTCONN:
                raise Gone("the client has gone") from None
            raise ApiError(f"the connection cannot be served: {error.strerror}") from None
