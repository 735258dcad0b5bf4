"""TLS certificate and private key from files, which can be reloaded while connections go on."""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple, cast

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from OpenSSL import SSL
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


class KeyPair(NamedTuple):
    """A certificate with its chain and its private key, in PEM, perhaps in one text; and how errors
    name both."""

    chain: bytes
    private_key: bytes
    chain_name: str
    key_name: str


def read_pair(certificate: str | Path, private_key: str | Path) -> KeyPair:
    """Read a PEM file with the server's certificate and after it its chain, and one with its key.

    :raises TlsError: when one cannot be read.
    """
    names = str(certificate), str(private_key)
    return KeyPair(_read(Path(certificate)), _read(Path(private_key)), *names)


@implementer(IOpenSSLServerConnectionCreator)
class Certificate:
    """Makes the server's side of TLS connections, version 1.2 and up.

    ``good_until`` is when the first of its certificates expires, in seconds since 1970.

    :param pairs: one for each type of key, ECDSA and RSA; clients get one that they understand.
    :raises TlsError: when they cannot be used.
    """

    def __init__(self, *pairs: KeyPair) -> None:
        self.use(*pairs)

    def use(self, *pairs: KeyPair) -> None:
        """Use these for new connections; open ones keep what they began with.

        :raises TlsError: when they cannot be used; then nothing changes.
        """
        self.prepared(*pairs)()

    def prepared(self, *pairs: KeyPair) -> Callable[[], None]:
        """Return a function that puts these into use, which have been tried already.

        :raises TlsError: when they cannot be used.
        """
        checked = [_Checked(pair) for pair in pairs]
        for one, other in itertools.combinations(checked, 2):
            if one.type == other.type:
                raise TlsError(
                    f"{one.name} and {other.name} have keys of one type, {one.type};"
                    " there may be one certificate for each type"
                )
        context = _context(checked)
        for one in checked:
            one.shake_hands(context)
        good_until = min(one.chain[0].not_valid_after_utc.timestamp() for one in checked)

        def use() -> None:
            self._context = context
            self.good_until = good_until

        return use

    def serverConnectionForTLS(self, protocol: TLSMemoryBIOProtocol) -> SSL.Connection:
        """Make the connection; see IOpenSSLServerConnectionCreator."""
        return SSL.Connection(self._context, None)


class _Checked:
    """A pair whose key and certificate belong together.

    :raises TlsError: when they do not, or are none.
    """

    def __init__(self, pair: KeyPair) -> None:
        self.name = pair.chain_name
        self.chain = _certificates(pair)
        self.key = _private_key(pair)
        try:
            public = self.key.public_key()
            if public != self.chain[0].public_key():
                raise TlsError(f"{pair.key_name} is not the key of {self.name}")
        except (ValueError, UnsupportedAlgorithm) as error:
            raise self.unusable(error) from None
        self.is_rsa = isinstance(public, rsa.RSAPublicKey)
        is_ecdsa = isinstance(public, ec.EllipticCurvePublicKey)
        self.type = "RSA" if self.is_rsa else "ECDSA" if is_ecdsa else type(public).__name__

    def unusable(self, error: Exception | str) -> TlsError:
        """Return the error that says why TLS cannot use it."""
        if isinstance(error, SSL.Error):
            reasons = [reason for *_, reason in error.args[0]] if error.args else []
            error = reasons[0] if reasons else "the handshake fails"
        return TlsError(f"{self.name}: TLS cannot use it: {error}")

    def add_to(self, context: SSL.Context, alone: bool) -> None:
        """Have a context offer it, *alone* or beside others.

        :raises TlsError: when it cannot.
        """
        try:
            if alone:
                certificate, *others = self.chain
                context.use_certificate(certificate)
                for one in others:
                    context.add_extra_chain_cert(one)
            else:  # only chains that are read from files belong to one certificate each
                with tempfile.NamedTemporaryFile() as file:
                    for link in self.chain:
                        file.write(link.public_bytes(serialization.Encoding.PEM))
                    file.flush()
                    context.use_certificate_chain_file(file.name)
            context.use_privatekey(self.key)
        except (SSL.Error, ValueError, TypeError, UnsupportedAlgorithm) as error:
            raise self.unusable(error) from None
        except OSError as error:
            raise self.unusable(error.strerror or str(error)) from None

    def shake_hands(self, context: SSL.Context) -> None:
        """Try a connection in memory of a client that asks for this type of key, since some keys
        load and then fail every handshake.

        :raises TlsError: when it fails.
        """
        client = SSL.Context(SSL.TLS_METHOD)
        # Up to TLS 1.2 the cipher tells the type of key.
        client.set_max_proto_version(SSL.TLS1_2_VERSION)
        client.set_cipher_list(b"aRSA" if self.is_rsa else b"aECDSA")
        try:
            shown = _shake_hands(context, client)
        except SSL.Error as error:
            raise self.unusable(error) from None
        if shown != self.chain[0]:
            raise self.unusable("clients that ask for its type of key get another one")


def _context(pairs: list[_Checked]) -> SSL.Context:
    context = CertificateOptions(raiseMinimumTo=TLSVersion.TLSv1_2).getContext()
    for pair in pairs:
        pair.add_to(context, alone=len(pairs) == 1)
    return context


def _shake_hands(context: SSL.Context, client_context: SSL.Context) -> x509.Certificate | None:
    """Connect a client in memory; return the certificate that it gets.

    :raises SSL.Error: when it fails.
    """
    server = SSL.Connection(context, None)
    server.set_accept_state()
    client = SSL.Connection(client_context, None)
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
            return client.get_peer_certificate(as_cryptography=True)
    raise SSL.Error


def _certificates(pair: KeyPair) -> list[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(pair.chain)
    except (ValueError, UnsupportedAlgorithm):
        raise TlsError(f"{pair.chain_name}: expected certificates in PEM") from None


def _private_key(pair: KeyPair) -> Any:
    """Return the private key; OpenSSL says later whether TLS knows its type."""
    name = pair.key_name
    try:
        return serialization.load_pem_private_key(pair.private_key, None)
    except TypeError:
        raise TlsError(f"{name}: expected a private key without a password, for TLS") from None
    except (ValueError, UnsupportedAlgorithm):
        raise TlsError(f"{name}: expected a private key in PEM") from None


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise TlsError(f"{path}: {error.strerror}") from error
