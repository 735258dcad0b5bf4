"""Settings of the server's own certificate: names, and what goes with what."""

from __future__ import annotations

from pathlib import Path

import pytest

from ddns.config.acme import certificate_names
from ddns.config.load import load_settings
from ddns.config.settings import Settings
from ddns.config.toml import ConfigError

DIRECTORY = '[https.acme]\ndirectory = "https://ca.example/directory"\n'


def loaded(tmp_path: Path, text: str) -> Settings:
    file = tmp_path / "ddns.toml"
    file.write_text(text)
    return load_settings(file)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            'names = ["DDNS.example.net", "*.dyn.example.net", "ddns.example.net."]',
            ("ddns.example.net", "*.dyn.example.net"),
        ),
        ('names = ["ñandú.example"]', ("xn--and-6ma2c.example",)),
        ('[api]\nurl = "https://Ddns.example.net:8443/x"', ("ddns.example.net",)),
    ],
)
def test_names_of_the_certificate(tmp_path: Path, text: str, expected: tuple[str, ...]) -> None:
    assert certificate_names(loaded(tmp_path, DIRECTORY + text)) == expected


@pytest.mark.parametrize(
    ("text", "about"),
    [
        (DIRECTORY, "https.acme.names: expected names"),
        (DIRECTORY + '[api]\nurl = "https://192.0.2.1"', "https.acme.names: expected names"),
        (DIRECTORY + 'names = ["192.0.2.1"]', "https.acme.names: .* got '192.0.2.1'"),
        (DIRECTORY + 'names = ["a.*.example"]', "https.acme.names"),
        (DIRECTORY + 'names = ["localhost"]', "https.acme.names"),
        (DIRECTORY + 'names = ["a.example"]\nkeys = ["dsa"]', "https.acme.keys"),
        (DIRECTORY + 'names = ["a.example"]\nkeys = []', "https.acme.keys"),
        (DIRECTORY + 'names = ["a.example"]\nkeys = ["rsa", "rsa"]', "https.acme.keys"),
        (DIRECTORY + 'names = ["a.example"]\nemail = "a"', "https.acme.email"),
        (DIRECTORY + 'names = ["a.example"]\neab_kid = "a"', "https.acme.eab_kid and"),
        (
            DIRECTORY + 'names = ["a.example"]\neab_kid = "a"\neab_hmac_key = "canary+"',
            "https.acme.eab_hmac_key: expected base64url$",
        ),
        (
            DIRECTORY + 'names = ["a.example"]\n[https]\ncertificate = "x.pem"',
            "https.certificate: expected none",
        ),
        ('[https.acme]\ndirectory = "http://ca.example"', "https.acme.directory: expected https"),
        ('[https.acme]\nnames = ["a.example"]', "https.acme.directory: expected the URL"),
        (
            '[https]\nlisten = ["tcp:443"]',
            "https.certificate or https.acme.directory: expected one of them",
        ),
    ],
)
def test_what_cannot_be(tmp_path: Path, text: str, about: str) -> None:
    with pytest.raises(ConfigError, match=about):
        loaded(tmp_path, text)


def test_a_listener_with_a_certificate_to_come(tmp_path: Path) -> None:
    text = DIRECTORY + 'names = ["a.example"]\n[https]\nlisten = ["tcp:443"]'
    assert loaded(tmp_path, text).https.listen == ("tcp:443",)
