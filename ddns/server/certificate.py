"""The certificate that TLS shows: that of the settings, or the server's own by ACME."""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from twisted.internet.defer import ensureDeferred
from twisted.logger import Logger
from twisted.web.resource import IResource

from ddns.acme.apart import Apart
from ddns.acme.challenges import Challenges, Records
from ddns.acme.folder import Folder
from ddns.acme.issued import Issued
from ddns.acme.keeper import Keeper
from ddns.acme.order import IAuthority
from ddns.acme.problem import Problem
from ddns.acme.temporary import temporary
from ddns.acme.wanted import Wanted, wanted_by
from ddns.api.errors import ApiError, Conflict
from ddns.config.settings import Settings
from ddns.config.tls_settings import HttpsSettings
from ddns.model.certificate import CertificateState
from ddns.net.http.acme import AcmeResource
from ddns.net.tls import Certificate, KeyPair, TlsError, read_pair
from ddns.server.challenge_records import ChallengeRecords
from ddns.server.core import Core
from ddns.system.files import acme_path


class ServerCertificate:
    """What all listeners with TLS use, from the first of them on.

    :param settings: all of them.
    :param reactor: for timers and threads.
    :param now: seconds since 1970.
    :param records: our DNS, for challenges.
    :param has_http: returns whether we listen for plain HTTP.
    """

    _log = Logger()

    def __init__(
        self,
        settings: Settings,
        reactor: Any,
        now: Callable[[], float],
        records: Records,
        has_http: Callable[[], bool],
    ) -> None:
        self._https = settings.https
        self._reactor = reactor
        self._now = now
        self._folder = Folder(acme_path(settings.database))
        self._challenges = Challenges(records, has_http)
        self._apart = Apart(reactor)
        self._wanted = wanted_by(settings)
        self._keeper = self._keeper_of(self._wanted)
        self._tls: Certificate | None = None
        self._running = False

    def opened(self) -> Certificate:
        """Return the certificate; its files are read the first time.

        :raises TlsError: when it cannot be used.
        :raises ValueError: when the settings say of none.
        """
        if self._tls is None:
            if self._keeper is not None and self._wanted is not None:
                self._tls = self._of_its_own(self._keeper, self._wanted)
            elif self._https.certificates:
                self._tls = Certificate(*_of_files(self._https))
            else:
                raise ValueError("https.certificate: expected a file, for the socket passed to us")
        return self._tls

    def check_use(self) -> None:
        """Check that there is a use for a certificate, once the listeners are open.

        :raises ValueError: when there is none.
        """
        if self._wanted is not None and self._tls is None:
            raise ValueError(
                "https.acme.directory: expected https.listen or dot.listen, where its certificate"
                " is used"
            )

    def _of_its_own(self, keeper: Keeper, wanted: Wanted) -> Certificate:
        """Return what there is by now, else one that signs itself."""
        try:
            if issued := keeper.load():
                return Certificate(*_pairs(issued))
        except TlsError as error:
            self._log.error("{error}", error=error)
        pem = temporary(wanted.names, self._now())
        return Certificate(_pair(pem, "the temporary certificate"))

    def _keeper_of(self, wanted: Wanted | None) -> Keeper | None:
        if wanted is None:
            return None

        def connect(account_key: ec.EllipticCurvePrivateKey) -> IAuthority:
            from ddns.acme.authority import Authority  # takes its time, and is seldom needed

            return Authority(wanted, account_key, self._now)

        return Keeper(
            wanted,
            self._folder,
            self._challenges,
            self._prepare,
            connect,
            self._apart.run,
            self._reactor,
            self._now,
            random.random,
        )

    def _prepare(self, issued: Sequence[Issued]) -> Callable[[], None]:
        try:
            return self.opened().prepared(*_pairs(issued))
        except TlsError as error:
            raise Problem(str(error)) from None

    def apply(self, settings: Settings) -> None:
        """Use these settings. Files are read again; open connections keep what they began with.

        :raises TlsError: when the files cannot be used; then nothing is changed.
        """
        wanted = wanted_by(settings)
        if self._tls is None:
            if wanted is not None:
                raise TlsError("https.acme.directory: this takes listeners for TLS, and a restart")
            return
        if wanted is None:
            self._tls.use(*_of_files(settings.https))
        self._https = settings.https
        if wanted == self._wanted:
            return
        before, self._wanted = self._keeper, wanted
        self._keeper = self._keeper_of(wanted)
        if self._keeper is not None and (issued := self._keeper.load()):
            try:
                self._tls.use(*_pairs(issued))
            except TlsError as error:
                self._log.error("{error}", error=error)
        if self._running:
            ensureDeferred(self._change(before, self._keeper))

    async def _change(self, before: Keeper | None, after: Keeper | None) -> None:
        if before is not None:
            await before.stop()
        if after is not None and after is self._keeper and self._running:
            await after.start()

    def start(self) -> None:
        """Begin to keep a certificate of our own, once our DNS answers."""
        self._running = True
        ensureDeferred(self._change(None, self._keeper))

    async def stop(self) -> None:
        """Give up an order that goes on."""
        self._running = False
        if self._keeper is not None:
            await self._keeper.stop()

    def resources(self) -> Mapping[bytes, IResource]:
        """Return what an authority asks for over HTTP, by the first segment of its path."""
        return {b".well-known": AcmeResource(self._challenges.http_answer)}

    # For those who watch -------------------------------------------------------------------------

    def expiry(self) -> float | None:
        """Return when the certificate in use expires, in seconds since 1970; None without one."""
        return self._tls.good_until if self._tls else None

    def state(self) -> CertificateState | None:
        """Return how it stands with a certificate of our own; None if none is wanted."""
        return self._keeper.state() if self._keeper is not None else None

    async def renew(self) -> CertificateState:
        """Order a certificate of our own now, and return how it stands then.

        :raises ApiError: when there is none.
        """
        if self._keeper is None:
            raise Conflict(
                "the server gets no certificate for itself: https.acme.directory is not set"
            )
        try:
            await self._keeper.renew()
        except Problem as problem:
            raise ApiError("there is no new certificate: {problem}", problem=str(problem)) from None
        return self._keeper.state()


def certificate_of(
    core: Core,
    settings: Settings,
    reactor: Any,
    now: Callable[[], float],
    http: Callable[[], Collection[object]],
) -> ServerCertificate:
    """Return the certificate of a server, and have its operator see it. *http* returns where it
    listens for plain HTTP."""
    records = ChallengeRecords(core.zones, core.pipeline, core.notifier.states, reactor)
    certificate = ServerCertificate(settings, reactor, now, records, lambda: bool(http()))
    core.running.certificate = certificate.state
    core.running.renew = certificate.renew
    core.notices.watch_certificate(certificate.state)
    return certificate


def _of_files(https: HttpsSettings) -> Iterable[KeyPair]:
    return map(read_pair, https.certificates, https.private_keys)


def _pairs(issued: Iterable[Issued]) -> list[KeyPair]:
    return [_pair(one.pem, f"the certificate with a key for {one.key_type}") for one in issued]


def _pair(pem: bytes, name: str) -> KeyPair:
    return KeyPair(pem, pem, name, name)
