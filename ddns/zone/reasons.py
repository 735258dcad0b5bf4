"""Why an error is answered: the EDNS option Extended DNS Error (RFC 8914)."""

from __future__ import annotations

import struct
from typing import NamedTuple

_HEAD = struct.Struct("!HHH")  # option code, octets after these two, INFO-CODE

_EXTENDED_ERROR = 15
"""Option code (RFC 8914 2)."""


class Reason(NamedTuple):
    """An INFO-CODE (RFC 8914 4), and in a few words of ASCII what it does not tell.

    There must always be room for it, so ``text`` has 60 characters at most.
    """

    code: int
    text: str = ""

    def option(self) -> bytes:
        """Return it packed for an OPT."""
        text = self.text.encode()
        return _HEAD.pack(_EXTENDED_ERROR, 2 + len(text), self.code) + text


NOT_READY = Reason(14)
"""The zone is ours, but it has not been loaded, or could not be."""

NOT_AUTHORITATIVE = Reason(20)
"""No zone of ours has the name."""


def prohibited(text: str) -> Reason:
    """Return that this client may not have what it asks for."""
    return Reason(18, text)


def not_supported(text: str) -> Reason:
    """Return that this is not done for anybody."""
    return Reason(21, text)
