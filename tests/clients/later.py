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
    if _unpacked(folder, ["ddclient"]):
        return str(folder / "usr" / "bin" / "ddclient")
    pytest.skip("ddclient 3.11 cannot be had")


def later_nsupdate(folder: Path) -> list[str]:
    """How to run an nsupdate with the command ``lease``, that of Debian 13 with its libraries where
    the system has an older one; the test that asks is skipped where it cannot be had."""
    if (ours := find("nsupdate")) and "nsupdate 9.18" not in run([ours, "-V"]).stderr:
        return [ours]
    if _unpacked(folder, _NSUPDATE.split()):
        libraries = next((folder / "usr" / "lib").glob("*-linux-gnu*"), folder)
        for loader in libraries.glob("ld-linux*"):
            command = [str(loader), "--library-path", str(libraries)]
            command.append(str(folder / "usr" / "bin" / "nsupdate"))
            if run([*command, "-V"]).returncode == 0:
                return command
    pytest.skip("nsupdate 9.20 cannot be had")


_NSUPDATE = """
bind9-dnsutils bind9-libs libbsd0 libc6 libcom-err2 libedit2 libfstrm0 libgcc-s1 libgssapi-krb5-2
libidn2-0 libjemalloc2 libjson-c5 libk5crypto3 libkeyutils1 libkrb5-3 libkrb5support0 liblmdb0
liblzma5 libmaxminddb0 libmd0 libnghttp2-14 libprotobuf-c1 libssl3t64 libstdc++6 libtinfo6
libunistring5 liburcu8t64 libuv1t64 libxml2 libzstd1 zlib1g
"""


def _unpacked(folder: Path, packages: list[str]) -> bool:
    """Unpack packages of the later Debian; return whether they could be had."""
    if os.geteuid() != 0 or find("apt-get") is None or not SOURCES.exists():
        return False
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
    for command in (["update"], ["download", *packages]):
        run([*apt, *command], folder=folder, timeout=INSTALLING)
    archives = list(folder.glob("*.deb"))
    for archive in archives:
        assert run(["dpkg", "-x", str(archive), str(folder)]).returncode == 0
    return len(archives) == len(packages)


def _first(sources: Path) -> str:
    """The first stanza, which is the archive's; security has another."""
    return sources.read_text().split("\n\n")[0] + "\n"
