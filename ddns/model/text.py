"""Text from outside: making it safe to print, and recognizing this machine in it."""

from __future__ import annotations

import ipaddress


def printable(text: str, keep: str = "") -> str:
    """Return the text with Python's escapes for what is not printable: line breaks, control
    characters, marks that change the direction of text, octets that were not UTF-8. The characters
    in *keep* stay as they are."""
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() or one in keep else repr(one)[1:-1] for one in text)


def is_loopback(host: str) -> bool:
    """Return whether a host, given as a name or an address, is this machine itself."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
