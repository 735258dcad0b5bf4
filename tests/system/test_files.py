"""Files that only their owner can read, replaced at once or not at all."""

from __future__ import annotations

import errno
import resource
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ddns.system.files import write_private
from tests.processes import mode_of


def test_a_private_file_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text("old, and longer")
    path.chmod(0o644)
    write_private(path, b"new")
    assert path.read_bytes() == b"new"
    assert mode_of(path) == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_that_cannot_be_replaced_stays(tmp_path: Path) -> None:
    path = tmp_path / "folder"
    path.mkdir()
    with pytest.raises(OSError):
        write_private(path, b"new")
    with pytest.raises(OSError):
        write_private(tmp_path / "missing" / "secret", b"new")
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_stays_when_there_is_room_for_half_of_the_new_one(tmp_path: Path) -> None:
    """The kernel writes as much as there is room for, and reports an error only after that."""
    path = tmp_path / "secret"
    path.write_bytes(b"old")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, hard))
    try:
        with pytest.raises(OSError) as caught:
            write_private(path, bytes(2000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert caught.value.errno == errno.EFBIG
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_two_may_write_the_same_file_at_once(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda number: write_private(path, b"%d" % number * 100), range(100)))
    assert len(path.read_bytes()) in (100, 200)
    assert list(tmp_path.iterdir()) == [path]
