"""Files that only their owner can read, replaced at once or not at all."""

from __future__ import annotations

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


def test_two_may_write_the_same_file_at_once(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda number: write_private(path, b"%d" % number * 100), range(100)))
    assert len(path.read_bytes()) in (100, 200)
    assert list(tmp_path.iterdir()) == [path]
