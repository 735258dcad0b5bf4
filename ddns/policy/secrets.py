"""Secrets: how they are made, kept and compared.

Generated keys have so much entropy that one round of SHA-256 keeps them; passwords, which people
choose, get argon2id (RFC 9106). A password check costs about 0.1 s and 64 MiB, so callers run it
outside the reactor's thread.
"""

from __future__ import annotations

import functools
import hashlib
import hmac
import secrets
import string

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

KEY_LENGTH = 24  # of 62 letters and digits: 142 bits
SHORT_KEY_LENGTH = 15  # 89 bits; what the miniupdate client in C has room for
TOKEN_LENGTH = 43  # 256 bits
_ALPHABET = string.ascii_letters + string.digits

_HASHER = PasswordHasher()


@functools.cache
def _nobody() -> str:
    """A hash to compare with where there is none. Not made before a password has to be checked:
    most runs of the command never check one."""
    return _HASHER.hash(secrets.token_urlsafe())


def generate_key(length: int = KEY_LENGTH) -> str:
    """A new key: letters and digits only, because routers mangle anything else."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))


def generate_token() -> str:
    """What stands for a person, in a mail or after logging in: 256 bits, and nothing that a shell
    or a mail program would take for something else."""
    return generate_key(TOKEN_LENGTH)


def responder(secret: str) -> str:
    """What a miniupdate client makes responses from instead of the secret itself: the hexadecimal
    digits of its MD5. Whoever has this can log in, so it is kept sealed."""
    return hashlib.md5(secret.encode(), usedforsecurity=False).hexdigest()


def answers(response: str, challenge: str, responder: str) -> bool:
    """Whether a response is the MD5 of the responder followed by the challenge (miniDNS seed,
    LOGIN), in upper or lower case."""
    right = hashlib.md5((responder + challenge).encode(), usedforsecurity=False).hexdigest()
    given = response.lower().encode("utf-8", "surrogateescape")
    return hmac.compare_digest(given, right.encode())


def digest_key(key: str) -> bytes:
    """What is stored and looked up instead of a key (32 octets)."""
    return hashlib.sha256(key.encode("utf-8", "surrogateescape")).digest()


def hash_password(password: str) -> str:
    """An argon2id hash in its standard text form. Slow."""
    return _HASHER.hash(password)


def verify_password(password: str, hashed: str | None) -> bool:
    """Whether the password fits. Slow, and just as slow when there is no hash to compare with."""
    nobody = _nobody()  # the first time costs this as well, whoever it is
    try:
        return _HASHER.verify(hashed or nobody, password) and hashed is not None
    except (VerificationError, InvalidHashError, UnicodeError):
        return False


def is_outdated(hashed: str) -> bool:
    """Whether a hash was made with other parameters than today's."""
    try:
        return _HASHER.check_needs_rehash(hashed)
    except InvalidHashError:
        return False
