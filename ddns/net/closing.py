"""Ending a connection whose client may still be sending."""

from __future__ import annotations

from typing import Any

from twisted.internet import tcp


def close_our_side(transport: Any) -> None:
    """Say that nothing more will come, and go on reading.

    Closing both sides would reset the connection under the client's last words, and it might never
    read the answer.
    """
    if isinstance(transport, tcp.Connection):  # Unix sockets are one as well
        transport.loseWriteConnection()
    else:  # TLS, which tells the client and then waits for it of itself
        transport.loseConnection()
