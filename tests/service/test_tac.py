"""The application files in ``tac/`` run as their first lines say."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

TAC = Path(__file__).parents[2] / "tac"
PATIENCE = 30.0


@pytest.mark.parametrize("file", sorted(path.name for path in TAC.glob("*.tac")))
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
