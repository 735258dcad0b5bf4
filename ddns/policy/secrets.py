"""Generate, hash and verify keys and passwords.

Generated keys have enough entropy for a single SHA-256; passwords, which people choose, get
argon2id (RFC 9106). A password check costs about 0.1 s and 64 MiB, so callers run it
outside the reactor's thread.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import hmac
import secrets
import string

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

KEY_LENGTH = 24  # of 62 letters and digits: 142 bits
SHORT_KEY_LENGTH = 15  # 89 bits; the limit of the miniupdate client in C
TOKEN_LENGTH = 43  # 256 bits
RECOVERY_CODES = 10
ALGORITHMS = ("hmac-sha256", "hmac-sha384", "hmac-sha512", "hmac-sha224")
WEAK_ALGORITHMS = ("hmac-sha1", "hmac-md5.sig-alg.reg.int")
"""Algorithms of TSIG keys (RFC 8945 6): those to be used, and those of old clients."""

_ALPHABET = string.ascii_letters + string.digits
_LEGIBLE = "abcdefghjkmnpqrstuvwxyz23456789"  # nothing that is read as something else
_GROUPS, _GROUP = 4, 5  # 99 bits

_HASHER = PasswordHasher()


@functools.cache
def _nobody() -> str:
    """Return a hash to compare with when the account has none.

    Computed on first use, since most runs of the command never check a password.
    """
    return _HASHER.hash(secrets.token_urlsafe())


def generate_key(length: int = KEY_LENGTH) -> str:
    """Generate a key of letters and digits only, because routers mangle anything else."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))


def looks_like_key(text: str) -> bool:
    """Return whether a text has the form of a key of ours."""
    return len(text) in (KEY_LENGTH, SHORT_KEY_LENGTH) and text.isascii() and text.isalnum()


def generate_tsig_secret() -> str:
    """Generate the secret of a TSIG key: 256 bits in Base64."""
    return base64.b64encode(secrets.token_bytes(32)).decode()


def is_base64(secret: str) -> bool:
    """Return whether this can be the secret of a TSIG key: Base64 of 16 to 256 octets."""
    try:
        return 16 <= len(base64.b64decode(secret, validate=True)) <= 256
    except ValueError:
        return False


def generate_token() -> str:
    """Generate a mailed token or session token: 256 bits, safe in shells and mail programs."""
    return generate_key(TOKEN_LENGTH)


def generate_recovery_code() -> str:
    """Generate a code that people write down."""
    groups = ("".join(secrets.choice(_LEGIBLE) for _ in range(_GROUP)) for _ in range(_GROUPS))
    return "-".join(groups)


def digest_recovery_code(code: str) -> bytes:
    """Return the SHA-256 of a code, however its letters are grouped."""
    return digest_key("".join(code.lower().replace("-", " ").split()))


def responder(secret: str) -> str:
    """Return the hexadecimal MD5 of a miniupdate secret, from which clients compute responses.

    It suffices to log in, so it is stored encrypted only.
    """
    return hashlib.md5(secret.encode(), usedforsecurity=False).hexdigest()


def freedns_login(account: str, secret: str) -> str:
    """Return what clients of FreeDNS's first API send in the place of user name and secret: their
    SHA-1 in hexadecimal digits."""
    return hashlib.sha1(f"{account}|{secret}".encode(), usedforsecurity=False).hexdigest()


def answers(response: str, challenge: str, responder: str) -> bool:
    """Return whether a response is the MD5 of responder and challenge (miniDNS seed, LOGIN), in
    upper or lower case."""
    right = hashlib.md5((responder + challenge).encode(), usedforsecurity=False).hexdigest()
    given = response.lower().encode("utf-8", "surrogateescape")
    return hmac.compare_digest(given, right.encode())


def digest_key(key: str) -> bytes:
    """Return the SHA-256 (32 octets) under which a key is stored and looked up."""
    return hashlib.sha256(key.encode("utf-8", "surrogateescape")).digest()


def hash_password(password: str) -> str:
    """Return an argon2id hash in its standard text form. Slow: call it in a thread."""
    return _HASHER.hash(password)


def verify_password(password: str, hashed: str | None) -> bool:
    """Return whether the password matches. Slow, and equally slow without a hash."""
    nobody = _nobody()  # before the branch, so that the first call is as slow for every user
    try:
        return _HASHER.verify(hashed or nobody, password) and hashed is not None
    except (VerificationError, InvalidHashError, UnicodeError):
        return False


def is_outdated(hashed: str) -> bool:
    """Return whether a hash was made with parameters other than the current ones."""
    try:
        return _HASHER.check_needs_rehash(hashed)
    except InvalidHashError:
        return False
