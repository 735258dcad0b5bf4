"""Small secrets that have to be read again, sealed with a key kept in a file beside the database.

A copy of the database alone is of no use to whoever has it: what must be kept in a form that
proves its holder (the digest of a miniupdate secret) is encrypted with AES-256-GCM, bound to what
it is for. The file is made when something is sealed for the first time, readable by its owner only.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_SIZE = 32
_NONCE_SIZE = 12
_NAME_SIZE = 4  # octets that tell one key file from another
_VERSION = b"\x01"


class VaultError(Exception):
    """It cannot be sealed or unsealed; ``str()`` is one line that says why."""


class Vault:
    """Seals with the key in the file *path*. Reading the file blocks, once; making it blocks."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._cipher: AESGCM | None = None
        self._name = b""

    def seal(self, plain: bytes, purpose: bytes, create: bool) -> bytes:
        """Encrypt for one *purpose*. With *create* a file that is not there is made.

        :raises VaultError: when the file cannot be used.
        """
        cipher = self._opened(create)
        nonce = secrets.token_bytes(_NONCE_SIZE)
        return _VERSION + self._name + nonce + cipher.encrypt(nonce, plain, purpose)

    def unseal(self, sealed: bytes, purpose: bytes) -> bytes:
        """Decrypt what was sealed for this *purpose*.

        :raises VaultError: when the file cannot be used or is another one, or what was sealed has
            been changed.
        """
        cipher = self._opened(create=False)
        name = sealed[1 : 1 + _NAME_SIZE]
        if sealed[:1] != _VERSION or name != self._name:
            raise VaultError(f"{self._path} is not the key file that this was sealed with")
        nonce = sealed[1 + _NAME_SIZE :][:_NONCE_SIZE]
        try:
            return cipher.decrypt(nonce, sealed[1 + _NAME_SIZE + _NONCE_SIZE :], purpose)
        except (InvalidTag, ValueError):  # the latter for what is too short
            raise VaultError("what was sealed has been changed") from None

    def _opened(self, create: bool) -> AESGCM:
        if self._cipher is None:
            try:
                key = self._read(create)
            except OSError as error:
                raise VaultError(f"key file {self._path}: {error.strerror}") from error
            except ValueError:
                key = b""
            if len(key) != KEY_SIZE:
                raise VaultError(
                    f"key file {self._path}: expected {2 * KEY_SIZE} hexadecimal digits"
                )
            self._name = hashlib.sha256(b"ddns key file\0" + key).digest()[:_NAME_SIZE]
            self._cipher = AESGCM(key)
        return self._cipher

    def _read(self, create: bool) -> bytes:
        if create and not self._path.exists():
            self._make()
        return bytes.fromhex(self._path.read_text("ascii"))

    def _make(self) -> None:
        """Write a new key under another name, then rename it: there is never half a key."""
        unfinished = self._path.with_name(f"{self._path.name}.new")
        unfinished.unlink(missing_ok=True)
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            os.write(descriptor, f"{secrets.token_hex(KEY_SIZE)}\n".encode())
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        os.rename(unfinished, self._path)
        directory = os.open(self._path.parent, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(directory)
        finally:
            os.close(directory)
