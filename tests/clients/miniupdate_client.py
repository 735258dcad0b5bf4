"""A miniupdate client, written from the miniDNS seed and nothing else."""

from __future__ import annotations

import hashlib
import socket


class MiniupdateClient:
    """A blocking connection, from an address of one's own where a *source* is given, which begins
    with a *header* where there is one; every method returns the server's line without its end,
    which is empty when the server has closed."""

    def __init__(
        self,
        host: str,
        port: int,
        *,
        agent: str = "miniupdate-Test/1.2",
        patience: float = 20.0,
        source: str = "",
        header: bytes = b"",
    ) -> None:
        self.socket = socket.create_connection((host, port), patience, (source, 0))
        self.socket.sendall(header)
        self._file = self.socket.makefile("rb")
        self._agent = agent
        self.banner = self.read()

    def __enter__(self) -> MiniupdateClient:
        return self

    def __exit__(self, *about: object) -> None:
        self._file.close()
        self.socket.close()

    def send(self, octets: bytes) -> None:
        self.socket.sendall(octets)

    def read(self) -> str:
        """The next line of the server."""
        line = self._file.readline().decode("ascii")
        assert line == "" or line.endswith("\n"), line
        return line.removesuffix("\n")

    def ask(self, command: str) -> str:
        """Send a command, read its answer."""
        self.send(command.encode() + b"\n")
        return self.read()

    def login(self, user: str, secret: str) -> str:
        """AGENT, LOGIN and RESPONSE, or as far as they go."""
        if not (answer := self.ask(f"AGENT {self._agent}")).startswith("OK "):
            return answer
        answer = self.ask(f"LOGIN {user} digest-md5-text")
        status, _, challenge = answer.partition(" ")
        if status != "CHALLENGE":
            return answer
        return self.ask(f"RESPONSE {response(secret, challenge)}")

    def update(self, host: str, address: str | None = None, online: bool = True) -> str:
        """A_UPDATE."""
        command = f"A_UPDATE {'online' if online else 'offline'} {host}"
        return self.ask(command if address is None else f"{command} {address}")

    def version(self) -> str:
        return self.ask("VERSION")

    def exit(self) -> str:
        return self.ask("EXIT")

    def ended(self) -> bool:
        """Whether the server closes the connection without another word."""
        return self._file.read(1) == b""


def response(secret: str, challenge: str) -> str:
    """The MD5 of the hexadecimal MD5 of the secret, followed by the challenge."""
    first = hashlib.md5(secret.encode()).hexdigest()
    return hashlib.md5((first + challenge).encode()).hexdigest()
