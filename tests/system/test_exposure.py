"""Files with secrets that everybody can read or write."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ddns.system.exposure import close_to_others, exposed, secret_files, writable


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "d[x].sqlite"
    path.touch(0o600)
    return path


@pytest.mark.parametrize(
    "suffix",
    [
        *("", "-wal", "-shm", ".key", ".restored", ".sample.txt"),
        *(".before-v0009", ".replaced-20260101T000000Z", ".replaced-20260101T000000Z-wal"),
    ],
)
@pytest.mark.parametrize("mode", [0o604, 0o602, 0o644, 0o666])
def test_each_is_told_and_closed(database: Path, suffix: str, mode: int) -> None:
    file = Path(f"{database}{suffix}")
    file.touch()
    file.chmod(mode)
    told = [f"{file} holds secrets and is open to everybody: its mode is {mode:04o}"]
    assert exposed(secret_files(database)) == told
    link = database.with_name("link")
    link.symlink_to(database)
    assert exposed(secret_files(link)) == told
    assert close_to_others(database) == [
        f"{file} was open to everybody, with mode {mode:04o}; now it is not"
    ]
    assert file.stat().st_mode & 0o777 == mode & 0o770
    assert exposed(secret_files(database)) == close_to_others(database) == []


@pytest.mark.parametrize("mode", [0o604, 0o644, 0o666])
def test_the_servers_own_certificate_is_its_users_alone(database: Path, mode: int) -> None:
    folder = Path(f"{database}.acme")
    folder.mkdir()
    file = folder / "rsa.pem"
    file.touch()
    file.chmod(mode)
    assert close_to_others(database) == [
        f"{file} was open to everybody, with mode {mode:04o}; now it is not"
    ]
    assert file.stat().st_mode & 0o777 == 0o600


def test_what_others_can_change(tmp_path: Path) -> None:
    file = tmp_path / "ddns.toml"
    assert writable([file]) == []
    file.touch()
    file.chmod(0o664)
    assert writable([file]) == []
    file.chmod(0o646)
    assert writable([file]) == [f"{file} can be changed by everybody: its mode is 0646"]


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o660, 0o601])
def test_what_is_not_everybodys_is_as_it_was_made(database: Path, mode: int) -> None:
    database.chmod(mode)
    assert exposed(secret_files(database)) == close_to_others(database) == []
    assert database.stat().st_mode & 0o777 == mode


def test_others_files_are_told_of_but_left(database: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give files away")
    database.chmod(0o644)
    os.chown(database, 1, 1)
    assert close_to_others(database) == []
    assert len(exposed(secret_files(database))) == 1


def test_no_link_is_followed_to_be_closed(database: Path, tmp_path: Path) -> None:
    """Root may do this in a directory of somebody who runs the server."""
    target = tmp_path / "passwd"
    target.touch()
    target.chmod(0o644)
    key = Path(f"{database}.key")
    key.symlink_to(target)
    assert close_to_others(database) == []
    assert target.stat().st_mode & 0o777 == 0o644
    assert exposed(secret_files(database)) == [
        f"{key} holds secrets and is open to everybody: its mode is 0644"
    ]


def test_what_is_not_there(tmp_path: Path) -> None:
    assert exposed(secret_files(tmp_path / "no" / "ddns.sqlite")) == []
    assert close_to_others(tmp_path / "no" / "ddns.sqlite") == []
