"""Helpers for untrusted text: escape it for display, recognise loopback hosts."""

from __future__ import annotations

import ipaddress


def printable(text: str, keep: str = "", replacement: str | None = None) -> str:
    """Replace unprintable characters, except those in *keep*.

    These include line breaks, terminal control characters, bidirectional overrides and surrogates
    that stand for undecodable octets. Each becomes *replacement*, by default its Python escape.
    """
    if text.isprintable():
        return text
    return "".join(
        one
        if one.isprintable() or one in keep
        else (repr(one)[1:-1] if replacement is None else replacement)
        for one in text
    )


def is_loopback(host: str) -> bool:
    """Return whether a host, given as an address or a name, is this machine's loopback."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
