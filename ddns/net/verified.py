"""The client's side of TLS, with the server's certificate verified for its name."""

from __future__ import annotations

from pathlib import Path

from cryptography import x509
from OpenSSL import SSL, crypto
from service_identity.cryptography import (
    verify_certificate_hostname,
    verify_certificate_ip_address,
)
from twisted.internet.interfaces import IOpenSSLClientConnectionCreator
from twisted.internet.ssl import (
    CertificateOptions,
    TLSVersion,
    platformTrust,
    trustRootFromCertificates,
)
from twisted.protocols.tls import TLSMemoryBIOProtocol
from zope.interface import implementer

from ddns.model.records import address_from_text

_PROBLEMS = {
    9: "is not valid yet",
    10: "has expired",
    18: "is signed by itself",
    19: "is signed by an unknown authority",
    20: "is signed by an unknown authority, or lacks the intermediate certificate",
    21: "is signed by an unknown authority, or lacks the intermediate certificate",
}
"""What OpenSSL's numbers mean (X509_STORE_CTX_get_error(3))."""


def trusting_context(ca: str, *, alone: bool = False) -> SSL.Context:
    """Return a context that trusts the system's authorities. It reads files, for some 15 ms.

    :param ca: a PEM file of further authorities, or nothing.
    :param alone: whether the system's are not trusted where there is such a file.
    :raises OSError: when that cannot be read; ValueError, when there are none in it.
    """
    own = x509.load_pem_x509_certificates(Path(ca).read_bytes()) if ca else []
    trust = trustRootFromCertificates([]) if own and alone else platformTrust()
    options = CertificateOptions(trustRoot=trust, raiseMinimumTo=TLSVersion.TLSv1_2)
    context: SSL.Context = options.getContext()
    trusted = context.get_cert_store()
    assert trusted is not None
    for certificate in own:
        trusted.add_cert(crypto.X509.from_cryptography(certificate))
    return context


@implementer(IOpenSSLClientConnectionCreator)
class VerifiedHost:
    """Makes connections to a host whose certificate has to be valid for it.

    Twisted's own takes a certificate whose names it cannot read for a good one.

    :param context: see :func:`trusting_context`.
    :param host: a name, or an address.

    ``problem`` says what is wrong with the certificate that was shown last.
    """

    def __init__(self, context: SSL.Context, host: str) -> None:
        self._context = context
        self._host = host
        self._is_address = address_from_text(host) is not None
        self.problem = ""

    def clientConnectionForTLS(self, protocol: TLSMemoryBIOProtocol) -> SSL.Connection:
        """Make the connection; see IOpenSSLClientConnectionCreator."""
        connection = SSL.Connection(self._context, None)
        if not self._is_address:  # RFC 6066 3
            connection.set_tlsext_host_name(self._host.encode("idna"))
        connection.set_verify(SSL.VERIFY_PEER, self._verify)
        return connection

    def _verify(
        self, connection: SSL.Connection, shown: crypto.X509, error: int, depth: int, ok: int
    ) -> bool:
        if not ok:
            self.problem = _PROBLEMS.get(error, "is not trusted")
            return False
        if depth == 0:
            certificate = shown.to_cryptography()
            try:
                if self._is_address:
                    verify_certificate_ip_address(certificate, self._host)
                else:
                    verify_certificate_hostname(certificate, self._host)
            except Exception:  # whatever it is, the name is not verified
                self.problem = f"is not valid for {self._host}"
                return False
        return True
