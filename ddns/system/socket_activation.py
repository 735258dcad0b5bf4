"""Socket activation: listening sockets passed by systemd (sd_listen_fds(3)).

systemd keeps the sockets open while the server restarts, so what clients send in the meantime waits
in the kernel instead of being lost.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Collection, Mapping, MutableMapping

FIRST = 3
"""The first descriptor; the others have the numbers after it."""

PROXIED = "haproxy-"
"""Name prefix of sockets whose connections start with a PROXY header."""

STREAMS = ("http", "https", "dot", "miniupdate", "gnudip")
DATAGRAMS = ("dns", "miniupdate")
NAMES = ("dns", *STREAMS, *(PROXIED + name for name in STREAMS))
"""Valid names, set by FileDescriptorName= in the socket unit. ``dns`` is for both kinds."""

InheritedSockets = Mapping[str, tuple[socket.socket, ...]]


class BadSockets(ValueError):
    """The passed sockets are unusable; ``str()`` is one line that explains why."""


def take(
    environ: MutableMapping[str, str], process: int, *, read: bool = False
) -> InheritedSockets:
    """Take ownership of the sockets passed to this process; return them by name.

    The variables are removed from *environ*, so that the sockets are taken once only. Twisted does
    the same when its endpoints are imported, as other plugins may do, but leaves the names: *read*
    says that this may have happened.

    :raises BadSockets: if a socket has an unknown name, or is of the wrong kind for its name.
    """
    given = environ.get("LISTEN_FDNAMES", "")
    names = given.split(":") if given else []
    if read and names and not {"LISTEN_PID", "LISTEN_FDS"} & environ.keys():
        number = len(names)
    elif environ.get("LISTEN_PID") == str(process) and environ.get("LISTEN_FDS", "").isdecimal():
        number = int(environ["LISTEN_FDS"])
    else:
        return {}
    for variable in ("LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"):
        environ.pop(variable, None)
    if len(names) != number:
        raise BadSockets(f"LISTEN_FDNAMES: expected {number} names, got {len(names)}")
    found: dict[str, tuple[socket.socket, ...]] = {}
    for descriptor, name in enumerate(names, FIRST):
        if name not in NAMES:
            raise BadSockets(
                f"LISTEN_FDNAMES: there is no {name!r} here; known names: {', '.join(NAMES)}"
            )
        found[name] = (*found.get(name, ()), _socket(descriptor, name))
    return found


def _socket(descriptor: int, name: str) -> socket.socket:
    try:
        os.set_inheritable(descriptor, False)
        sock = socket.socket(fileno=descriptor)
    except OSError as error:
        raise BadSockets(f"descriptor {descriptor} for {name}: {error.strerror}") from error
    if sock.type == socket.SOCK_STREAM:
        fits = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN) == 1
        fits = fits and (name != "dns" or sock.family != socket.AF_UNIX)
    else:
        fits = sock.type == socket.SOCK_DGRAM and name in DATAGRAMS
        fits = fits and sock.family in (socket.AF_INET, socket.AF_INET6)
    if not fits:
        raise BadSockets(f"descriptor {descriptor} is no socket for {name}")
    sock.setblocking(False)
    return sock


def of_kind(sockets: Collection[socket.socket], kind: socket.SocketKind) -> list[socket.socket]:
    """Return the stream sockets, or the datagram sockets."""
    return [one for one in sockets if one.type == kind]
