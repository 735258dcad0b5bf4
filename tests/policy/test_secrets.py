"""Secrets: made, kept and compared."""

from __future__ import annotations

import hashlib
import re

import pytest
from argon2 import PasswordHasher

from ddns.policy import secrets


def test_keys_survive_any_router() -> None:
    keys = {secrets.generate_key() for _ in range(200)}
    assert len(keys) == 200
    assert all(key.isascii() and key.isalnum() and len(key) == 24 for key in keys)


def test_what_is_kept_of_a_key() -> None:
    assert secrets.digest_key("abc") == hashlib.sha256(b"abc").digest()
    assert secrets.digest_key("\udcff") == hashlib.sha256(b"\xff").digest()


@pytest.fixture(scope="module")
def hashed() -> str:
    return secrets.hash_password("Pässword")


def test_passwords(hashed: str) -> None:
    assert hashed.startswith("$argon2id$")
    assert "ssword" not in hashed
    assert secrets.verify_password("Pässword", hashed)
    assert not secrets.verify_password("pässword", hashed)


@pytest.mark.parametrize("password", ["", "\udcff", "x" * 10_000, "a\x00b"])
def test_passwords_that_are_wrong_in_odd_ways(hashed: str, password: str) -> None:
    assert not secrets.verify_password(password, hashed)


def test_a_hash_of_former_parameters(hashed: str) -> None:
    former = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    assert not secrets.is_outdated(hashed)
    assert secrets.is_outdated(former.hash("x"))
    assert not secrets.is_outdated("not a hash")


@pytest.mark.parametrize("hashed", [None, "", "not a hash"])
def test_no_password_fits_where_there_is_no_hash(hashed: str | None) -> None:
    assert not secrets.verify_password("password", hashed)


def test_a_missing_account_costs_a_check_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    checked = []

    class Hasher:
        def verify(self, hashed: str, password: str) -> bool:
            checked.append(hashed)
            return True

    monkeypatch.setattr(secrets, "_HASHER", Hasher())
    assert not secrets.verify_password("password", None)
    assert secrets.verify_password("password", "$hash")
    assert checked[0].startswith("$argon2id$")
    assert checked[1] == "$hash"


def test_recovery_codes() -> None:
    codes = {secrets.generate_recovery_code() for _ in range(50)}
    assert len(codes) == 50
    for code in codes:
        assert re.fullmatch(r"([a-hjkmnp-z2-9]{5}-){3}[a-hjkmnp-z2-9]{5}", code)
        digest = secrets.digest_recovery_code(code)
        assert len(digest) == 32
        for written in (code.upper(), code.replace("-", ""), f" {code.replace('-', ' - ')}\n"):
            assert secrets.digest_recovery_code(written) == digest
        assert secrets.digest_recovery_code(code[:-1]) != digest
