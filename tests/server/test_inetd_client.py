"""The starter: what it costs, and what its command line says."""

from __future__ import annotations

import subprocess
import sys

import pytest

from ddns.server.inetd_client import UsageError, parse

LIGHT = {
    *("ddns", "ddns.server", "ddns.server.inetd_client"),
    *("ddns.system", "ddns.system.handover", "ddns.system.lock"),
}
"""What there is of ours."""

COMPILED = {"_socket", "errno", "fcntl", "time", "__future__"}
"""What it may take of Python's besides what Python itself has imported: nothing that takes long."""


def test_it_imports_next_to_nothing() -> None:
    """It is started once for every connection. typing alone would double what that costs."""
    program = (
        "import sys; before = set(sys.modules); import ddns.server.inetd_client;"
        "print(*sorted(set(sys.modules) - before))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert set(done.stdout.split()) - COMPILED == LIGHT


def test_the_command_line() -> None:
    usual = {"database": "ddns.sqlite", "patience": "20.0", "service": "http"}
    assert parse(["http"]) == usual
    assert parse(["--database", "x y", "http"]) == {**usual, "database": "x y"}
    assert parse(["http", "--database=--x=y"]) == {**usual, "database": "--x=y"}
    assert parse(["--config=c", "--log", "l", "--patience=0.5", "http"]) == {
        **usual,
        "config": "c",
        "log": "l",
        "patience": "0.5",
    }
    assert "help" in parse(["--help"])
    assert "help" in parse(["http", "-h"])


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ([], "the name of a service"),
        (["--database", "x"], "the name of a service"),
        ([""], "the name of a service"),
        (["a b"], "the name of a service"),
        (["a\r\nb"], "the name of a service"),
        (["http/1"], "the name of a service"),
        (["http", "https"], "one service is enough"),
        (["http", "--database"], "--database needs a value"),
        (["http", "--data=x"], "no option --data"),
        (["http", "-d"], "no option -d"),
        (["http", "-"], "no option -"),
        (["http", "--patience=x"], "a number of seconds"),
        (["http", "--patience=0"], "a number of seconds"),
        (["http", "--patience=-1"], "a number of seconds"),
        (["http", "--patience=nan"], "a number of seconds"),
        (["http", "--patience=inf"], "a number of seconds"),
    ],
)
def test_command_lines_that_make_no_sense(given: list[str], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        parse(given)
