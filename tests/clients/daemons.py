"""Clients that run for years and that Debian 12 does not have, as they were seen to behave, two of
them by ``findings/ez-ipupdate-answers.sh`` and ``findings/newfuture-ddns-callback.sh``.

Each wakes up now and then, asks the server if it thinks that the host has another address than it
should, and is ``done`` or has ``ended`` by what it is told.
"""

from __future__ import annotations

import socket
from typing import Protocol

from tests.clients.documented import Place
from tests.clients.miniupdate_client import MiniupdateClient
from tests.conftest import ACCOUNT, HOST
from tests.processes import basic
from tests.programs import PATIENCE


class Daemon(Protocol):
    """What all of them have in common."""

    done: bool
    ended: bool

    def wake(self, address: str) -> None:
        """Set the host to this address, unless that was done or the program has ended."""


class HttpDaemon:
    """Sends ``GET`` with HTTP/1.0 and reads until the server closes."""

    agent: str
    query: str

    def __init__(self, place: Place) -> None:
        self._place = place
        self.done = self.ended = False

    def wake(self, address: str) -> None:
        if self.done or self.ended:
            return
        server, login = self._place.server, f"{ACCOUNT}:{self._place.key}"
        request = (
            f"GET /nic/update?{self.query.format(host=HOST, address=address)} HTTP/1.0\r\n"
            f"Authorization: {basic(login)}\r\nUser-Agent: {self.agent}\r\nHost: 127.0.0.1\r\n\r\n"
        )
        with socket.create_connection(("127.0.0.1", server.http_port), PATIENCE) as connection:
            connection.sendall(request.encode())
            with connection.makefile("rb") as stream:
                answer = stream.read().decode()
        self.hear(int(answer.split()[1]), answer)

    def hear(self, status: int, answer: str) -> None:
        """Draw conclusions from a status and the whole answer."""
        raise NotImplementedError


class EzIpupdate(HttpDaemon):
    """ez-ipupdate 3.0.11b8: looks for words where a line begins, and ends at all but two."""

    agent = "ez-ipupdate-3.0.11b8 [linux] (by Angus Mackay)"
    query = "hostname={host}&myip={address}&wildcard=OFF&"

    def hear(self, status: int, answer: str) -> None:
        if status == 200:
            self.done = "\ngood " in answer or "\nnochg" in answer
            self.ended = not self.done and "\ndnserr" not in answer
        elif status == 401:
            self.ended = True


class Opnsense(HttpDaemon):
    """OPNsense's native client keeps the address for which it got a 2xx, whatever was said."""

    agent = "OPNsense-dyndns"
    query = "hostname={host}&myip={address}&wildcard=NOCHG"

    def hear(self, status: int, answer: str) -> None:
        self.done = 200 <= status < 300


class Callback(Opnsense):
    """The callback provider of NewFuture's DDNS, and of others that call a URL: likewise."""

    agent = "DDNS/4.2.0 (ddns@newfuture.cc)"
    query = "hostname={host}&myip={address}"


class Miniupdate:
    """The miniupdate daemon 0.8: ends at ERR, and connects again after a lost connection."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self.done = self.ended = False

    def wake(self, address: str) -> None:
        if self.done or self.ended:
            return
        with MiniupdateClient("127.0.0.1", self._place.server.miniupdate_port) as client:
            answer = client.login(ACCOUNT, self._place.miniupdate_key)
            if answer.startswith("OK "):
                answer = client.update(HOST, address)
        self.done, self.ended = answer.startswith("OK "), answer.startswith("ERR ")
