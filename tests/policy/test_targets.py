"""Where users may have this server connect to, as far as a URL tells it."""

from __future__ import annotations

import ipaddress

import pytest

from ddns.model.outward import OutwardError
from ddns.policy.addresses import NetworkSet
from ddns.policy.targets import Target, TargetRules

OPEN = TargetRules(NetworkSet([ipaddress.ip_network("127.0.0.0/8")]), frozenset(), True)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://www.example.net/a?b=c", Target(True, "www.example.net", 443)),
        ("HTTPS://WWW.Example.NET.:443", Target(True, "www.example.net", 443)),
        ("https://1.1.1.1:80/", Target(True, "1.1.1.1", 80)),
        ("https://[2606:4700::1]/", Target(True, "2606:4700::1", 443)),
        ("https://xn--and-6ma2c.example/", Target(True, "xn--and-6ma2c.example", 443)),
    ],
)
def test_where_a_url_leads(url: str, expected: Target) -> None:
    assert TargetRules().target(url) == expected


@pytest.mark.parametrize(
    ("url", "words"),
    [
        *((url, "does not begin with") for url in ("ftp://a.example/", "a.example", "file:///x")),
        ("http://a.example/", "https://"),
        *((f"https://{it}@a.example/", "user name") for it in ("user", "user:secret", "")),
        *((f"https://a.example:{it}/", f"port {it} may not") for it in (22, 0, 8080)),
        *((f"https://a.example:{it}/", "cannot be understood") for it in (65536, "x", -1)),
        *((f"https://{it}/", "no host") for it in ("", ".", "a..b", "*.example", "a,b")),
        *((f"https://{it}/", "understood") for it in ("[", "[::1", "[v1.x]", "[a.example]")),
        *(
            (f"https://a.example/{it}", "characters")
            for it in (" ", "\n", "ñ", "#x", "\\", "x" * 2000)  # the last is too long
        ),
        *((f"https://{it}/", "not a public address") for it in ("127.0.0.1", "10.0.0.1", "[::1]")),
        *(
            (f"https://{it}/", "not a public address")
            for it in ("[::ffff:10.0.0.1]", "[64:ff9b::a00:1]", "169.254.169.254", "100.64.0.1")
        ),
    ],
)
def test_where_none_may_lead(url: str, words: str) -> None:
    with pytest.raises(OutwardError, match=words) as caught:
        TargetRules().target(url)
    assert "secret" not in str(caught.value)


def test_what_an_operator_opens() -> None:
    assert OPEN.target("http://127.0.0.1:8123/") == Target(False, "127.0.0.1", 8123)
    assert OPEN.target("http://[::ffff:127.0.0.1]/").host == "::ffff:127.0.0.1"
    with pytest.raises(OutwardError, match="not a public address"):
        OPEN.target("http://10.0.0.1/")
    with pytest.raises(OutwardError, match="port 0"):
        OPEN.target("http://127.0.0.1:0/")


@pytest.mark.parametrize("address", ["2130706433", "0x7f.1", "017700000001"])
def test_numbers_that_some_take_for_addresses(address: str) -> None:
    """They are names here: what they resolve to is checked."""
    assert TargetRules().target(f"https://{address}/").host == address
    with pytest.raises(OutwardError):
        TargetRules().check(address, "127.0.0.1")
