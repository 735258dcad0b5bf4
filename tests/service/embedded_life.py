"""Starts and stops of servers within one process, for trial, which looks for what they leave."""

from __future__ import annotations

import gc
import os
import threading
from typing import Any

import pytest
from twisted.internet import reactor
from twisted.internet.defer import Deferred, ensureDeferred
from twisted.internet.task import deferLater
from twisted.trial.unittest import TestCase
from twisted.web.client import Agent, readBody

from ddns.embedding import (
    DdnsService,
    DnsSettings,
    HttpSettings,
    MiniupdateSettings,
    Settings,
    StartupError,
)
from tests.processes import free_port

TIMES = 20


def service() -> tuple[DdnsService, int]:
    """A server on free ports, and that of HTTP."""
    dns, http, port = free_port(), free_port(), free_port()
    lines = MiniupdateSettings((f"tcp:{port}:interface=127.0.0.1",), (f"127.0.0.1:{port}",))
    settings = Settings(
        database="ddns.sqlite",
        dns=DnsSettings((f"127.0.0.1:{dns}",)),
        http=HttpSettings((f"tcp:{http}:interface=127.0.0.1",)),
        miniupdate=lines,
    )
    return DdnsService(settings, reactor), http


def held() -> tuple[int, int]:
    """Descriptors and threads of this process."""
    gc.collect()
    return len(os.listdir("/proc/self/fd")), threading.active_count()


class Life(TestCase):
    """Each test ends with trial's own check: no delayed call, reader, writer or listening port."""

    timeout = 60

    def test_many_times(self) -> Deferred[None]:
        return ensureDeferred(self._many_times())

    async def _many_times(self) -> None:
        began: tuple[int, int] | None = None
        agent = Agent(reactor)
        for number in range(TIMES):
            server, http = service()
            server.startService()
            answer: Any = await agent.request(b"GET", b"http://127.0.0.1:%d/ip" % http)
            assert await readBody(answer) == b"127.0.0.1\n"
            await server.stopService()
            await deferLater(reactor, 0)
            if number == 2:
                began = held()  # by then all that is made once is there
        assert began is not None
        descriptors, threads = held()
        assert descriptors <= began[0]
        assert threads <= began[1]

    def test_at_once(self) -> Deferred[None]:
        """Stopped in the same turn, before anything was loaded."""
        server, _ = service()
        server.startService()
        return server.stopService()

    def test_never_started(self) -> Deferred[None]:
        server, _ = service()
        return server.stopService()

    def test_bound_and_never_started(self) -> Deferred[None]:
        server, _ = service()
        server.privilegedStartService()
        return server.stopService()

    def test_two_at_once(self) -> Deferred[None]:
        """On two databases they do not meet; on one the second says so and leaves nothing."""
        return ensureDeferred(self._two_at_once())

    async def _two_at_once(self) -> None:
        first, _ = service()
        first.startService()
        second, _ = service()
        with pytest.raises(StartupError):
            second.startService()
        await first.stopService()
        third, _ = service()
        third.startService()
        await third.stopService()
