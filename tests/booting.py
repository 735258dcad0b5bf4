"""A real systemd that runs as process 1 of namespaces of its own, on a root that it cannot change.

It sees this machine's files read-only, with memory in place of ``/etc``, ``/run``, ``/tmp`` and
``/var``, this project's programs in ``/opt/ddns`` and a loopback interface of its own, so units may
use their own ports. Nothing of what a system usually does when it starts is done. Needs root, and a
machine that lets root do this.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import subprocess
import sys
import sysconfig
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.programs import PATIENCE, program, run

ROOT = Path(__file__).parents[1]
DEPLOY = ROOT / "deploy"
CLONE_NEWNET = 0x40000000

BOOT = r"""
set -eu
root=$1 base=$2 venv=$3 project=$4
mount --bind / "$root"
cd "$root"
mount -o remount,bind,ro .
for folder in etc run tmp var opt mnt; do mount -t tmpfs -o mode=755 tmpfs "$folder"; done
chmod 1777 tmp
for file in passwd group nsswitch.conf ld.so.cache localtime; do
    [ ! -e "/etc/$file" ] || cp -a "/etc/$file" etc/
done
[ ! -e /etc/alternatives ] || cp -a /etc/alternatives etc/
mkdir -p etc/systemd/system var/lib var/tmp opt/python opt/ddns/lib opt/ddns/bin opt/src mnt/old
printf '%s\n' 0123456789abcdef0123456789abcdef >etc/machine-id
mount --bind "$base" opt/python
mount --bind "$venv/lib" opt/ddns/lib
mount --bind "$project" opt/src
mount -o remount,bind,ro opt/python; mount -o remount,bind,ro opt/ddns/lib
mount -o remount,bind,ro opt/src
mount -t proc proc proc
mount --bind proc/sys proc/sys; mount -o remount,bind,ro proc/sys
mount -t sysfs -o ro sysfs sys
mount -t cgroup2 cgroup2 sys/fs/cgroup
mount -t tmpfs -o mode=755 tmpfs dev
mkdir dev/pts dev/shm
for node in null zero full random urandom tty; do
    : >"dev/$node"; mount --bind "/dev/$node" "dev/$node"
done
mount -t devpts -o newinstance,ptmxmode=0666 devpts dev/pts
ln -s pts/ptmx dev/ptmx; ln -s /proc/self/fd dev/fd
mount -t tmpfs -o ro tmpfs usr/lib/systemd/system/sysinit.target.wants
mount -t tmpfs -o ro tmpfs usr/lib/systemd/system-generators
printf '[Unit]\nDescription=Nothing\n' >etc/systemd/system/sysinit.target
cat >etc/systemd/system/test.target <<EOF
[Unit]
Description=Test
Wants=dbus.socket systemd-journald.service
EOF
mv "$5"/* opt/ddns/
pivot_root . mnt/old
umount -l mnt/old
mount --make-rshared /
exec env -i container=test PATH=/usr/sbin:/usr/bin:/sbin:/bin \
    /lib/systemd/systemd --system --log-target=console --unit=test.target
"""

PROBE = r"""
set -e
mount --bind / "$1"
cd "$1"
mount -o remount,bind,ro .
mount -t tmpfs tmpfs mnt
mount -t proc proc proc
mount -t sysfs -o ro sysfs sys
mount -t cgroup2 cgroup2 sys/fs/cgroup
"""
"""What a machine has to allow before anything can be said about what is booted on it."""

SCRIPT = """#!/bin/sh
# a Python that is built with a shared library finds it at a path that services cannot see
LD_LIBRARY_PATH=/opt/python/lib exec /opt/ddns/bin/python /opt/ddns/bin/{name}.py "$@"
"""

PROGRAM = """import sys
sys.path.insert(0, "/opt/src")
from {module} import {function}
sys.exit({function}())
"""


class Machine:
    """What :func:`booted` gives: systemd's own process is *pid*."""

    def __init__(self, pid: int, log: Path) -> None:
        self.pid = pid
        self._log = log

    @property
    def root(self) -> Path:
        """Its files, as we see them."""
        return Path(f"/proc/{self.pid}/root")

    @property
    def log(self) -> str:
        return self._log.read_text(errors="replace")

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a command there."""
        return run([program("nsenter"), "-t", str(self.pid), "-m", "-p", "-n", "-C", *command])

    def systemctl(self, *args: str) -> str:
        """systemctl, which must not fail."""
        done = self.run("systemctl", *args)
        assert done.returncode == 0, f"{args}: {done.stderr}{self.log}{self.journal()}"
        return done.stdout

    def journal(self) -> str:
        """What the services have written."""
        return self.run("journalctl", "--no-pager", "-o", "cat", "-n", "12").stdout


@contextmanager
def booted(folder: Path) -> Iterator[Machine]:
    """A machine as the docstring says, and this thread on its network. Where that is not allowed
    the test is skipped."""
    root, made, log = folder / "root", folder / "made", folder / "systemd.log"
    for name in ("nsenter", "unshare", "ip", "systemd-analyze"):
        program(name)
    if os.geteuid() != 0:
        pytest.skip("only root can make namespaces for a machine of its own")
    root.mkdir()
    _make_environment(made)
    base = Path(sys.base_prefix)
    apart = [program("unshare"), "--mount", "--pid", "--net", "--cgroup", "--uts", "--fork"]
    apart += ["--propagation", "private", "sh", "-c"]
    if (probe := run([*apart, PROBE, "sh", str(root)])).returncode != 0:
        pytest.skip(f"no machine of its own can be had here: {probe.stderr}")
    command = [*apart, BOOT, "sh"]
    command += [str(one) for one in (root, base, sys.prefix, ROOT, made)]
    with open(log, "wb") as out:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
    try:
        pid = _child(process, log)
        machine = Machine(pid, log)
        until = time.monotonic() + PATIENCE
        while machine.run("systemctl", "is-active", "test.target").stdout != "active\n":
            if process.poll() is not None or time.monotonic() > until:
                raise AssertionError(log.read_text(errors="replace"))
            time.sleep(0.05)
        with _on_network_of(pid):
            _raise_loopback()
            yield machine
    finally:
        with suppress(ProcessLookupError, UnboundLocalError):
            os.kill(pid, 9)
        process.kill()
        process.wait(PATIENCE)


def _make_environment(made: Path) -> None:
    """A virtual environment's own files, for ``/opt/ddns``."""
    (made / "bin").mkdir(parents=True)
    version = sysconfig.get_python_version()
    (made / "pyvenv.cfg").write_text(f"home = /opt/python/bin\nversion = {version}\n")
    (made / "bin" / "python").symlink_to(f"/opt/python/bin/python{version}")
    for name, module, function in (
        ("twistd", "twisted.scripts.twistd", "run"),
        ("ddns", "ddns.cli.main", "main"),
    ):
        (made / "bin" / name).write_text(SCRIPT.format(name=name))
        (made / "bin" / f"{name}.py").write_text(PROGRAM.format(module=module, function=function))
        (made / "bin" / name).chmod(0o755)


def _child(process: subprocess.Popen[bytes], log: Path) -> int:
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    until = time.monotonic() + PATIENCE
    while True:
        found = children.read_text().split() if children.exists() else []
        if found and "systemd" in Path(f"/proc/{found[0]}/comm").read_text():
            return int(found[0])
        if process.poll() is not None or time.monotonic() > until:
            raise AssertionError(log.read_text(errors="replace"))
        time.sleep(0.02)


@contextmanager
def _on_network_of(pid: int) -> Iterator[None]:
    """This thread, and what it starts, on another network."""
    libc = ctypes.CDLL(None, use_errno=True)
    with open("/proc/thread-self/ns/net") as ours, open(f"/proc/{pid}/ns/net") as theirs:
        assert libc.setns(theirs.fileno(), CLONE_NEWNET) == 0, os.strerror(ctypes.get_errno())
        try:
            yield
        finally:
            assert libc.setns(ours.fileno(), CLONE_NEWNET) == 0


def _raise_loopback() -> None:
    ip = shutil.which("ip", path="/usr/sbin:/sbin:/usr/bin:/bin")
    assert ip is not None
    subprocess.run([ip, "link", "set", "lo", "up"], check=True)
