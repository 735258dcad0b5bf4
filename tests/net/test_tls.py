"""Certificates of several types of key in one context, each with its own chain."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from OpenSSL import SSL

from ddns.net.tls import Certificate, TlsError
from tests import certificates
from tests.certificates import Pair


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Pair, Pair]:
    """One with an ECDSA key and one with an RSA key."""
    folder = tmp_path_factory.mktemp("pairs")
    return (
        certificates.make_chain(folder, "curves.test", ec.generate_private_key(ec.SECP256R1())),
        certificates.make_chain(folder, "primes.test", rsa.generate_private_key(65537, 2048)),
    )


def shown(certificate: Certificate, *, ciphers: str = "", old: bool = False) -> list[str]:
    """The chain that a client gets, by the subjects of its certificates."""
    context = SSL.Context(SSL.TLS_METHOD)
    if old:
        context.set_max_proto_version(SSL.TLS1_2_VERSION)
    if ciphers:
        context.set_cipher_list(ciphers.encode())
    client, server = SSL.Connection(context, None), certificate.serverConnectionForTLS(None)  # type: ignore[arg-type]
    client.set_connect_state()
    server.set_accept_state()
    chain: list[str] = []
    for _ in range(4):
        for mine, others in ((client, server), (server, client)):
            with suppress(SSL.WantReadError):
                mine.do_handshake()
            with suppress(SSL.WantReadError):
                others.bio_write(mine.bio_read(65536))
    for one in client.get_peer_cert_chain(as_cryptography=True) or []:
        assert isinstance(one, x509.Certificate)
        chain.append(one.subject.rfc4514_string().removeprefix("CN="))
    return chain


CURVES = ["curves.test", "issuer of curves.test"]
PRIMES = ["primes.test", "issuer of primes.test"]


def test_each_client_gets_one_that_it_understands(pairs: tuple[Pair, Pair]) -> None:
    for given in (pairs, pairs[::-1]):
        certificate = Certificate(*(pair.octets for pair in given))
        assert shown(certificate) == CURVES
        assert shown(certificate, old=True) == CURVES
        assert shown(certificate, old=True, ciphers="ECDHE+aRSA") == PRIMES
        assert shown(certificate, old=True, ciphers="ECDHE+aECDSA") == CURVES


def test_one_alone_has_its_chain(pairs: tuple[Pair, Pair]) -> None:
    assert shown(Certificate(pairs[0].octets)) == CURVES
    assert shown(Certificate(pairs[1].octets)) == PRIMES


def test_one_takes_the_place_of_two(pairs: tuple[Pair, Pair]) -> None:
    certificate = Certificate(*(pair.octets for pair in pairs))
    certificate.use(pairs[1].octets)
    assert shown(certificate) == PRIMES


def test_what_is_prepared_is_not_in_use(pairs: tuple[Pair, Pair]) -> None:
    certificate = Certificate(pairs[0].octets)
    use = certificate.prepared(pairs[1].octets)
    assert shown(certificate) == CURVES
    use()
    assert shown(certificate) == PRIMES


def test_one_that_is_bad_changes_nothing(pairs: tuple[Pair, Pair], tmp_path: Path) -> None:
    certificate = Certificate(pairs[0].octets)
    weak = certificates.make(tmp_path, "weak")
    certificates.make_weak(weak)
    with pytest.raises(TlsError, match=r"weak\.pem: TLS cannot use it"):
        certificate.use(pairs[0].octets, weak.octets)
    mixed = pairs[0].octets._replace(private_key=pairs[1].octets.private_key)
    with pytest.raises(TlsError, match="is not the key of"):
        certificate.use(mixed)
    assert shown(certificate) == CURVES


def test_two_of_a_type(pairs: tuple[Pair, Pair], tmp_path: Path) -> None:
    other = certificates.make(tmp_path, "other")
    with pytest.raises(TlsError, match="have keys of one type, ECDSA;"):
        Certificate(pairs[0].octets, other.octets)
