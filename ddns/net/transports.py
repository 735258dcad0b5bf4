"""What Twisted's transports do not tell: what is unread and unsent, and closing one side."""

from __future__ import annotations

import socket
from typing import Any

from twisted.internet import tcp


def socket_of(transport: Any) -> tcp.Connection | None:
    """Return the transport of the socket below TLS or whatever else there is; None without one."""
    while not isinstance(transport, tcp.Connection):  # those of Unix sockets are one as well
        if (transport := getattr(transport, "transport", None)) is None:
            return None
    return transport


def pause_until_sent(transport: Any) -> int:
    """Have the producer of a transport pause until all is sent; return how many octets are not.

    By itself a transport does so only when much more waits, and would not tell when that has gone.
    """
    if (sock := socket_of(transport)) is None:
        return 0
    octets = len(sock.dataBuffer) - sock.offset + sock._tempDataLen
    producer: Any = sock.producer
    if octets and producer is not None and not sock.producerPaused:
        sock.producerPaused = True
        producer.pauseProducing()
    return octets


def close_our_side(transport: Any) -> None:
    """Say that nothing more will come, and go on reading.

    The kernel answers octets for a socket that is closed, or that was closed before they were read,
    with a reset; on that the client's kernel throws away what it has not read yet: our answer.
    """
    if isinstance(transport, tcp.Connection):  # Unix sockets are one as well
        transport.loseWriteConnection()
    else:  # TLS, which sends close_notify and waits for the client's by itself
        transport.loseConnection()


def has_unread(transport: Any) -> bool:
    """Return whether octets of the client wait to be read; False where that is unknown.

    They may be a request: closing over them would reset the connection, and nobody would answer it.
    """
    if (connection := socket_of(transport)) is None:
        return False
    try:  # nothing at all is the client's end of stream, not a request
        return bool(connection.socket.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT))
    except OSError:
        return False
