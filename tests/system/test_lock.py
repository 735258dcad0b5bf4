"""The lock of a database: who has it, and how it is handed on."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ddns.system.lock import Locked, acquire, acquire_itself, take_over
from tests.programs import PATIENCE


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ddns.sqlite.lock"


def test_one_has_it_and_the_other_is_told_who(path: Path) -> None:
    lock = acquire(path)
    assert path.read_text() == f"{os.getpid()}\n"
    assert path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(Locked, match=f"^{os.getpid()}$"):
        acquire(path)
    os.close(lock)
    os.close(acquire(path))


def test_a_duplicate_holds_it_as_well(path: Path) -> None:
    lock = acquire(path)
    other = take_over(path, os.dup(lock))
    os.close(lock)
    with pytest.raises(Locked):
        acquire(path)
    os.close(other)
    os.close(acquire(path))


def test_it_goes_to_another_program_without_being_free(path: Path) -> None:
    """The number that it leaves is that of who has it now."""
    lock = acquire(path)
    program = (
        "import os, sys; from ddns.system.lock import acquire, take_over\n"
        "lock = take_over(sys.argv[1], int(sys.argv[2]))\n"
        "print(os.getpid(), os.get_inheritable(lock), flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", program, str(path), str(lock)]
    with subprocess.Popen(
        command, pass_fds=[lock], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == f"{other.pid} False\n"
        os.close(lock)
        with pytest.raises(Locked, match=f"^{other.pid}$"):
            acquire(path)
        other.communicate(timeout=PATIENCE)
    os.close(acquire(path))


def test_what_is_not_the_lock_is_not_taken_for_it(path: Path, tmp_path: Path) -> None:
    lock = acquire(path)
    other = os.open(tmp_path / "other", os.O_RDWR | os.O_CREAT)
    with pytest.raises(OSError, match="is not"):
        take_over(path, other)
    with pytest.raises(OSError):
        os.fstat(other)
    with pytest.raises(OSError):
        take_over(path, other)  # it is closed
    unlocked = os.open(path, os.O_RDWR)
    with pytest.raises(Locked):
        take_over(path, unlocked)
    with pytest.raises(OSError):
        os.fstat(unlocked)
    os.close(lock)


def test_a_link_in_its_place_leads_nowhere(path: Path, tmp_path: Path) -> None:
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError):
        acquire(path)
    assert not (tmp_path / "elsewhere").exists()


# The lock on the database itself ---------------------------------------------------------------


def test_the_file_itself_by_any_name(tmp_path: Path) -> None:
    path, other = tmp_path / "ddns.sqlite", tmp_path / "other"
    with pytest.raises(FileNotFoundError):
        acquire_itself(path, create=False)
    lock = acquire_itself(path, create=True)
    assert path.stat().st_mode & 0o777 == 0o600
    assert not os.get_inheritable(lock)
    other.hardlink_to(path)
    with pytest.raises(Locked):
        acquire_itself(other, create=False)
    with pytest.raises(Locked):
        acquire_itself(other, create=True)
    os.close(lock)
    os.close(acquire_itself(other, create=False))


def test_a_kernel_without_such_locks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fcntl.F_OFD_SETLK", 9999)
    os.close(acquire_itself(tmp_path / "ddns.sqlite", create=True))
