"""Certificates for loopback: each signs itself, so clients trust it by having it."""

from __future__ import annotations

import datetime
import ipaddress
import ssl
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID


@dataclass(frozen=True)
class Pair:
    """The files of a certificate and its private key."""

    certificate: Path
    private_key: Path

    @property
    def der(self) -> bytes:
        """The certificate that is in its file now, in DER."""
        return ssl.PEM_cert_to_DER_cert(self.certificate.read_text())

    def client(self) -> ssl.SSLContext:
        """For clients that trust it."""
        return ssl.create_default_context(cafile=str(self.certificate))


def make(folder: Path, name: str = "server", password: bytes | None = None) -> Pair:
    """A new pair for 127.0.0.1, localhost and the name."""
    pair = Pair(folder / f"{name}.pem", folder / f"{name}.key")
    _write(pair, ec.generate_private_key(ec.SECP256R1()), name, password)
    return pair


def make_weak(pair: Pair) -> None:
    """Put a key in the pair's files that no TLS of today takes, though it can be read."""
    _write(pair, rsa.generate_private_key(65537, 1024), "weak", None)


def _write(
    pair: Pair,
    key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey,
    name: str,
    password: bytes | None,
) -> None:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    names: list[x509.GeneralName] = [
        x509.IPAddress(ipaddress.ip_address("127.0.0.1")),
        x509.DNSName("localhost"),
        x509.DNSName(name),
    ]
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    pair.certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    pair.private_key.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(password)
            if password
            else serialization.NoEncryption(),
        )
    )
