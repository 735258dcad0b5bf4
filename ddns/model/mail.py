"""E-mail addresses, and messages to people."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from ddns.model import names

_LOCAL_PART = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}", re.ASCII)

_NUMBER = re.compile(rb"[0-9]+|0x[0-9a-f]*")  # as inet_aton() and browsers read addresses


class BadEmail(ValueError):
    """Not a mailbox address ``LOCAL@DOMAIN`` without comments, quotes or spaces."""


@dataclass(frozen=True, slots=True)
class MailMessage:
    """A message to one address, as returned by :func:`email_address`.

    ``subject`` is one line; ``text`` is plain text with lines ending in ``\\n`` and may contain a
    token, so it is left out of the repr. Messages of one ``share`` crowd out no other ones.
    ``headers`` are further ones, ``message_id`` what stands before the @ of its Message-ID, where
    it may be sent twice.
    """

    to: str
    subject: str
    text: str = field(repr=False)
    share: str = "others"
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    message_id: str = ""


def email_address(text: str) -> str:
    """Normalise a mailbox address (RFC 5321 4.1.2): the domain in lower case and A-labels.

    :raises BadEmail: for anything but ``LOCAL@DOMAIN`` with a dot-atom and a host name, or where
        the domain is an address: no top-level domain is a number (RFC 3696 2).
    """
    local, at, domain = text.strip().rpartition("@")
    try:
        wire = names.host_from_text(domain)
    except names.BadName:
        wire = names.ROOT
    dots = local.startswith(".") or local.endswith(".") or ".." in local
    encoded_word = "=?" in local  # mail programs would decode it in a header (RFC 2047)
    bad_local = dots or encoded_word or not _LOCAL_PART.fullmatch(local)
    labels = names.labels(wire)
    if not at or bad_local or len(labels) < 2 or _NUMBER.fullmatch(labels[-1][1:]):
        raise BadEmail(f"{text!r} is not an e-mail address")
    return f"{local}@{names.to_text(wire)}"
