"""Sockets that whoever started the process had bound before: systemd's way of handing them over.

The sockets are there before the server and after it, so what clients send while it restarts waits
in the kernel instead of being lost. The protocol is that of sd_listen_fds(3).
"""

from __future__ import annotations

import os
import socket
from collections.abc import Collection, Mapping, MutableMapping

FIRST = 3
"""The number of the first descriptor; the others follow it."""

PROXIED = "haproxy-"
"""Before the name of a socket whose connections begin with a PROXY header."""

STREAMS = ("http", "https", "miniupdate")
DATAGRAMS = ("dns", "miniupdate")
NAMES = ("dns", *STREAMS, *(PROXIED + name for name in STREAMS))
"""What a socket can be for: FileDescriptorName= of its unit. ``dns`` has both kinds."""

InheritedSockets = Mapping[str, tuple[socket.socket, ...]]


class BadSockets(ValueError):
    """What was handed over cannot be used; ``str()`` is one line."""


def take(
    environ: MutableMapping[str, str], process: int, *, read: bool = False
) -> InheritedSockets:
    """The sockets that were handed to this process, by name; each is ours from now on.

    What says so is taken out of *environ*, so that nobody takes them twice. Twisted does the same
    when somebody imports its endpoints, as plugins of others may, but leaves the names: *read*
    tells that this may have happened.

    :raises BadSockets: when one of them has no name that we know, or is no socket for what it is
        called.
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
    """Those that are streams, or datagrams."""
    return [one for one in sockets if one.type == kind]
