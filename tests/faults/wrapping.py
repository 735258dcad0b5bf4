"""A server whose process is started by another program, or watched by one."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.conftest import ACCOUNT, HOST, ZONE
from tests.processes import Server, eventually
from tests.programs import PATIENCE, program


def wrapped(server: Server, *prefix: str) -> Server:
    """Have a server started by *prefix*, which replaces itself by what follows it."""
    plain = server.command

    def command() -> list[str]:
        return [*prefix, *plain()]

    server.command = command  # type: ignore[method-assign]
    return server


def filled(server: Server) -> str:
    """Start it with a zone, an account and a host; ``user:key``."""
    server.start()
    server.call("zone_add", origin=ZONE)
    server.call("account_add", name=ACCOUNT)
    server.call("host_add", name=HOST, account=ACCOUNT)
    return f"{ACCOUNT}:{server.call('key_add', account=ACCOUNT)['key']}"


def pid_of(server: Server) -> int:
    assert server.process is not None
    return server.process.pid


def processor_time(server: Server) -> float:
    """Seconds that its process has worked."""
    fields = Path(f"/proc/{pid_of(server)}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def is_at_rest(server: Server) -> bool:
    """Whether it hardly works in half a second."""
    before = processor_time(server)
    time.sleep(0.5)
    return processor_time(server) - before < 0.15


@contextmanager
def failing(server: Server, calls: str, error: str) -> Iterator[None]:
    """Let these system calls of the server fail."""
    strace = program("strace")
    command = [strace, "-f", "-p", str(pid_of(server)), "-o", os.devnull, "-e", f"trace={calls}"]
    with subprocess.Popen(
        [*command, "-e", f"inject={calls}:error={error}"], stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        said = process.stderr.readline()
        if "attached" not in said:
            process.wait(PATIENCE)
            pytest.skip(f"strace may not do this here: {said.strip()}")
        drain = threading.Thread(target=process.stderr.read)
        drain.start()
        try:
            eventually(lambda: all_traced(server), "strace has all threads")
            yield
        finally:
            process.terminate()
            process.wait(PATIENCE)
            drain.join()


def all_traced(server: Server) -> bool:
    for task in Path(f"/proc/{pid_of(server)}/task").iterdir():
        with suppress(FileNotFoundError):
            if "TracerPid:\t0\n" in (task / "status").read_text():
                return False
    return True


def took(function: Callable[[], object]) -> float:
    """Seconds that a call takes."""
    began = time.monotonic()
    function()
    return time.monotonic() - began
