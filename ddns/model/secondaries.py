"""The secondaries of a zone: name servers that are told of changes and may transfer it."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass

from ddns.model import names

_FORM = re.compile(r"([0-9A-Fa-f.:]+)(?:#([0-9]{1,5}))?(?:,(\S+))?")


class BadSecondary(ValueError):
    """The text is not ``ADDRESS[#PORT][,KEY]``; ``str()`` explains why."""


@dataclass(frozen=True, slots=True)
class Secondary:
    """A secondary: its address in text, its port, and the name of the TSIG key that signs what is
    said to it and by it, None for none."""

    address: str
    port: int = 53
    key: bytes | None = None

    @property
    def at(self) -> str:
        """Address and port in text."""
        return self.address if self.port == 53 else f"{self.address}#{self.port}"

    def __str__(self) -> str:
        return self.at + (f",{names.to_text(self.key)}" if self.key else "")


@dataclass(frozen=True, slots=True)
class SecondaryState:
    """How far a secondary has followed a zone.

    ``serial`` is that of its SOA, None while unknown. ``seconds_behind`` is for how long there has
    been something that it does not have, None where nobody knows. ``told`` is when it last answered
    a NOTIFY, in seconds since 1970; ``problem`` is what is wrong with its answers, if anything.
    """

    secondary: Secondary
    serial: int | None = None
    seconds_behind: float | None = None
    told: float | None = None
    problem: str = ""


def secondary(text: str) -> Secondary:
    """Parse ``ADDRESS[#PORT][,KEY]``.

    >>> str(secondary("2001:DB8::53#5353,xfr.example."))
    '2001:db8::53#5353,xfr.example'

    :raises BadSecondary: for anything else.
    """
    found = _FORM.fullmatch(text.strip())
    try:
        if found is None or not 0 < (port := int(found[2] or 53)) < 65536:
            raise ValueError
        address = str(ipaddress.ip_address(found[1]))
        return Secondary(address, port, names.from_text(found[3]) if found[3] else None)
    except ValueError:  # BadName is one
        raise BadSecondary(f"{text!r} is no secondary: expected ADDRESS[#PORT][,KEY]") from None
