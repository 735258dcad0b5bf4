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

from ddns.net.tls import KeyPair, read_pair

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
_PEM = serialization.Encoding.PEM


@dataclass(frozen=True)
class Pair:
    """The files of a certificate and its private key."""

    certificate: Path
    private_key: Path

    @property
    def der(self) -> bytes:
        """The certificate that is in its file now, in DER."""
        return ssl.PEM_cert_to_DER_cert(self.certificate.read_text())

    @property
    def octets(self) -> KeyPair:
        """What is in the files now."""
        return read_pair(self.certificate, self.private_key)

    def client(self) -> ssl.SSLContext:
        """For clients that trust it."""
        return ssl.create_default_context(cafile=str(self.certificate))


def make(
    folder: Path, name: str = "server", password: bytes | None = None, names: bool = True
) -> Pair:
    """A new pair for 127.0.0.1, localhost and the name, or without a word of what it is for."""
    pair = Pair(folder / f"{name}.pem", folder / f"{name}.key")
    _write(pair, ec.generate_private_key(ec.SECP256R1()), name, password, names)
    return pair


def make_rsa(folder: Path, name: str) -> Pair:
    """A new pair likewise, for clients that know no ECDSA."""
    pair = Pair(folder / f"{name}.pem", folder / f"{name}.key")
    _write(pair, rsa.generate_private_key(65537, 2048), name, None)
    return pair


def make_chain(folder: Path, name: str, key: PrivateKey) -> Pair:
    """A new pair with this key, whose certificate an authority of its own has issued: the files
    have both certificates, and clients trust the second."""
    pair = Pair(folder / f"{name}.pem", folder / f"{name}.key")
    above = ec.generate_private_key(ec.SECP256R1())
    issuer = _signed(above, f"issuer of {name}", above, f"issuer of {name}", [])
    leaf = _signed(key, name, above, f"issuer of {name}", [x509.DNSName(name)])
    pair.certificate.write_bytes(b"".join(one.public_bytes(_PEM) for one in (leaf, issuer)))
    pair.private_key.write_bytes(_private(key, serialization.NoEncryption()))
    return pair


def make_weak(pair: Pair) -> None:
    """Put a key in the pair's files that no TLS of today takes, though it can be read."""
    _write(pair, rsa.generate_private_key(65537, 1024), "weak", None)


def _write(
    pair: Pair, key: PrivateKey, name: str, password: bytes | None, named: bool = True
) -> None:
    names: list[x509.GeneralName] = [
        x509.IPAddress(ipaddress.ip_address("127.0.0.1")),
        x509.DNSName("localhost"),
        x509.DNSName(name),
    ]
    certificate = _signed(key, name, key, name, names if named else [])
    pair.certificate.write_bytes(certificate.public_bytes(_PEM))
    encryption = (
        serialization.BestAvailableEncryption(password)
        if password
        else serialization.NoEncryption()
    )
    pair.private_key.write_bytes(_private(key, encryption))


def _signed(
    key: PrivateKey, name: str, by: PrivateKey, issuer: str, names: list[x509.GeneralName]
) -> x509.Certificate:
    """A certificate that is good for a day, of an authority if its names are its own."""
    now = datetime.datetime.now(datetime.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
    )
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    if name == issuer:
        authority = x509.BasicConstraints(ca=True, path_length=0)
        builder = builder.add_extension(authority, critical=True)
    return builder.sign(by, hashes.SHA256())


def _private(key: PrivateKey, encryption: serialization.KeySerializationEncryption) -> bytes:
    return key.private_bytes(_PEM, serialization.PrivateFormat.PKCS8, encryption)
