"""Which services there are by settings and sockets, before any of them is opened."""

from __future__ import annotations

from pathlib import Path

import pytest

from ddns.config.settings import Settings
from ddns.config.tls_settings import AcmeSettings, DotSettings, HttpsSettings
from ddns.server.service import DdnsService
from tests.net.reactors import RunningReactor

LISTEN = ("tcp:8443",)
ACME = AcmeSettings(directory="https://ca.example/directory", names=("ddns.example.net",))


@pytest.mark.parametrize(
    ("https", "inherited", "expected"),
    [
        (HttpsSettings(), (), False),
        (HttpsSettings(certificate="cert.pem"), (), True),
        (HttpsSettings(LISTEN, certificate="cert.pem"), (), True),
        (HttpsSettings(LISTEN, acme=ACME), (), True),
        (HttpsSettings(acme=ACME), (), False),
        (HttpsSettings(acme=ACME), ("https",), True),
        (HttpsSettings(acme=ACME), ("dot",), False),
    ],
)
def test_whether_there_is_https(
    running: RunningReactor,
    tmp_path: Path,
    https: HttpsSettings,
    inherited: tuple[str, ...],
    expected: bool,
) -> None:
    """A host's diagnosis says that its client had better use it. A certificate that ACME brings may
    be for DNS over TLS alone."""
    settings = Settings(str(tmp_path / "ddns.sqlite"), https=https, dot=DotSettings(LISTEN))
    service = DdnsService(settings, running.reactor, inherited=dict.fromkeys(inherited, ()))
    assert service.core.running.has_https() is expected
