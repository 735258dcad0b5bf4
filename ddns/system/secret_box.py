"""Small secrets that have to be read again, sealed with a key kept in a file beside the database.

A copy of the database alone is of no use to whoever has it: what must be kept in a form that
proves its holder (the digest of a miniupdate secret) is encrypted with AES-256-GCM, bound to what
it is for. The file is made when something is sealed for the first time, readable by its owner only.
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
_NAME_SIZE = 4  # octets that tell one key file from another
_VERSION = b"\x01"


class SecretBoxError(Exception):
    """The key file cannot be used; ``str()`` is one line that says why."""


class Tampered(Exception):
    """What was sealed is not what it was, or is for another purpose."""


class SecretBox:
    """Seals with the key in the file *path*. Reading the file blocks, but is done only when it has
    changed; making it blocks."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._cipher: AESGCM | None = None
        self._name = b""
        self._state: object = None

    def seal(self, plain: bytes, purpose: bytes, beside: bytes | None) -> bytes:
        """Encrypt for one *purpose*. *beside* is something that was sealed before, which the file
        must still open; without any, a file that is not there is made.

        :raises VaultError: when the file cannot be used.
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
        """See whether what was sealed can be unsealed.

        :raises VaultError: when the file cannot be used or is another one.
        """
        if self._cipher is None or sealed[1 : 1 + _NAME_SIZE] != self._name:
            self._read()
        self._check(sealed)

    def unseal(self, sealed: bytes, purpose: bytes) -> bytes:
        """Decrypt what was sealed for this *purpose*.

        :raises VaultError: when the file cannot be used or is another one.
        :raises Tampered: when what was sealed has been changed.
        """
        self.check(sealed)
        assert self._cipher is not None
        nonce = sealed[1 + _NAME_SIZE :][:_NONCE_SIZE]
        try:
            return self._cipher.decrypt(nonce, sealed[1 + _NAME_SIZE + _NONCE_SIZE :], purpose)
        except (InvalidTag, ValueError):  # the latter for what is too short
            raise Tampered from None

    def exists(self) -> bool:
        """Whether there is a key file."""
        return self._path.exists()

    def copy(self, to: Path) -> int:
        """Copy the key file, replacing what is there; the copy's octets. Blocks.

        :raises VaultError: when there is no key file, or the copy cannot be written.
        """
        self._read()
        try:
            content = self._path.read_bytes()
            write_private(to, content)
        except OSError as error:
            raise SecretBoxError(f"{error.filename or to}: {error.strerror}") from error
        return len(content)

    def stands_beside(self, path: Path) -> bool:
        """Whether a file is one of those that the key file stands among: the database and what
        belongs to it."""
        return belongs_to(self._path.with_suffix(""), path)

    def _check(self, sealed: bytes) -> None:
        if sealed[:1] != _VERSION or sealed[1 : 1 + _NAME_SIZE] != self._name:
            raise SecretBoxError(f"{self._path} is not the key file that this was sealed with")

    def _read(self) -> None:
        """Take over what is in the file now, if it has changed."""
        try:
            stat = self._path.stat()
            state = (stat.st_ino, stat.st_size, stat.st_mtime_ns)
            if state == self._state:
                return
            # Not as text: its codec might have to be loaded, by a user who no longer may.
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
        """Write a new key under another name, then rename it: there is never half a key.

        :raises VaultError: when that is not possible.
        """
        try:
            write_private(self._path, binascii.hexlify(secrets.token_bytes(KEY_SIZE)) + b"\n")
        except OSError as error:
            raise SecretBoxError(f"key file {self._path}: {error.strerror}") from error
