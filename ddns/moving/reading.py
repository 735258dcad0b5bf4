"""Files to text and JSON; what cannot be read is a :class:`~ddns.moving.listing.BadList`."""

from __future__ import annotations

import codecs
import json
from typing import Any

from ddns.moving.listing import BadList

MAX_FILE = 16 * 2**20
"""Octets of the largest file."""

_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def text_of(octets: bytes) -> str:
    """Return a file's text: UTF-8, or UTF-16 with a byte order mark, which PowerShell writes."""
    if len(octets) > MAX_FILE:
        raise BadList(f"a list has {MAX_FILE >> 20} MiB at most")
    try:
        text = octets.decode("utf-16" if octets.startswith(_UTF_16) else "utf-8-sig")
    except UnicodeDecodeError:
        raise BadList("this is not UTF-8 text") from None
    if "\0" in text:
        raise BadList("this is not text")
    if text.lstrip()[:1] == "<":
        raise BadList("this is a web page; save the list itself")
    return text


def objects_of(octets: bytes) -> list[dict[str, Any]]:
    """Return the objects of a JSON array."""
    try:
        found = json.loads(text_of(octets))
    except RecursionError:
        raise BadList("this JSON is nested too deeply") from None
    except BadList:
        raise
    except ValueError as error:
        raise BadList(f"this is not JSON: {error}") from None
    if isinstance(found, dict):
        told = found.get("detail") or found.get("error") or found.get("message")
        raise BadList(f"the service answered: {told!s:.200}" if told else "expected a JSON array")
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise BadList("expected a JSON array of objects")
    return found


def text_at(item: dict[str, Any], key: str) -> str:
    """Return a text that an object must have."""
    found = item.get(key)
    if not isinstance(found, str):
        raise BadList(f"an object in it has no text {key!r}")
    return found


def number_at(item: dict[str, Any], key: str) -> int:
    """Return a number, such as a reference, that an object must have."""
    found = item.get(key)
    if not isinstance(found, int):
        raise BadList(f"an object in it has no number {key!r}")
    return found
