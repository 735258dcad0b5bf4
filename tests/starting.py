"""What a super-server does for one connection: accept it and start a program with it."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType

from tests.clients.miniupdate_client import MiniupdateClient
from tests.processes import Server
from tests.programs import PATIENCE, script


class Client(MiniupdateClient):
    """A miniupdate client on a connection that is there already."""

    def __init__(self, sock: socket.socket) -> None:
        self.socket = sock
        self._file = sock.makefile("rb")
        self._agent = "test/1.0"
        self.banner = self.read()


@dataclass
class Started:
    """The client's end of a connection, and the program that was started for it."""

    socket: socket.socket
    process: subprocess.Popen[bytes]

    def __enter__(self) -> Started:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: object, traceback: TracebackType | None
    ) -> None:
        self.socket.close()
        if kind is not None:
            self.process.kill()
        self.process.wait(PATIENCE)

    def client(self) -> Client:
        """The client, which has read the server's greeting."""
        return Client(self.socket)

    def read_all(self) -> bytes:
        """What comes before the connection is closed."""
        try:
            return b"".join(iter(lambda: self.socket.recv(10_000), b""))
        except ConnectionResetError:
            return b""

    def status(self) -> int:
        """How the program ends."""
        return self.process.wait(PATIENCE)


def start(command: Sequence[str], *, source: str = "127.0.0.1", stderr: int = -1) -> Started:
    """Connect, and start a program whose standard descriptors are the connection, as inetd does;
    or with a standard error of its own, as tcpserver does."""
    with socket.create_server(("127.0.0.1", 0)) as port:
        client = socket.create_connection(port.getsockname(), PATIENCE, (source, 0))
        server, _ = port.accept()
    with server:
        process = subprocess.Popen(
            command, cwd="/", stdin=server, stdout=server, stderr=server if stderr < 0 else stderr
        )
    return Started(client, process)


def starter(server: Server, *more: str) -> list[str]:
    """The command that super-servers run on a server's database, with its settings, for miniupdate
    unless *more* says otherwise."""
    service = [] if any(not word.startswith("-") for word in more) else ["miniupdate"]
    given = [f"--database={server.database}", f"--config={server.config}"]
    return [script("ddns-inetd"), *given, *more, *service]
