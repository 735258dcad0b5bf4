"""Clients that ask and update without an end while a server comes and goes."""

from __future__ import annotations

import http.client
import math
import socket
import threading
import time
from collections.abc import Callable

import dns.exception
import dns.message

from tests.faults.updaters import Updater, address_of
from tests.launching import enlarge
from tests.processes import Server, eventually
from tests.programs import PATIENCE

QUERIES_A_SECOND = 100


class Asker:
    """Asks for a name so many times a second over UDP, and as fast as it can over TCP and for its
    address over HTTP, so that some connection is new whenever the server stops."""

    def __init__(self, server: Server, host: str) -> None:
        self._server = server
        self._host = host
        self._over = threading.Event()
        self.asked = 0
        self.answered = 0
        self.others: list[str] = []
        self._until = math.inf
        self._udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._udp.connect(("127.0.0.1", server.dns_port))
        self._udp.settimeout(0.1)
        enlarge(self._udp)  # a server that has started answers all that has waited at once
        self._threads = [
            threading.Thread(target=work, daemon=True)
            for work in (self._ask, self._listen, *[self._ask_over_tcp] * 3, self._ask_over_http)
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Ask no more, wait for what is missing."""
        self._until = time.monotonic() + PATIENCE
        self._over.set()
        for thread in self._threads:
            thread.join(PATIENCE)
        self._udp.close()

    def _ask(self) -> None:
        due = time.monotonic()
        while not self._over.is_set():
            self._udp.send(dns.message.make_query(self._host, "A").to_wire())
            self.asked += 1
            due += 1 / QUERIES_A_SECOND
            time.sleep(max(0.0, due - time.monotonic()))

    def _listen(self) -> None:
        while not self._over.is_set() or self.answered < self.asked:
            try:
                wire = self._udp.recv(4096)
            except TimeoutError:
                if time.monotonic() > self._until:
                    return
                continue
            answer = dns.message.from_wire(wire)
            if answer.rcode() or not answer.answer:
                self.others.append(answer.to_text())
            self.answered += 1

    def _ask_over_tcp(self) -> None:
        while not self._over.is_set():
            try:
                answer = self._server.ask(self._host, tcp=True)
            except (OSError, EOFError, dns.exception.DNSException) as error:
                self.others.append(repr(error))
            else:
                if not answer.answer:
                    self.others.append(answer.to_text())

    def _ask_over_http(self) -> None:
        """On one connection, until we are told that it closes."""
        connection = http.client.HTTPConnection("127.0.0.1", self._server.http_port)
        connection.timeout = PATIENCE
        while not self._over.is_set():
            try:
                connection.request("GET", "/ip")
                body = connection.getresponse().read()
            except (OSError, http.client.HTTPException) as error:
                connection.close()
                self.others.append(repr(error))
            else:
                if body != b"127.0.0.1\n":
                    self.others.append(repr(body))
        connection.close()


def update_without_end(
    updater: Updater, server: Server, over: threading.Event, unanswered: list[str]
) -> None:
    """A connection an update, as most clients do it."""
    while not over.is_set():
        updater.attempted += 1
        address = address_of(updater.attempted)
        try:
            reply = server.update(updater.login, updater.host, address)
        except (OSError, http.client.HTTPException) as error:
            unanswered.append(repr(error))
            continue
        if reply.body == f"good {address}\n":
            updater.acknowledged.append(updater.attempted)
        else:
            updater.failures.append(reply.body)
        time.sleep(0.005)


def nothing_is_lost(server: Server, host: str, login: str, *restarts: Callable[[], object]) -> None:
    """Queries at a hundred a second and updates, one after the other, while the server restarts
    in these ways: every query is answered, and what was acknowledged is there."""
    server.update(login, host, address_of(0))
    asker = Asker(server, host)
    updater = Updater(host, login)
    over = threading.Event()
    unanswered: list[str] = []
    clients = threading.Thread(
        target=update_without_end, args=(updater, server, over, unanswered), daemon=True
    )
    asker.start()
    clients.start()
    for restart in (*restarts, None):
        before = len(updater.acknowledged)
        eventually(lambda: len(updater.acknowledged) > before + 20, "updates go on")  # noqa: B023
        if restart is not None:
            restart()
    over.set()
    clients.join(PATIENCE)
    asker.stop()
    assert asker.answered == asker.asked
    assert asker.asked > QUERIES_A_SECOND
    assert (asker.others, updater.failures, unanswered) == ([], [], [])
    assert server.answers(host) == [address_of(updater.acknowledged[-1])]
