"""The client's side of TLS, with the server's certificate verified for its name."""

from __future__ import annotations

from pathlib import Path

from OpenSSL import SSL, crypto
from service_identity.cryptography import (
    verify_certificate_hostname,
    verify_certificate_ip_address,
)
from twisted.internet.interfaces import IOpenSSLClientConnectionCreator
from twisted.internet.ssl import CertificateOptions, TLSVersion, platformTrust
from twisted.protocols.tls import TLSMemoryBIOProtocol
from zope.interface import implementer

from ddns.model.outward import OutwardError
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


def trusting_context(ca: str) -> SSL.Context:
    """Return a context that trusts the system's authorities. It reads files, for some 15 ms.

    :param ca: a PEM file of further authorities, or nothing.
    :raises OutwardError: when that cannot be read.
    """
    options = CertificateOptions(trustRoot=platformTrust(), raiseMinimumTo=TLSVersion.TLSv1_2)
    context = options.getContext()
    if ca:
        try:
            Path(ca).open("rb").close()
            context.load_verify_locations(ca)
        except (OSError, SSL.Error):
            raise OutwardError("outward.ca cannot be used") from None
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
            connection.set_tlsext_host_name(self._host.encode("ascii"))
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
