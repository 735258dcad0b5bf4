"""Somebody who guesses a password without an end, each time from another network."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from tests.processes import Server, basic

BEHIND_A_PROXY = '[proxies]\ntrusted = ["127.0.0.1"]\nheader = "X-Forwarded-For"\n'
"""Settings with which a client may say where it is."""


@contextmanager
def guessing(server: Server, users: Sequence[str], a_second: float) -> Iterator[None]:
    """Guess passwords of *users* in turn, by dyndns2, while the context lasts."""
    over = threading.Event()

    async def guess(number: int) -> None:
        peer = f"11.{number >> 8 & 255}.{number & 255}.1"
        login = f"{users[number % len(users)]}:guess-{number}"
        request = (
            "GET /nic/update?hostname=home.example.net HTTP/1.0\r\nUser-Agent: guess/1.0\r\n"
            f"X-Forwarded-For: {peer}\r\nAuthorization: {basic(login)}\r\n\r\n"
        )
        with contextlib.suppress(OSError):
            reader, writer = await asyncio.open_connection("127.0.0.1", server.http_port)
            writer.write(request.encode())
            await reader.read()
            writer.close()

    async def attack() -> None:
        begun = set()
        start = time.monotonic()
        for number in itertools.count():
            await asyncio.sleep(start + number / a_second - time.monotonic())
            if over.is_set():
                break
            task = asyncio.create_task(guess(number))
            begun.add(task)
            task.add_done_callback(begun.discard)
        for task in begun:
            task.cancel()

    thread = threading.Thread(target=lambda: asyncio.run(attack()), daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
