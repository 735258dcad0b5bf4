"""One-time codes: those of RFC 6238, in a small window, each once."""

from __future__ import annotations

import base64
from urllib.parse import parse_qs, urlsplit

import pytest

from ddns.policy import totp

SECRET = base64.b32encode(b"12345678901234567890").decode()
"""That of RFC 6238, appendix B, whose codes have eight digits of which these are the last six."""

VECTORS = [
    (59, "287082"),
    (1111111109, "081804"),
    (1111111111, "050471"),
    (1234567890, "005924"),
    (2000000000, "279037"),
    (20000000000, "353130"),
]


@pytest.mark.parametrize(("now", "code"), VECTORS)
def test_codes_of_the_rfc(now: int, code: str) -> None:
    assert totp.is_code(code)
    step = now // 30
    for late in (-30, 0, 30):
        assert totp.step_of(SECRET, code, now + late, 0) == step
    for far in (-60, 60):
        assert totp.step_of(SECRET, code, now + far, 0) is None
    assert totp.step_of(SECRET, code, now, step - 1) == step
    assert totp.step_of(SECRET, code, now, step) is None


def test_the_first_minute_of_all() -> None:
    assert totp.step_of(SECRET, "755224", 0.0, -1) == 0  # RFC 4226, appendix D


@pytest.mark.parametrize("text", ["", "12345", "1234567", "12345a", "१२३४५६", "12345\u00b2"])
def test_what_is_no_code(text: str) -> None:
    assert not totp.is_code(text)


def test_what_an_app_is_told() -> None:
    secret = totp.generate_secret()
    assert len(base64.b32decode(secret)) == 20
    assert secret != totp.generate_secret()
    parts = urlsplit(totp.uri(secret, "a+b@c", "ddns.example.net"))
    assert (parts.scheme, parts.netloc) == ("otpauth", "totp")
    assert parts.path == "/ddns.example.net:a%2Bb%40c"
    assert parse_qs(parts.query) == {"secret": [secret], "issuer": ["ddns.example.net"]}
