"""Programs of a later Debian than this machine's."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from tests.programs import INSTALLING, find, run

SUITE = "trixie"
SOURCES = Path("/etc/apt/sources.list.d/debian.sources")


def later_ddclient(folder: Path) -> str:
    """The path of ddclient 3.11, out of Debian 13's package where the system has an older one; the
    test that asks is skipped where it cannot be had."""
    if (ours := find("ddclient")) and "version 3.11" in run([ours, "-help"]).stdout:
        return ours
    if os.geteuid() != 0 or find("apt-get") is None or not SOURCES.exists():
        pytest.skip("ddclient 3.11 cannot be had")
    (folder / "apt" / "lists" / "partial").mkdir(parents=True)
    sources = folder / "apt" / "later.sources"
    sources.write_text(re.sub(r"(?m)^Suites: .*$", f"Suites: {SUITE}", _first(SOURCES)))
    options = {
        "Dir::Etc::sourcelist": sources,
        "Dir::Etc::sourceparts": "/dev/null",
        "Dir::State::lists": folder / "apt" / "lists",
        "Dir::State::status": "/dev/null",
        "Dir::Cache": folder / "apt",
        "APT::Sandbox::User": "root",
    }
    apt = ["apt-get", "-qq", *(f"-o{name}={value}" for name, value in options.items())]
    for command in ("update", "download ddclient"):
        run([*apt, *command.split()], folder=folder, timeout=INSTALLING)
    for archive in folder.glob("ddclient_3.11*.deb"):
        assert run(["dpkg", "-x", str(archive), str(folder)]).returncode == 0
        return str(folder / "usr" / "bin" / "ddclient")
    pytest.skip("ddclient 3.11 cannot be had")


def _first(sources: Path) -> str:
    """The first stanza, which is the archive's; security has another."""
    return sources.read_text().split("\n\n")[0] + "\n"
