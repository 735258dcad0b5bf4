"""Parse X-Forwarded-For and Forwarded (RFC 7239), rightmost hop first.

Each proxy appends the address of whoever connected to it; what a client has made up stands before
that. So both are read from the end, a hop at a time, and the reader stops at the first hop that is
no trusted proxy. Nothing further to the left changes how a hop is understood, be it an open quote
or a comma.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from ddns.model import records

Hops = Callable[[str], Iterator[str | None]]
"""Parses a header's value (several lines joined by commas) into hops, rightmost first: an address
in canonical form, or None for anything else, which ends the iteration."""

_LONGEST = 64
"""Characters of an address with brackets and a port at most."""

_NODE = re.compile(
    r"(?:\[([0-9A-Fa-f:.]+)\]|([0-9.]+))(?::(?:\d{1,5}|_[\w.-]+))?|([0-9A-Fa-f:.]+)", re.ASCII
)
_TOKEN = frozenset("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
_SPACE = " \t"
_SEPARATORS = frozenset(';,"' + _SPACE)


def x_forwarded_for(value: str) -> Iterator[str | None]:
    """Iterate over the hops of X-Forwarded-For: addresses between commas, with or without a port,
    IPv6 with or without brackets, since proxies differ."""
    end = len(value)
    while end >= 0:
        start = value.rfind(",", 0, end) + 1
        element = value[start:end].strip(_SPACE)
        if len(element) > 1 and element[0] == element[-1] == '"':
            element = element[1:-1]
        address = _address(element)
        yield address
        if address is None:
            return
        end = start - 1


def forwarded(value: str) -> Iterator[str | None]:
    """Iterate over the hops of Forwarded: the ``for`` of each element (RFC 7239 4)."""
    end = len(value)
    while end >= 0:
        element = _element(value, end)
        address = None if element is None else _address(element[0])
        yield address
        if element is None or address is None:
            return
        end = element[1]


HEADERS: dict[str, Hops] = {"x-forwarded-for": x_forwarded_for, "forwarded": forwarded}
"""Parsers by the header's name in lower case."""


def _address(node: str) -> str | None:
    """Return the address of a node (RFC 7239 6); None for ``unknown``, obfuscated or bad ones."""
    found = _NODE.fullmatch(node) if len(node) <= _LONGEST else None
    packed = records.address_from_text(found[1] or found[2] or found[3]) if found else None
    return None if packed is None else records.address_to_text(packed)


def _element(text: str, end: int) -> tuple[str, int] | None:
    """Return the ``for`` of the element that ends at *end*, and where the element before it ends,
    -1 if it is the first; None if it is malformed or has not exactly one ``for``."""
    node = None
    while True:
        end = _without_space(text, end)
        if end and text[end - 1] == ";":  # an empty pair
            end -= 1
            continue
        pair = _pair(text, end)
        if pair is None:
            return None
        name, value, start = pair
        if name == "for":
            if node is not None:
                return None
            node = value
        end = _without_space(text, start)
        if not end or text[end - 1] == ",":
            return None if node is None else (node, end - 1)
        if text[end - 1] != ";":
            return None


def _pair(text: str, end: int) -> tuple[str, str, int] | None:
    """Return name, value and start of the pair ``name=value`` that ends at *end*; None if there is
    none."""
    if end and text[end - 1] == '"':
        # The opening quote follows "="; a quote in between follows the backslash that escapes it.
        quote = text.rfind('"', 0, end - 1)
        while quote > 0 and text[quote - 1] == "\\":
            quote = text.rfind('"', 0, quote)
        equals, value = quote - 1, text[quote + 1 : end - 1]
        if quote < 1 or text[equals] != "=":
            return None
    else:
        equals = text.rfind("=", 0, end)
        value = text[equals + 1 : end]
        if equals < 0 or any(character in _SEPARATORS for character in value):
            return None
    start = equals
    while start and text[start - 1] in _TOKEN:
        start -= 1
    name = text[start:equals].lower()
    return (name, value, start) if name else None


def _without_space(text: str, end: int) -> int:
    while end and text[end - 1] in _SPACE:
        end -= 1
    return end
