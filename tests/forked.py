"""Programs of the project that are forked from one process; see :mod:`tests.zygote`."""

from __future__ import annotations

import functools
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import IO

from tests.programs import PATIENCE, surroundings

ZYGOTE = Path(__file__).with_name("zygote.py")


@functools.cache
def _zygote() -> socket.socket:
    """Start it, for as long as this process lives; return where to ask."""
    ours, its = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with its:
        subprocess.Popen(
            [sys.executable, ZYGOTE, str(its.fileno())],
            pass_fds=[its.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            env={**os.environ, "LC_ALL": "C.UTF-8"},
        )
    return ours


class Forked:
    """A program that runs, with what :class:`subprocess.Popen` has that tests use."""

    def __init__(
        self,
        program: str,
        arguments: list[str],
        *,
        folder: Path,
        environment: Mapping[str, str],
        stdin: IO[bytes],
        stdout: IO[bytes],
        stderr: IO[bytes],
    ) -> None:
        told, tells = os.pipe()
        asked = {
            "program": program,
            "arguments": arguments,
            "folder": str(folder),
            "environment": dict(environment),
        }
        descriptors = [stdin.fileno(), stdout.fileno(), stderr.fileno(), tells]
        socket.send_fds(_zygote(), [json.dumps(asked).encode()], descriptors)
        os.close(tells)
        self.args = [program, *arguments]
        self.returncode: int | None = None
        self._told = os.fdopen(told, "r")
        self.pid = int(self._told.readline())

    def poll(self) -> int | None:
        """Return the status if it has ended."""
        return self._look(0)

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the end and return the status, negative for a signal.

        :raises subprocess.TimeoutExpired: when it has not ended after so many seconds.
        """
        status = self._look(timeout)
        if status is None:
            raise subprocess.TimeoutExpired(self.args, timeout or 0.0)
        return status

    def _look(self, timeout: float | None) -> int | None:
        if self.returncode is None and select.select([self._told], [], [], timeout)[0]:
            self.returncode = int(self._told.readline())
            self._told.close()
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send a signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """Have it end at once."""
        self.send_signal(signal.SIGKILL)


def run_forked(
    program: str,
    arguments: list[str],
    *,
    folder: Path,
    text_in: str = "",
    environment: Mapping[str, str] | None = None,
    timeout: float = PATIENCE,
) -> subprocess.CompletedProcess[str]:
    """Return what a program says and how it ends, as :func:`tests.programs.run` does."""
    with (
        tempfile.TemporaryFile() as stdin,
        tempfile.TemporaryFile() as stdout,
        tempfile.TemporaryFile() as stderr,
    ):
        stdin.write(text_in.encode())
        stdin.seek(0)
        forked = Forked(
            program,
            arguments,
            folder=folder,
            environment={**surroundings(folder), **(environment or {})},
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
        )
        try:
            status = forked.wait(timeout)
        finally:
            forked.kill()
        said = []
        for stream in (stdout, stderr):
            stream.seek(0)
            said.append(stream.read().decode(errors="replace"))
    return subprocess.CompletedProcess(forked.args, status, *said)
