"""Sealing with a key file: what is sealed comes back, and nothing else opens it."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from ddns.system.secret_box import SecretBox, SecretBoxError, Tampered


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ddns.sqlite.key"


def test_what_was_sealed_comes_back_after_a_restart(path: Path) -> None:
    sealed = SecretBox(path).seal(b"secret", b"alice", beside=None)
    assert b"secret" not in sealed
    assert SecretBox(path).unseal(sealed, b"alice") == b"secret"


def test_twice_sealed_is_not_the_same(path: Path) -> None:
    secret_box = SecretBox(path)
    assert secret_box.seal(b"x", b"alice", beside=None) != secret_box.seal(
        b"x", b"alice", beside=None
    )


def test_the_file_is_its_owners_alone(path: Path) -> None:
    SecretBox(path).seal(b"x", b"", beside=None)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


def test_another_purpose_another_file_and_changes_are_noticed(path: Path, tmp_path: Path) -> None:
    secret_box = SecretBox(path)
    sealed = secret_box.seal(b"secret", b"alice", beside=None)
    with pytest.raises(Tampered):
        secret_box.unseal(sealed, b"bob")
    for at in range(len(sealed)):
        changed = sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1 :]
        with pytest.raises((SecretBoxError, Tampered)):
            secret_box.unseal(changed, b"alice")
    for cut in range(len(sealed)):
        with pytest.raises((SecretBoxError, Tampered)):
            secret_box.unseal(sealed[:cut], b"alice")
    other = SecretBox(tmp_path / "other.key")
    other.seal(b"", b"", beside=None)
    with pytest.raises(SecretBoxError, match="not the key file"):
        other.unseal(sealed, b"alice")


def test_a_file_that_is_not_there_is_only_made_on_purpose(path: Path) -> None:
    with pytest.raises(SecretBoxError, match=r"ddns\.sqlite\.key: No such file"):
        SecretBox(path).seal(b"x", b"", beside=b"\x01")
    with pytest.raises(SecretBoxError, match="No such file"):
        SecretBox(path).unseal(b"\x01", b"")
    assert not path.exists()


@pytest.mark.parametrize("content", [b"", b"0" * 63, b"0" * 66, b"x" * 64, b"\xff" * 64])
def test_a_file_that_is_no_key(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(SecretBoxError, match="64 hexadecimal digits"):
        SecretBox(path).seal(b"x", b"", beside=None)
    assert path.read_bytes() == content


def test_a_start_that_was_cut_short_leaves_no_half_key(path: Path) -> None:
    path.with_name(f"{path.name}.new").write_text("half")
    secret_box = SecretBox(path)
    assert secret_box.unseal(secret_box.seal(b"x", b"", beside=None), b"") == b"x"


def test_a_file_that_has_gone_since_seals_nothing(path: Path) -> None:
    secret_box = SecretBox(path)
    sealed = secret_box.seal(b"x", b"", beside=None)
    kept = path.read_bytes()
    path.unlink()
    assert secret_box.unseal(sealed, b"") == b"x"  # until the next start
    with pytest.raises(SecretBoxError, match="No such file"):
        secret_box.seal(b"y", b"", beside=sealed)
    secret_box.seal(b"y", b"", beside=None)  # all that was sealed has been given up
    with pytest.raises(SecretBoxError, match="not the key file"):
        secret_box.unseal(sealed, b"")
    path.write_bytes(kept)
    assert secret_box.unseal(sealed, b"") == b"x"  # put back without a restart


def test_another_file_seals_nothing_beside_what_there_is(path: Path, tmp_path: Path) -> None:
    sealed = SecretBox(path).seal(b"x", b"", beside=None)
    other = SecretBox(tmp_path / "other")
    other.seal(b"", b"", beside=None)
    for attempt in (lambda: other.seal(b"y", b"", beside=sealed), lambda: other.check(sealed)):
        with pytest.raises(SecretBoxError, match="not the key file"):
            attempt()
    SecretBox(path).check(sealed)


def test_a_directory_that_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(SecretBoxError, match="No such file"):
        SecretBox(tmp_path / "none" / "key").seal(b"x", b"", beside=None)
