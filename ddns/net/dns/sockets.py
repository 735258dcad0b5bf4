"""Open and bind the sockets of the DNS listeners.

Binding needs no reactor, and comes before the server gives up its privileges.
"""

from __future__ import annotations

import contextlib
import socket
import sys
from typing import Any

from twisted.internet.error import CannotListenError

BACKLOG = 128
"""Connections that may wait in the kernel to be accepted."""

RECEIVE_BUFFER = 4 * 1024 * 1024
"""Octets asked for as a UDP socket's receive buffer, so that a pause of tens of milliseconds loses
nothing. The kernel silently grants less where net.core.rmem_max says so."""

_ATTEMPTS = 50
"""Port numbers tried for one that is free for both UDP and TCP."""

# Constants that Python's socket module lacks on some platforms, from Linux's <linux/in.h> and
# <linux/in6.h>, and Darwin's <netinet/in.h>.
_LINUX = sys.platform == "linux"
IP_PKTINFO: int | None = getattr(socket, "IP_PKTINFO", {"linux": 8, "darwin": 26}.get(sys.platform))
IPV6_PKTINFO: int | None = getattr(socket, "IPV6_PKTINFO", 50 if _LINUX else None)
_IPV6_RECVPKTINFO: int | None = getattr(socket, "IPV6_RECVPKTINFO", 49 if _LINUX else None)
_MTU_DISCOVER = {
    socket.AF_INET: (socket.IPPROTO_IP, 10),
    socket.AF_INET6: (socket.IPPROTO_IPV6, 23),
}
_PMTUDISC_OMIT = 5


def open_pair(host: str, port: int) -> tuple[socket.socket, socket.socket]:
    """Open a UDP and a listening TCP socket on one numeric address and port; 0 picks a free port.

    :raises CannotListenError: with the address in ``interface`` and ``port``, nothing left open.
    """
    for _ in range(_ATTEMPTS - 1 if port == 0 else 0):
        tcp = _open(host, 0, socket.SOCK_STREAM)
        try:
            # TCP's port may be taken for UDP: then draw another.
            return _open(host, tcp.getsockname()[1], socket.SOCK_DGRAM), tcp
        except CannotListenError:
            tcp.close()
    tcp = _open(host, port, socket.SOCK_STREAM)
    try:
        return _open(host, tcp.getsockname()[1], socket.SOCK_DGRAM), tcp
    except BaseException:
        tcp.close()
        raise


def _open(host: str, port: int, kind: socket.SocketKind) -> socket.socket:
    sock = None
    try:
        family, address = _numeric(host, port, kind)
        sock = socket.socket(family, kind)
        if family == socket.AF_INET6:
            # By default a socket on :: takes IPv4 as well: then 0.0.0.0 cannot be bound beside it,
            # and IPv4 clients have v4-mapped addresses.
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        if kind == socket.SOCK_STREAM:
            # Without it, bind() fails after a restart while old connections are in TIME_WAIT. Never
            # on a UDP socket: there it lets a second server bind the same port and take queries.
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        prepare(sock)
        sock.bind(address)
        if kind == socket.SOCK_STREAM:
            # Already here: of two servers on a port, the second fails now (SO_REUSEADDR lets both
            # bind), and connections that come while the zones load wait instead of being refused.
            sock.listen(BACKLOG)
    except BaseException as error:
        if sock is not None:
            sock.close()
        if isinstance(error, OSError):
            raise CannotListenError(host, port, error) from error
        raise
    return sock


def _numeric(host: str, port: int, kind: socket.SocketKind) -> tuple[int, Any]:
    found = socket.getaddrinfo(host, port, type=kind, flags=socket.AI_NUMERICHOST)
    return found[0][0], found[0][4]


def prepare(sock: socket.socket) -> None:
    """Set the options that the listeners need on a socket, ours or one that was passed to us bound.

    With PKTINFO each packet brings the address that it was sent to, which a socket on a wildcard
    address needs to answer from; see :func:`is_wildcard`.
    """
    sock.setblocking(False)
    if sock.type != socket.SOCK_DGRAM:
        return
    if sock.family == socket.AF_INET and IP_PKTINFO is not None:
        sock.setsockopt(socket.IPPROTO_IP, IP_PKTINFO, 1)
    if sock.family == socket.AF_INET6 and _IPV6_RECVPKTINFO is not None:
        sock.setsockopt(socket.IPPROTO_IPV6, _IPV6_RECVPKTINFO, 1)
    with contextlib.suppress(OSError):
        if sock.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) < RECEIVE_BUFFER:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
    if _LINUX:
        # Forged "packet too big" messages must not make us send fragments that an off-path
        # attacker can replace (RFC 9715 3.1).
        with contextlib.suppress(OSError):
            sock.setsockopt(*_MTU_DISCOVER[sock.family], _PMTUDISC_OMIT)


def is_wildcard(sock: socket.socket) -> bool:
    """Return whether a socket is bound to all addresses, so that replies must name their source."""
    return sock.getsockname()[0] in ("0.0.0.0", "::")
