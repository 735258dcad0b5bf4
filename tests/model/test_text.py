"""Text from outside: what may be printed, and which hosts are this machine."""

from __future__ import annotations

import pytest

from ddns.model.text import is_loopback, printable


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Bücher 1", "Bücher 1"),
        ("a\nb\x1b[31m", "a\\nb\\x1b[31m"),
        ("\udcff", "\\udcff"),
        ("a\u202eb", "a\\u202eb"),
        ("a\tb", "a\\tb"),
    ],
)
def test_what_is_not_printable_is_escaped(text: str, shown: str) -> None:
    assert printable(text) == shown


def test_what_is_to_stay_stays() -> None:
    assert printable("a\tb\n", keep="\t") == "a\tb\\n"


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        *(("127.0.0.1", True), ("127.9.9.9", True), ("::1", True), ("localhost", True)),
        *(("192.0.2.1", False), ("::", False), ("localhost.example", False), ("", False)),
    ],
)
def test_loopback(host: str, loopback: bool) -> None:
    assert is_loopback(host) is loopback
