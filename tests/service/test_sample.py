"""What a new server shows to whoever has started it: a sample host, and how to try it."""

from __future__ import annotations

import os
import pty
import re
import select
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ddns.system.files import sample_path
from tests.conftest import Launch
from tests.processes import Server, eventually, mode_of
from tests.programs import PATIENCE, program, run, script

ROOT = Path(__file__).parents[2]
HOST = "home.dyn.example"


def shown(server: Server) -> tuple[str, str]:
    """The two lines in the file beside the database, once they are there."""
    path = sample_path(server.database)
    text = eventually(lambda: path.exists() and path.read_text(), "the sample's file is written")
    return two_lines(text)


def two_lines(text: str) -> tuple[str, str]:
    (curl,) = re.findall(r"^ +(curl .*?)\r?$", text, re.MULTILINE)
    (dig,) = re.findall(r"^ +(dig .*?)\r?$", text, re.MULTILINE)
    return curl, dig


def secret_in(curl: str) -> str:
    (secret,) = re.findall(r"-u sample:(\S+)", curl)
    return str(secret)


def assert_work_as_pasted(curl: str, dig: str) -> None:
    program("curl"), program("dig")
    assert run(["sh", "-c", dig]).stdout == "", "the host has no address yet"
    assert run(["sh", "-c", curl]).stdout == "good 198.51.100.7\n"
    assert run(["sh", "-c", dig]).stdout == "198.51.100.7\n"


def test_without_a_terminal_it_is_in_a_file(make_server: Launch) -> None:
    server = make_server(sample=True).start()
    curl, dig = shown(server)
    assert mode_of(sample_path(server.database)) == 0o600
    assert_work_as_pasted(curl, dig)
    assert str(sample_path(server.database)) in server.log
    assert server.terminate() == 0
    assert secret_in(curl) not in server.log


def test_a_file_that_others_prepared_is_not_written_to(make_server: Launch, tmp_path: Path) -> None:
    server = make_server(sample=True)
    theirs = tmp_path / "theirs"
    theirs.write_text("")
    sample_path(server.database).symlink_to(theirs)
    server.start()
    eventually(lambda: not sample_path(server.database).is_symlink(), "the file is ours")
    secret_in(shown(server)[0])
    assert theirs.read_text() == ""


def assert_has_no_sample(server: Server, *zones: str) -> None:
    """End the server, which finishes its start before, and look what it has left."""
    assert server.terminate() == 0
    assert [zone["origin"] for zone in server.ddns("zone", "list")["zones"]] == [*zones]
    assert server.ddns("account", "list") == {"accounts": []}
    assert not sample_path(server.database).exists()


class Terminal:
    """A terminal on which a program runs."""

    def __init__(self, command: list[str], folder: Path) -> None:
        self._ours, theirs = pty.openpty()
        try:
            self.process = subprocess.Popen(
                command, cwd=folder, stdin=theirs, stdout=theirs, stderr=theirs
            )
        finally:
            os.close(theirs)
        self.text = ""

    def read_until(self, word: str) -> str:
        """All that has been shown, when the word is in it."""
        until = time.monotonic() + PATIENCE
        while word not in self.text and time.monotonic() < until:
            if select.select([self._ours], [], [], 0.1)[0]:
                try:
                    self.text += os.read(self._ours, 65536).decode(errors="replace")
                except OSError:  # the program has ended
                    break
        assert word in self.text, self.text
        return self.text

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        os.close(self._ours)


@pytest.fixture
def terminals() -> Iterator[list[Terminal]]:
    opened: list[Terminal] = []
    yield opened
    for terminal in opened:
        terminal.close()


def test_on_a_terminal_it_is_shown(
    make_server: Launch, terminals: list[Terminal], tmp_path: Path
) -> None:
    server = make_server(sample=True)
    logfile = tmp_path / "twistd.log"
    command = server.command()
    command.insert(command.index("ddns"), f"--logfile={logfile}")
    terminals.append(terminal := Terminal(command, tmp_path))
    curl, dig = two_lines(terminal.read_until("+short"))
    assert not sample_path(server.database).exists()
    assert_work_as_pasted(curl, dig)
    terminal.process.send_signal(signal.SIGTERM)
    assert terminal.process.wait(PATIENCE) == 0
    assert secret_in(curl) not in logfile.read_text()


def test_a_daemon_has_lost_its_terminal(
    make_server: Launch, terminals: list[Terminal], tmp_path: Path
) -> None:
    server = make_server(sample=True)
    pidfile = tmp_path / "twistd.pid"
    options = server.command()[server.command().index("ddns") :]
    terminals.append(
        terminal := Terminal([script("twistd"), f"--pidfile={pidfile}", *options], tmp_path)
    )
    assert terminal.process.wait(PATIENCE) == 0
    try:
        assert_work_as_pasted(*shown(server))
    finally:
        os.kill(int(pidfile.read_text()), signal.SIGTERM)
        eventually(lambda: not pidfile.exists(), "the daemon has ended")


def test_no_sample_where_none_is_wanted(make_server: Launch) -> None:
    assert_has_no_sample(make_server("--no-sample", sample=True).start())


def test_no_sample_in_a_database_that_was_there(make_server: Launch) -> None:
    server = make_server(sample=True)
    server.ddns("zone", "add", "example.net")
    assert_has_no_sample(server.start(), "example.net")


def test_the_sample_is_made_once(make_server: Launch) -> None:
    server = make_server(sample=True).start()
    before = shown(server)
    server.restart()
    assert server.terminate() == 0
    assert shown(server) == before
    assert len(server.ddns("key", "list")["keys"]) == 1


@pytest.mark.parametrize("exposed", ["dns", "http"])
def test_no_sample_where_strangers_may_connect(make_server: Launch, exposed: str) -> None:
    server = make_server(sample=True)
    if exposed == "dns":
        server.options += ["--dns", f"0.0.0.0:{server.dns_port}"]
    else:
        server.options += ["--http", f"tcp:{server.http_port}:interface=0.0.0.0"]
    server.start()
    assert_has_no_sample(server)


@pytest.mark.parametrize(("off", "left"), [("dns", "curl"), ("http", "dig")])
def test_only_what_works_is_shown(make_server: Launch, off: str, left: str) -> None:
    server = make_server(f"--{off}", "off", sample=True).start()
    path = sample_path(server.database)
    text = eventually(lambda: path.exists() and path.read_text(), "the sample's file is written")
    assert [line.split()[0] for line in text.splitlines()[1:]] == [left]


def test_the_host_is_there_for_the_command(make_server: Launch) -> None:
    server = make_server(sample=True).start()
    shown(server)
    assert server.ddns("host", "show", HOST)["account"] == "sample"


@pytest.mark.parametrize("with_tools", [True, False])
def test_the_demonstration_of_the_run_script(
    make_server: Launch, tmp_path: Path, with_tools: bool
) -> None:
    """As ``./run`` does it, but on other ports and in another folder; where curl and dig are
    missing it does without."""
    program("curl"), program("dig")
    server = make_server(sample=True)
    demonstrate = [sys.executable, str(ROOT / ".ci" / "demonstrate.py")]
    line = f"{shlex.join(demonstrate)} $$ {server.database} & exec {shlex.join(server.command())}"
    out_file = tmp_path / "shown"
    with open(out_file, "wb") as out:
        server.process = subprocess.Popen(
            ["/bin/sh", "-c", f"{line} >/dev/null"],
            stdout=out,
            cwd=tmp_path,
            env={**os.environ, **({} if with_tools else {"PATH": "/nonexistent"})},
        )
    eventually(lambda: "Ctrl-C ends it." in out_file.read_text(), "the demonstration is over")
    said = out_file.read_text().replace("curl -s ", "curl ")
    answers = ["good 198.51.100.7", "198.51.100.7"]
    for command, answer in zip(shown(server), answers, strict=True):
        assert f"  $ {command}\n  {answer}\n" in said
    assert server.terminate() == 0
