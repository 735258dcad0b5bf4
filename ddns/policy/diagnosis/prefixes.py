"""What is wrong with the prefix of a LAN that a client sends."""

from __future__ import annotations

import re

from ddns.model import records
from ddns.model.records import AAAA, A
from ddns.model.update import PREFIX
from ddns.policy.diagnosis.requests import class_of

_GLUED = re.compile(r"[0-9]+[^0-9].*", re.ASCII | re.DOTALL)
"""A length with something behind it: an interface ID, or another address."""


def mistake_in_prefix(family: int | None, word: str, done: bool) -> str | None:
    """Return the rule that a word with a slash breaks, or one that should have been a prefix; None
    if it breaks none.

    :param family: that which the word was said to be of, or :data:`~ddns.model.update.PREFIX`.
    :param done: whether DNS has what the client asked for.
    """
    address, _, length = word.partition("/")
    packed = records.address_from_text(address)
    if _GLUED.fullmatch(length) or address.count("::") > 1:
        return "glued-prefix"
    if packed is None:
        return "malformed-prefix"
    kind, bits = records.address_type(packed), records.host_bits(length, 8 * len(packed))
    if family in (A, AAAA) and family != kind:
        return "wrong-family"
    is_network = bits != 0 and (bits is None or not int.from_bytes(packed, "big") % (1 << bits))
    if family != PREFIX and not is_network:
        return class_of(address)  # an address, with what its interface is in
    if kind == A:
        return "ipv4-prefix"
    if not bits or not any(packed):
        return "malformed-prefix"
    if not is_network:
        return "prefix-with-host-bits"
    return class_of(address) or (None if done else "prefix-for-address")
