"""Encryption of small secrets in the database, with a key in a file beside it.

A miniupdate secret is stored as a digest that suffices to log in. To make a copy of the database
useless without the key file, it is encrypted with AES-256-GCM and bound to its purpose. The key
file is created on first use, readable by its owner only.
"""

from __future__ import annotations

import binascii
import hashlib
import secrets
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ddns.system.files import belongs_to, write_private

KEY_SIZE = 32
_NONCE_SIZE = 12
_NAME_SIZE = 4  # octets that identify a key file
_VERSION = b"\x01"


class SecretBoxError(Exception):
    """The key file is unusable; ``str()`` is one line that explains why."""


class Tampered(Exception):
    """The sealed data was modified, or sealed for another purpose."""


class SecretBox:
    """Encrypts with the key in the file *path*. Creating the file blocks, as does reading it, which
    is done only when it has changed."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._cipher: AESGCM | None = None
        self._name = b""
        self._state: object = None

    def seal(self, plain: bytes, purpose: bytes, beside: bytes | None) -> bytes:
        """Encrypt *plain* for one *purpose*, which :meth:`unseal` must repeat.

        *beside* is other sealed data of the database, or None if there is none. The key file must
        match it; only without any is a missing key file created.

        :raises SecretBoxError: if the key file is unusable.
        """
        if beside is None and not self._path.exists():
            self._make()
        self._read()
        assert self._cipher is not None
        if beside is not None:
            self._check(beside)
        nonce = secrets.token_bytes(_NONCE_SIZE)
        return _VERSION + self._name + nonce + self._cipher.encrypt(nonce, plain, purpose)

    def check(self, sealed: bytes) -> None:
        """Check that the key file is the one that *sealed* was encrypted with.

        :raises SecretBoxError: if the key file is unusable or another one.
        """
        if self._cipher is None or sealed[1 : 1 + _NAME_SIZE] != self._name:
            self._read()
        self._check(sealed)

    def unseal(self, sealed: bytes, purpose: bytes) -> bytes:
        """Decrypt data that was sealed for this *purpose*.

        :raises SecretBoxError: if the key file is unusable or another one.
        :raises Tampered: if the data was modified.
        """
        self.check(sealed)
        assert self._cipher is not None
        nonce = sealed[1 + _NAME_SIZE :][:_NONCE_SIZE]
        try:
            return self._cipher.decrypt(nonce, sealed[1 + _NAME_SIZE + _NONCE_SIZE :], purpose)
        except (InvalidTag, ValueError):  # ValueError: too short
            raise Tampered from None

    def exists(self) -> bool:
        """Return whether there is a key file."""
        return self._path.exists()

    def copy(self, to: Path) -> int:
        """Copy the key file, replacing *to*; return its size in octets. Blocks.

        :raises SecretBoxError: if there is no key file, or the copy cannot be written.
        """
        self._read()
        try:
            content = self._path.read_bytes()
            write_private(to, content)
        except OSError as error:
            raise SecretBoxError(f"{error.filename or to}: {error.strerror}") from error
        return len(content)

    def stands_beside(self, path: Path) -> bool:
        """Return whether *path* is the database that the key file belongs to, or a file of it."""
        return belongs_to(self._path.with_suffix(""), path)

    def _check(self, sealed: bytes) -> None:
        if sealed[:1] != _VERSION or sealed[1 : 1 + _NAME_SIZE] != self._name:
            raise SecretBoxError(f"{self._path} is not the key file that this was sealed with")

    def _read(self) -> None:
        """Load the key file, if it has changed."""
        try:
            stat = self._path.stat()
            state = (stat.st_ino, stat.st_size, stat.st_mtime_ns)
            if state == self._state:
                return
            # Not as text: loading a codec may fail after privileges were dropped.
            key = binascii.unhexlify(self._path.read_bytes().strip())
        except OSError as error:
            raise SecretBoxError(f"key file {self._path}: {error.strerror}") from error
        except ValueError:
            key = b""
        if len(key) != KEY_SIZE:
            raise SecretBoxError(
                f"key file {self._path}: expected {2 * KEY_SIZE} hexadecimal digits"
            )
        self._name = hashlib.sha256(b"ddns key file\0" + key).digest()[:_NAME_SIZE]
        self._cipher = AESGCM(key)
        self._state = state

    def _make(self) -> None:
        """Create the key file.

        :raises SecretBoxError: if it cannot be written.
        """
        try:
            write_private(self._path, binascii.hexlify(secrets.token_bytes(KEY_SIZE)) + b"\n")
        except OSError as error:
            raise SecretBoxError(f"key file {self._path}: {error.strerror}") from error
