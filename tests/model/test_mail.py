from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddns.model.mail import BadEmail, email_address


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("a@example.org", "a@example.org"),
        (" Alice.B+x@Example.ORG ", "Alice.B+x@example.org"),
        ("o'neil@b\u00fccher.example", "o'neil@xn--bcher-kva.example"),
    ],
)
def test_email_addresses(text: str, address: str) -> None:
    assert email_address(text) == address


@pytest.mark.parametrize(
    "text",
    [
        "", "a", "@", "a@", "@b.example", "a@b", "a@b.example\nBcc: c@d.example", "a b@c.example",
        "a@b@c.example", '"a b"@c.example', "a@[192.0.2.1]", ".a@b.example", "a.@b.example",
        "a..b@c.example", "\u00e4@b.example", "a" * 65 + "@b.example", "A <a@b.example>",
        "=?utf-8?q?evil=40x.com?=@b.example", "a@b.example,c@d.example", "a\x00@b.example",
        "\udcff@b.example", "a@\udcff.example",
        "v@127.0.0.1", "v@127.1", "v@2130706433.1", "v@0x7f.0x1", "v@1.0x", "v@127.0.0.1.",
        "v@[127.0.0.1]", "v@[IPv6:::1]", "v@localhost", "v@localhost.", "v@example.123",
    ],
)  # fmt: skip
def test_what_is_no_email_address(text: str) -> None:
    with pytest.raises(BadEmail):
        email_address(text)


@given(st.text(max_size=80))
def test_any_text_is_an_address_without_line_breaks_or_bad(text: str) -> None:
    try:
        address = email_address(text)
    except BadEmail:
        return
    assert address.isascii()
    assert address.isprintable()
    assert " " not in address
    assert email_address(address) == address
