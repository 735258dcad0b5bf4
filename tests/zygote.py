"""A process that has imported the programs of the project, and forks for each run of one, so that
it starts in a third of the processor time. What tests of starting are about runs them as people do.

``python zygote.py DESCRIPTOR`` takes what to run from a socket of packets: JSON with ``program``,
``arguments``, ``folder`` and ``environment``, and four descriptors: standard input, output and
error, and a pipe, to which the number of the process and, when it has ended, its status is written,
a line each.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import importlib
import json
import os
import socket
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import twisted.scripts.twistd
from sqlite_utils import Database
from twisted.application.twist._twist import Twist

import ddns.cli.main
from ddns.store.sqlite import database
from tests.schema import copy_or_migrate

PACKET = 1 << 20
PROGRAMS: dict[str, Callable[[], object]] = {
    "ddns": ddns.cli.main.main,
    "twist": lambda: Twist.main(sys.argv),
    "twistd": twisted.scripts.twistd.run,
}

IMPORTED = (
    *("ddns.cli.local", "ddns.cli.remote"),
    *("ddns.server.service", "ddns.server.tap", "ddns.server.logging"),
    *("ddns.net.outward.client", "ddns.net.outward.delivery"),
    *("ddns.net.dns.udp_compiled", "ddns.zone.compiled", "twisted.internet.epollreactor"),
)
"""What programs import, sooner or later."""


def main(descriptor: int) -> object:
    """Fork until there is nobody to ask for it; return what a program did, in its process."""
    for name in IMPORTED:
        with contextlib.suppress(ModuleNotFoundError):  # what was not compiled
            importlib.import_module(name)
    ddns.cli.main.parser()  # it imports what it names
    database.migrate = copy_or_migrate
    copy_or_migrate(Database(memory=True), Path(":memory:"), "")  # it is made once, here
    gc.freeze()  # what is there now is not looked through in every process
    with socket.socket(fileno=descriptor) as asking:
        while True:
            packet, descriptors, _, _ = socket.recv_fds(asking, PACKET, 4)
            if not packet:
                return 0
            watcher = os.fork()
            if not watcher:
                break
            for one in descriptors:
                os.close(one)
            os.waitpid(watcher, 0)
    if os.fork():
        os._exit(0)  # the watcher is nobody's child, and nobody has to wait for it
    *standard, told = descriptors
    pid = os.fork()
    if pid:
        os.write(told, b"%d\n" % pid)
        _, status = os.waitpid(pid, 0)
        os.write(told, b"%d\n" % os.waitstatus_to_exitcode(status))
        os._exit(0)
    os.close(told)
    for number, one in enumerate(standard):
        os.dup2(one, number)
        os.close(one)
    return _run(**json.loads(packet))


def _run(program: str, arguments: list[str], folder: str, environment: dict[str, str]) -> object:
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = [program, *arguments]
    return PROGRAMS[program]()


def leave(status: object) -> NoReturn:
    """End as Python does, but take no modules apart: that takes longer than a command."""
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    if isinstance(status, str):
        print(status, file=sys.stderr)
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(status if isinstance(status, int) else status is not None)


if __name__ == "__main__":
    try:
        ended: object = main(int(sys.argv[1]))
    except SystemExit as end:
        ended = end.code
    leave(ended)
