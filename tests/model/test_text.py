from __future__ import annotations

import pytest

from ddns.model.text import is_loopback, printable


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("as it is ä", "as it is ä"),
        ("a\tb\nc\x1b[31m", "a\\tb\\nc\\x1b[31m"),
        ("\u202egnp.exe \udcff", "\\u202egnp.exe \\udcff"),
    ],
)
def test_unprintable_characters_are_escaped(text: str, shown: str) -> None:
    assert printable(text) == shown
    assert printable(shown) == shown


def test_unprintable_characters_are_kept_or_replaced() -> None:
    assert printable("a\tb\nc", keep="\t") == "a\tb\\nc"
    assert printable("a\tb\nc", keep="\n", replacement="·") == "a·b\nc"


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.1.2.3", "::1"])
def test_loopback(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["", "192.0.2.1", "::", "example.net", "127.0.0.1.example"])
def test_not_loopback(host: str) -> None:
    assert not is_loopback(host)
