"""A launcher that holds a server's sockets, as systemd does, and listens to what it says."""

from __future__ import annotations

import fcntl
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

from tests.processes import Server, free_port

BUFFER = 4 * 2**20
SO_RCVBUFFORCE = 33  # Linux; Python has no name for it

FIRST, SPARE = 3, 40
"""Where sd_listen_fds(3) begins, and descriptors that are out of its way."""


PASS = f"""
import os, sys
spare, *command = sys.argv[1:]
for number, descriptor in enumerate(filter(None, spare.split(",")), {FIRST}):
    os.dup2(int(descriptor), number)
os.environ["LISTEN_PID"] = str(os.getpid())
os.execv(command[0], command)
"""
"""Puts the sockets where they belong and takes the server's command's place."""


class Datagrams:
    """A Unix socket for datagrams, sd_notify(3)'s or a log's, and the lines that came in them.

    A thread reads them as they come: the kernel keeps ten (net.unix.max_dgram_qlen), and whoever
    sends more without waiting, as HAProxy does, loses the rest.
    """

    def __init__(self, address: str) -> None:
        self.address = address
        self.said: list[str] = []
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind("\0" + address[1:] if address.startswith("@") else address)
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def _listen(self) -> None:
        while said := self._socket.recv(65536).decode(errors="replace"):
            self.said += said.splitlines()

    def count(self, line: str) -> int:
        return self.said.count(line)

    def close(self) -> None:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as last:
            last.sendto(b"", self._socket.getsockname())
        self._thread.join()
        self._socket.close()


class LaunchedServer(Server):
    """A server whose sockets outlive it. ``given`` are the sockets by name, in any number."""

    def __init__(self, folder: Path, exit: ExitStack, address: str | None = None) -> None:
        super().__init__(folder, "--no-sample")
        self.notices = Datagrams(address or str(folder / "notify"))
        exit.callback(self.notices.close)
        exit.callback(self.clean_up)
        self._exit = exit
        self.environment: dict[str, str] = {}
        self.given: list[tuple[str, socket.socket]] = []

    def give_usual(self) -> LaunchedServer:
        """Sockets for everything but HTTPS."""
        self.miniupdate_port = free_port()
        dns, http, lines = self.dns_port, self.http_port, self.miniupdate_port
        self.give("dns", bound(dns, socket.SOCK_DGRAM), bound(dns))
        self.give("http", bound(http))
        self.give("miniupdate", bound(lines), bound(lines, socket.SOCK_DGRAM))
        return self

    def give(self, name: str, *sockets: socket.socket) -> None:
        """More sockets of this name."""
        for sock in sockets:
            self._exit.callback(sock.close)
            self.given.append((name, sock))

    def server_command(self) -> Sequence[str]:
        """What is launched."""
        return [*self.command()[:4], "--config", str(self.config), *self._database()]

    def _database(self) -> list[str]:
        return ["--database", str(self.database), *self.options]

    def spawn(self) -> None:
        assert self.process is None, "it runs already"
        spare = [fcntl.fcntl(sock.fileno(), fcntl.F_DUPFD, SPARE) for _, sock in self.given]
        environment: Mapping[str, str] = {
            **os.environ,
            "LISTEN_FDS": str(len(spare)),
            "LISTEN_FDNAMES": ":".join(name for name, _ in self.given),
            "NOTIFY_SOCKET": self.notices.address,
            **self.environment,
        }
        with open(self._log, "ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-ISc", PASS, ",".join(map(str, spare)), *self.server_command()],
                cwd=self.folder,
                env={name: value for name, value in environment.items() if value},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=spare,
            )
        for descriptor in spare:
            os.close(descriptor)


def enlarge(sock: socket.socket) -> None:
    """Room for what comes while nobody reads, as ReceiveBuffer= of the sample makes it; as much as
    the system lets everybody have, where we are not root."""
    try:
        sock.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, BUFFER)
    except PermissionError:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, BUFFER)


def bound(
    port: int, kind: socket.SocketKind = socket.SOCK_STREAM, host: str = "127.0.0.1"
) -> socket.socket:
    """A socket as a launcher has it ready; one on ``::`` takes IPv4, too, as systemd's does."""
    sock = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, kind)
    if kind == socket.SOCK_STREAM:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    else:
        enlarge(sock)
    if host == "::":
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    sock.bind((host, port))
    if kind == socket.SOCK_STREAM:
        sock.listen(128)
    return sock
