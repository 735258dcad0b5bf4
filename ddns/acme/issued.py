"""Certificates that were issued to us: what is in their files, and whether they can be used."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from ddns.acme.problem import Problem

_FROM = b"Issued by "
CURVE, RSA_BITS = ec.SECP256R1(), 2048
SLACK = 300.0
"""Seconds by which the authority's clock may be ahead of ours."""


@dataclass(frozen=True, slots=True)
class Issued:
    """A certificate with its private key.

    :param pem: what is in its file: where it is from, the private key, the certificate, its chain.
    :param directory: the URL of the directory of the authority that issued it.
    :param names: those that it is for.
    :param issuer: its issuer's name, for people.
    :param begins: from when it is valid, in seconds since 1970.
    :param ends: until when.
    :param key_type: ``ecdsa`` or ``rsa``.
    """

    pem: bytes
    directory: str
    names: frozenset[str]
    issuer: str
    begins: float
    ends: float
    key_type: str

    @property
    def lifetime(self) -> float:
        """How many seconds it is valid in all."""
        return self.ends - self.begins

    @property
    def chain(self) -> bytes:
        """The certificate and its chain, in PEM."""
        return b"".join(_pem(one) for one in x509.load_pem_x509_certificates(self.pem))


def new_key(key_type: str) -> bytes:
    """Return a new private key in PEM."""
    if key_type == "rsa":
        return _private(rsa.generate_private_key(65537, RSA_BITS))
    return _private(ec.generate_private_key(CURVE))


def file_of(directory: str, private_key: bytes, chain: bytes) -> bytes:
    """Return what is kept of a certificate, in one file so that all of it is replaced at once.

    Text before the first block is a comment (RFC 7468 2).
    """
    return b"\n".join((_FROM + directory.encode(), private_key.strip(), chain.strip(), b""))


def read(pem: bytes) -> Issued:
    """Read what :func:`file_of` returns.

    :raises Problem: when it is something else.
    """
    first, _, _ = pem.partition(b"\n")
    try:
        certificate = x509.load_pem_x509_certificates(pem)[0]
        key: Any = serialization.load_pem_private_key(pem, None)
        names = _names(certificate)
        if key.public_key() != certificate.public_key():
            raise Problem("the certificate is for another key")
        return Issued(
            pem=pem,
            directory=first.removeprefix(_FROM).decode("utf-8", "replace"),
            names=frozenset(names),
            issuer=_shown(certificate.issuer),
            begins=certificate.not_valid_before_utc.timestamp(),
            ends=certificate.not_valid_after_utc.timestamp(),
            key_type="rsa" if isinstance(key, rsa.RSAPrivateKey) else "ecdsa",
        )
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise Problem("expected a private key and certificates in PEM") from None


def check(issued: Issued, names: Iterable[str], now: float) -> None:
    """Check a certificate that has just been issued.

    :raises Problem: when it cannot be used for these names now.
    """
    if missing := sorted(set(names) - issued.names):
        raise Problem(f"the certificate is not for {', '.join(missing)}")
    if issued.begins > now + SLACK:
        raise Problem("the certificate is not valid yet")
    if issued.ends <= now:
        raise Problem("the certificate has expired already")


def _names(certificate: x509.Certificate) -> list[str]:
    try:
        extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return []
    return [name.lower() for name in extension.value.get_values_for_type(x509.DNSName)]


def _shown(name: x509.Name) -> str:
    for attribute in (NameOID.COMMON_NAME, NameOID.ORGANIZATION_NAME):
        for found in name.get_attributes_for_oid(attribute):
            return str(found.value)
    return name.rfc4514_string()


def _private(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)
