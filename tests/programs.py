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
from typing import NoReturn

import pytest

PACKAGES = {
    "chromium": "chromium",
    "IO::Socket::SSL": "libio-socket-ssl-perl",
    "curl": "curl",
    "ddclient": "ddclient",
    "dehydrated": "dehydrated",
    "dig": "bind9-dnsutils",
    "docker-compose": "docker-compose",
    "dnsperf": "dnsperf",
    "faketime": "faketime",
    "haproxy": "haproxy",
    "inadyn": "inadyn",
    "inetd": "openbsd-inetd",
    "kdig": "knot-dnsutils",
    "kea-dhcp-ddns": "kea-dhcp-ddns-server",
    "knsupdate": "knot-dnsutils",
    "lego": "lego",
    "nsupdate": "bind9-dnsutils",
    "openssl": "openssl",
    "pebble": "pebble",
    "pebble-challtestsrv": "pebble",
    "knotc": "knot",
    "knotd": "knot",
    "named": "bind9",
    "named-checkconf": "bind9-utils",
    "libgsqlite3backend.so": "pdns-backend-sqlite3",
    "pdns_server": "pdns-server",
    "pdnsutil": "pdns-server",
    "pkill": "procps",
    "runsv": "runit",
    "s6-supervise": "s6",
    "nginx": "nginx",
    "nsd": "nsd",
    "nsd-checkconf": "nsd",
    "ngx_stream_module.so": "libnginx-mod-stream",
    "prometheus": "prometheus",
    "promtool": "prometheus",
    "sqlite3": "sqlite3",
    "ip": "iproute2",
    "nsenter": "util-linux",
    "strace": "strace",
    "systemd-analyze": "systemd",
    "supervise": "daemontools",
    "systemd-socket-activate": "systemd",
    "unshare": "util-linux",
    "tcpserver": "ucspi-tcp",
    "wget": "wget",
}
"""Which Debian package has a program, or a module, of Perl, nginx or PowerDNS, that a program is of
little use without."""

UNPACKED = {"xinetd": "xinetd"}
"""The same of programs that cannot be installed beside one of those, and are unpacked instead."""

MISSING = re.compile(r"(\S+) is missing \(Debian package (\S+)\)")
"""What the skipping of a test says."""

PATIENCE = 30.0
"""Seconds that anything may take on a busy machine before a test fails."""

_MODULES = (Path("/usr/lib/nginx/modules"), *Path("/usr/lib").glob("*/pdns"))
INSTALLING = 120.0
"""Seconds that a package may take to arrive."""

_SYSTEM = ("/usr/local/sbin", "/usr/sbin", "/sbin")


def program(name: str) -> str:
    """The path of a program of the system; where there is none, the test that asks is skipped, or
    fails."""
    return find(name) or _without(name, PACKAGES[name])


def unpacked(name: str, folder: Path) -> str:
    """The path of a program that conflicts with another: that of the system, or one out of its
    package, in this folder. Only root gets it from Debian, as it is with other programs."""
    package = UNPACKED[name]
    if (found := find(name)) is not None:
        return found
    if os.geteuid() == 0 and find("apt-get") is not None:
        for command in (["true"], ["apt-get", "update", "-qq"]):
            run(command, timeout=INSTALLING)
            run(["apt-get", "download", "-qq", package], folder=folder, timeout=INSTALLING)
            for archive in folder.glob(f"{package}_*.deb"):
                assert run(["dpkg", "-x", str(archive), str(folder)]).returncode == 0
                if found := shutil.which(name, path=f"{folder}/usr/sbin:{folder}/usr/bin"):
                    return found
    return _without(name, package)


def _without(name: str, package: str) -> NoReturn:
    """Skip the test that needs the program, or let it fail."""
    reason = f"{name} is missing (Debian package {package})"
    if os.environ.get("DDNS_REQUIRE_PROGRAMS") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


def find(name: str) -> str | None:
    """The path of a program of the system, also of one that is meant for root; for a Perl module
    that of Perl, for one of nginx or PowerDNS its own."""
    if "::" in name:
        perl = find("perl")
        has = perl and subprocess.run([perl, f"-M{name}", "-e1"], capture_output=True, check=False)
        return perl if has and has.returncode == 0 else None
    if name.endswith(".so"):
        return next((str(one / name) for one in _MODULES if (one / name).exists()), None)
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
    """What a command says and how it ends; it fails the test by taking too long, not otherwise."""
    return subprocess.run(
        command,
        input=text_in,
        capture_output=True,
        text=True,
        errors="replace",
        cwd=folder,
        env={**surroundings(folder), **(environment or {})},
        timeout=timeout,
        check=False,
    )


def surroundings(folder: Path | None = None) -> dict[str, str]:
    """The environment of a command: its home is its folder and no proxy is known, so that nothing
    of the person who runs the tests gets into them."""
    kept = {key: value for key, value in os.environ.items() if not key.lower().endswith("_proxy")}
    return {**kept, "LC_ALL": "C.UTF-8", **({"HOME": str(folder)} if folder else {})}


if __name__ == "__main__":  # for ./test: the packages whose programs this machine lacks
    print(*sorted({package for name, package in PACKAGES.items() if find(name) is None}))
