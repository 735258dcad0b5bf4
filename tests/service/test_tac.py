"""The application files in ``tac/`` run as their first lines say."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.conftest import ACCOUNT, HOST
from tests.processes import Server
from tests.programs import script
from tests.service.dialects import Secrets
from tests.starting import start

TAC = Path(__file__).parents[2] / "tac"
PATIENCE = 30.0


SERVERS = sorted(path.name for path in TAC.glob("*.tac") if path.name != "inetd.tac")


@pytest.mark.parametrize("file", SERVERS)
def test_it_serves(file: str, tmp_path: Path) -> None:
    """It listens on the default ports, which may be taken; then it has to say so in a line."""
    program = Path(sys.executable).with_name("twistd")
    log = tmp_path / "log"
    with open(log, "wb") as out:
        server = subprocess.Popen(
            [program, "--pidfile=", "-n", "-y", TAC / file],
            cwd=tmp_path,
            stdout=out,
            stderr=out,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )
    try:
        deadline = time.monotonic() + PATIENCE
        while "answering DNS on 127.0.0.1:5300" not in log.read_text():
            if "cannot listen on 127.0.0.1" in log.read_text():
                assert server.wait(PATIENCE) != 0
                return
            assert server.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.05)
        assert (tmp_path / "ddns.sqlite").exists()
    finally:
        if server.poll() is None:
            server.send_signal(signal.SIGTERM)
        server.wait(PATIENCE)


@pytest.mark.parametrize("log", ["--logfile={folder}/log", "--logfile=-"])
def test_it_serves_a_connection_that_was_accepted(
    log: str, server: Server, secrets: Secrets
) -> None:
    """With a server and without one; the client reads nothing but miniupdate, wherever the log is
    said to go."""
    given = ["-n", "--pidfile=", f"--rundir={server.folder}", log.format(folder=server.folder)]
    command = [script("twistd"), *given, "-y", str(TAC / "inetd.tac")]
    for number in (1, 2):
        with start(command) as started:
            client = started.client()
            assert client.banner.startswith("twistd-ddns miniupdate server")
            assert client.login(ACCOUNT, secrets.miniupdate) == "OK Authenticated"
            address = f"198.51.100.{number}"
            assert client.update(HOST, address) == f"OK {HOST.upper()} mapped to {address}"
            assert client.exit() == "OK Bye!"
            assert client.ended()
            started.socket.close()
            assert started.status() == 0
        if number == 1:
            assert server.answers(HOST) == [address], "the server has served it"
            assert server.terminate() == 0
    server.start()
    assert server.answers(HOST) == ["198.51.100.2"]
