"""TLS certificate and private key from files, which can be reloaded while connections go on."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import cast

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from OpenSSL import SSL, crypto
from twisted.internet.interfaces import IAddress, IOpenSSLServerConnectionCreator
from twisted.internet.protocol import connectionDone
from twisted.internet.ssl import CertificateOptions, TLSVersion
from twisted.protocols.tls import TLSMemoryBIOFactory, TLSMemoryBIOProtocol
from twisted.python.failure import Failure
from zope.interface import implementer

from ddns.model.door import Trouble
from ddns.net import peers


class TlsError(Exception):
    """The files cannot be used; ``str()`` says in one line which and why."""


class TlsProtocol(TLSMemoryBIOProtocol):
    """Twisted's, which tells its factory what an error of TLS means."""

    factory: TlsFactory
    peer = ""
    _reason: Failure | None

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        error = None if self._reason is None else self._reason.value
        if isinstance(error, SSL.Error) and (trouble := trouble_of(error)) is not None:
            self.factory.on_trouble(self.peer, trouble)
        super().connectionLost(reason)


class TlsFactory(TLSMemoryBIOFactory):
    """Twisted's, but what is written is sent at once and not a turn of the reactor later: answers
    are in one piece already, and what is unsent shows in the socket's transport.

    ``on_trouble`` is called with the address of a client that TLS fails with, and why.
    """

    protocol = TlsProtocol
    on_trouble: Callable[[str, Trouble], None] = staticmethod(lambda peer, trouble: None)

    def buildProtocol(self, addr: IAddress | None) -> TlsProtocol:
        """Build the protocol of a connection from *addr*, which a proxy may have told."""
        built = cast(TlsProtocol, super().buildProtocol(addr))
        built.peer = peers.text_of(addr)
        return built


_TROUBLES = {
    "unsupported protocol": Trouble.OLD_TLS,
    "no shared cipher": Trouble.OLD_TLS,
    "http request": Trouble.NO_TLS,
}
"""What OpenSSL calls them."""


def trouble_of(error: SSL.Error) -> Trouble | None:
    """Return what an error means for a client; None if that is nobody's mistake.

    >>> trouble_of(SSL.Error([("SSL routines", "", "ssl/tls alert unknown ca")]))
    <Trouble.NO_TRUST: 'no_trust'>
    """
    for *_, reason in error.args[0] if error.args else ():
        if "alert" in reason and ("unknown ca" in reason or "certificate" in reason):
            return Trouble.NO_TRUST
        if reason in _TROUBLES:
            return _TROUBLES[reason]
    return None


@implementer(IOpenSSLServerConnectionCreator)
class Certificate:
    """Makes the server's side of TLS connections, version 1.2 and up.

    ``good_until`` is when the certificate expires, in seconds since 1970.

    :param certificate: a PEM file with the server's certificate and after it its chain.
    :param private_key: a PEM file with one key without a password; may be the same file.
    :raises TlsError: when they cannot be used.
    """

    def __init__(self, certificate: str | Path, private_key: str | Path) -> None:
        self.load(certificate, private_key)

    def load(self, certificate: str | Path, private_key: str | Path) -> None:
        """Load the files, for new connections; open ones keep what they began with.

        :raises TlsError: when they cannot be used; then nothing changes.
        """
        chain = _certificates(Path(certificate))
        key, public = _key(Path(private_key))
        try:
            if public != chain[0].public_key():
                raise TlsError(f"{private_key} is not the key of {certificate}")
            context = _context(chain, key)
            _shake_hands(context)
        except SSL.Error as error:
            reasons = [reason for *_, reason in error.args[0]] if error.args else []
            why = reasons[0] if reasons else "the handshake fails"
            raise TlsError(f"{certificate}: TLS cannot use it: {why}") from None
        except (ValueError, UnsupportedAlgorithm) as error:
            raise TlsError(f"{certificate}: TLS cannot use it: {error}") from None
        self._context = context
        self.good_until = chain[0].not_valid_after_utc.timestamp()

    def serverConnectionForTLS(self, protocol: TLSMemoryBIOProtocol) -> SSL.Connection:
        """Make the connection; see IOpenSSLServerConnectionCreator."""
        return SSL.Connection(self._context, None)


def _context(chain: list[x509.Certificate], key: crypto.PKey) -> SSL.Context:
    certificate, *others = map(crypto.X509.from_cryptography, chain)
    return CertificateOptions(
        privateKey=key,
        certificate=certificate,
        extraCertChain=others,
        raiseMinimumTo=TLSVersion.TLSv1_2,
    ).getContext()


def _shake_hands(context: SSL.Context) -> None:
    """Try a connection in memory, since some keys load and then fail every handshake.

    :raises SSL.Error: when it fails.
    """
    server = SSL.Connection(context, None)
    server.set_accept_state()
    client = SSL.Connection(SSL.Context(SSL.TLS_METHOD), None)
    client.set_connect_state()
    waiting = [client, server]
    for _ in range(10):
        for mine, others in ((client, server), (server, client)):
            with suppress(SSL.WantReadError):
                mine.do_handshake()
                waiting = [one for one in waiting if one is not mine]
            with suppress(SSL.WantReadError):
                others.bio_write(mine.bio_read(65536))
        if not waiting:
            return
    raise SSL.Error


def _certificates(path: Path) -> list[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(_read(path))
    except (ValueError, UnsupportedAlgorithm):
        raise TlsError(f"{path}: expected certificates in PEM") from None


def _key(path: Path) -> tuple[crypto.PKey, object]:
    """Read a private key; return it, and its public key."""
    try:
        key = serialization.load_pem_private_key(_read(path), None)
        return crypto.PKey.from_cryptography_key(key), key.public_key()  # type: ignore[arg-type]
    except TypeError:
        raise TlsError(f"{path}: expected a private key without a password, for TLS") from None
    except (ValueError, UnsupportedAlgorithm):
        raise TlsError(f"{path}: expected a private key in PEM") from None


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise TlsError(f"{path}: {error.strerror}") from error
