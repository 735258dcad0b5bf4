"""What proxies write into a request about the way that it came: X-Forwarded-For, and Forwarded
(RFC 7239).

Each proxy adds at the end what it saw at its other side; what a client has made up stands before
that. So both are read from the end, one hop after the other, and whoever reads stops at the first
that nobody trustworthy can have written anything before. Nothing that stands further to the left
changes how a hop is understood: not an open quote, not a comma.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from ddns.model import records

Hops = Callable[[str], Iterator[str | None]]
"""From a header's value, several lines of it joined by commas, to its hops, the last one first: an
address in its usual form, or None for what is none, after which nothing comes."""

_LONGEST = 64
"""Characters of an address with brackets and a port."""

_NODE = re.compile(
    r"(?:\[([0-9A-Fa-f:.]+)\]|([0-9.]+))(?::(?:\d{1,5}|_[\w.-]+))?|([0-9A-Fa-f:.]+)", re.ASCII
)
_TOKEN = frozenset("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
_SPACE = " \t"
_SEPARATORS = frozenset(';,"' + _SPACE)


def x_forwarded_for(value: str) -> Iterator[str | None]:
    """The hops of X-Forwarded-For: addresses between commas, with or without a port; IPv6 perhaps
    in brackets, since some write it like that."""
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
    """The hops of Forwarded: the ``for`` of each element (RFC 7239 4)."""
    end = len(value)
    while end >= 0:
        element = _element(value, end)
        address = None if element is None else _address(element[0])
        yield address
        if element is None or address is None:
            return
        end = element[1]


HEADERS: dict[str, Hops] = {"x-forwarded-for": x_forwarded_for, "forwarded": forwarded}
"""By the header's name."""


def _address(node: str) -> str | None:
    """The address of a node (RFC 7239 6); None for ``unknown``, made-up names and nonsense."""
    found = _NODE.fullmatch(node) if len(node) <= _LONGEST else None
    packed = records.address_from_text(found[1] or found[2] or found[3]) if found else None
    return None if packed is None else records.address_to_text(packed)


def _element(text: str, end: int) -> tuple[str, int] | None:
    """The ``for`` of the element that ends at *end*, and where the one before it ends (-1 where
    there is none); None if it is no element, or has not one ``for``."""
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
    """Name and value of the pair ``name=value`` that ends at *end*, and where it begins."""
    if end and text[end - 1] == '"':
        # The quote that opens follows upon "=", one in between upon the backslash that escapes it.
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
