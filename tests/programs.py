"""Programs that tests run: where they are, and what to do about those that this machine lacks.

A test that needs a missing program is skipped, and the run's summary names it. Where the programs
could have been installed (``./test`` says so with DDNS_REQUIRE_PROGRAMS=1) it fails instead.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGES = {
    "IO::Socket::SSL": "libio-socket-ssl-perl",
    "curl": "curl",
    "ddclient": "ddclient",
    "dig": "bind9-dnsutils",
    "dnsperf": "dnsperf",
    "faketime": "faketime",
    "inadyn": "inadyn",
    "kdig": "knot-dnsutils",
    "prometheus": "prometheus",
    "promtool": "prometheus",
    "sqlite3": "sqlite3",
    "strace": "strace",
    "wget": "wget",
}
"""Which Debian package has a program, or a Perl module that a program is of little use without."""

MISSING = re.compile(r"(\S+) is missing \(Debian package (\S+)\)")
"""What the skipping of a test says."""

PATIENCE = 30.0
"""Seconds that anything may take on a busy machine before a test fails."""

_SYSTEM = ("/usr/local/sbin", "/usr/sbin", "/sbin")


def program(name: str) -> str:
    """The path of a program of the system; where there is none, the test that asks is skipped, or
    fails."""
    found = find(name)
    if found is None:
        reason = f"{name} is missing (Debian package {PACKAGES[name]})"
        if os.environ.get("DDNS_REQUIRE_PROGRAMS") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    return found


def find(name: str) -> str | None:
    """The path of a program of the system, also of one that is meant for root; for a Perl module
    that of Perl."""
    if "::" in name:
        perl = find("perl")
        has = perl and subprocess.run([perl, f"-M{name}", "-e1"], capture_output=True, check=False)
        return perl if has and has.returncode == 0 else None
    folders = os.pathsep.join((os.environ.get("PATH", os.defpath), *_SYSTEM))
    return shutil.which(name, path=folders)


def script(name: str) -> str:
    """The path of a script of this very interpreter's environment: twistd, ddns, noipy."""
    found = Path(sys.executable).parent / name
    assert found.exists(), f"{name} is not installed beside {sys.executable}"
    return str(found)


def run(
    command: list[str],
    *,
    text_in: str = "",
    folder: Path | None = None,
    environment: dict[str, str] | None = None,
    timeout: float = PATIENCE,
) -> subprocess.CompletedProcess[str]:
    """What a command says and how it ends; it fails the test by taking too long, not otherwise.

    Its home is its folder and no proxy is known, so that nothing of the person who runs the tests
    gets into them.
    """
    kept = {key: value for key, value in os.environ.items() if not key.lower().endswith("_proxy")}
    home = {"HOME": str(folder)} if folder else {}
    return subprocess.run(
        command,
        input=text_in,
        capture_output=True,
        text=True,
        errors="replace",
        cwd=folder,
        env={**kept, "LC_ALL": "C.UTF-8", **home, **(environment or {})},
        timeout=timeout,
        check=False,
    )


if __name__ == "__main__":  # for ./test: the packages whose programs this machine lacks
    print(*sorted({package for name, package in PACKAGES.items() if find(name) is None}))
