"""Secrets: how they are made, kept and compared.

Generated keys have so much entropy that one round of SHA-256 keeps them; passwords, which people
choose, get argon2id (RFC 9106). A password check costs about 0.1 s and 64 MiB, so callers run it
outside the reactor's thread.
"""

from __future__ import annotations

import hashlib
import secrets
import string

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

KEY_LENGTH = 24  # of 62 letters and digits: 142 bits
_ALPHABET = string.ascii_letters + string.digits

_HASHER = PasswordHasher()
_NOBODY = _HASHER.hash(secrets.token_urlsafe())


def generate_key() -> str:
    """A new update key: letters and digits only, because routers mangle anything else."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(KEY_LENGTH))


def digest_key(key: str) -> bytes:
    """What is stored and looked up instead of a key (32 octets)."""
    return hashlib.sha256(key.encode("utf-8", "surrogateescape")).digest()


def hash_password(password: str) -> str:
    """An argon2id hash in its standard text form. Slow."""
    return _HASHER.hash(password)


def verify_password(password: str, hashed: str | None) -> bool:
    """Whether the password fits. Slow, and just as slow when there is no hash to compare with."""
    try:
        return _HASHER.verify(hashed or _NOBODY, password) and hashed is not None
    except (VerificationError, InvalidHashError, UnicodeError):
        return False
