"""Owner names: lower-case uncompressed wire form (RFC 1035 3.1), ``bytes`` that end in ``\\x00``.

In this canonical form equal names are equal bytes, whatever escapes, case or trailing dot a person
typed. The database stores it, zones use it as the key of their nodes, and it goes on the wire as it
is. Presentation form is used only at the edges.
"""

from __future__ import annotations

import functools
import re

import dns.exception
import dns.name
import idna

ROOT = b"\x00"
MAX_WIRE = 255  # octets, RFC 1035 2.3.4
MAX_TEXT = 1004
"""Characters of the longest name in presentation form: four labels with 250 octets, each escaped as
``\\DDD``. What is longer is not read, for reading takes time."""

MAX_SHOWN = 64
"""Characters that are shown of such a text."""

WILDCARD = b"\x01*"
"""The asterisk label of a wildcard (RFC 4592 2.1.1)."""

ACME = b"\x0f_acme-challenge"
"""The label of the TXT record that ACME's dns-01 challenge looks up (RFC 8555 8.4)."""

PERSIST = b"\x13_validation-persist"
"""The label of the TXT records by which ACME's dns-persist-01 lets an account have certificates for
as long as they are there."""

CHALLENGES = (ACME, PERSIST)
"""The labels at and below which there are records by which certificates are issued."""

BELOW_HOST = (WILDCARD, ACME, PERSIST)
"""Labels directly below a host that belong to the host."""

_HOST = re.compile(r"(?:(?!-)[a-z0-9-]{1,63}(?<!-)\.)+(?!-)[a-z0-9-]{1,63}(?<!-)", re.ASCII)


_PLAIN = re.compile(rb"[a-z0-9_*-]+")
"""A label without escapes."""


class BadName(ValueError):
    """The text is not a domain name; ``str()`` explains why."""


def from_text(text: str) -> bytes:
    r"""Parse a name in presentation form (RFC 1035 5.1): ``\.`` and ``\DDD`` escapes, any label.

    The final dot is optional; non-ASCII labels become A-labels.

    >>> from_text("Home.Example.NET")
    b'\x04home\x07example\x03net\x00'

    :raises BadName: empty labels, labels over 63 octets, names over 255 octets, bad escapes.
    """
    if text in ("", "@"):  # dnspython would return the origin
        raise BadName(f"{text!r} is not a domain name")
    _check_length(text)
    try:
        codec = dns.name.IDNA_2008_Strict if not text.isascii() else None
        name = dns.name.from_text(text, dns.name.root, idna_codec=codec)
    except (dns.exception.DNSException, idna.IDNAError, UnicodeError) as error:
        raise BadName(f"{text!r} is not a domain name: {error}") from None
    except (IndexError, ValueError) as error:
        raise BadName(f"{text!r} is not a domain name") from error
    return name.to_digestable()


def _check_length(text: str) -> None:
    if len(text) > MAX_TEXT:
        raise BadName(f"{text[:MAX_SHOWN]!r}... is too long for a name: {len(text)} characters")


@functools.lru_cache(maxsize=4096)  # the same hosts come again and again
def host_from_text(text: str) -> bytes:
    r"""Parse a host name: letters, digits and hyphens, at least two labels (RFC 1123 2.1).

    Stricter than :func:`from_text`, because people choose these names: no ``_``, no ``*``, no
    escapes, at most 253 characters. U-labels are accepted as IDNA2008 allows (RFC 5891 5.3).

    >>> host_from_text("bücher.example")
    b'\rxn--bcher-kva\x07example\x00'

    :raises BadName: if *text* is not a host name.
    """
    _check_length(text)
    name = text.removesuffix(".")
    if not name.isascii():
        try:
            name = idna.encode(name, uts46=True, std3_rules=True).decode("ascii")
        except (idna.IDNAError, UnicodeError) as error:
            raise BadName(f"{text!r} is not a host name: {error}") from None
    name = name.lower()
    if len(name) > 253 or not _HOST.fullmatch(name):
        raise BadName(f"{text!r} is not a host name")
    return b"".join(bytes((len(label),)) + label for label in name.encode().split(b".")) + ROOT


@functools.lru_cache(maxsize=4096)
def to_text(name: bytes) -> str:
    r"""Return the presentation form without the final dot; the root is ``.``.

    >>> to_text(b"\x04a.b \x03net\x00")
    'a\\.b\\032.net'
    """
    if name == ROOT:
        return "."
    shown = [label[1:] for label in labels(name)]
    if all(map(_PLAIN.fullmatch, shown)):  # dnspython takes ten times as long
        return b".".join(shown).decode()
    parsed, _ = dns.name.from_wire(name, 0)
    return parsed.to_text(omit_final_dot=True)


def to_unicode(name: bytes) -> str:
    """Like :func:`to_text`, with A-labels decoded to U-labels."""
    shown = []
    for label in to_text(name).split("."):
        try:
            shown.append(idna.decode(label) if label.startswith("xn--") else label)
        except (idna.IDNAError, UnicodeError):
            shown.append(label)
    return ".".join(shown)


def is_wire_form(name: bytes) -> bool:
    """Return whether these octets are exactly one name in this module's form."""
    at = 0
    while at < len(name) and 0 < name[at] < 64:
        at += 1 + name[at]
    return at == len(name) - 1 < MAX_WIRE and name[at] == 0 and name == name.lower()


def labels(name: bytes) -> list[bytes]:
    r"""Split a name into labels with their length octets, without the root.

    >>> labels(b"\x01a\x03net\x00")
    [b'\x01a', b'\x03net']
    """
    found = []
    at = 0
    while name[at]:
        end = at + 1 + name[at]
        found.append(name[at:end])
        at = end
    return found


def split(octets: bytes) -> list[bytes]:
    r"""Split names that stand one behind the other.

    >>> split(b"\x01a\x00\x00\x01b\x00")
    [b'\x01a\x00', b'\x00', b'\x01b\x00']
    """
    found, at = [], 0
    while at < len(octets):
        end = at
        while octets[end]:
            end += 1 + octets[end]
        found.append(octets[at : end + 1])
        at = end + 1
    return found


def parent(name: bytes) -> bytes:
    """Return the name without its first label.

    :raises BadName: for the root, which has no parent.
    """
    if name == ROOT:
        raise BadName("the root has no parent")
    return name[1 + name[0] :]


def ancestors(name: bytes) -> list[bytes]:
    """Return the name itself, its parent, and so on up to the root."""
    found = [name]
    while name != ROOT:
        name = name[1 + name[0] :]
        found.append(name)
    return found


def is_subdomain(name: bytes, origin: bytes) -> bool:
    """Return whether *name* is *origin* or below it, at a label boundary."""
    return name.endswith(origin) and (len(name) == len(origin) or origin in ancestors(name))


def below(prefix: bytes, name: bytes) -> bytes:
    """Prepend the labels *prefix* (wire form without a root) to *name*.

    :raises BadName: if the result is over 255 octets.
    """
    if len(prefix) + len(name) > MAX_WIRE:
        raise BadName("the name would be over 255 octets")
    return prefix + name


def with_below(host: bytes) -> tuple[bytes, ...]:
    """Return a host's name and the names that belong to it; some may be over 255 octets."""
    return (host, *(label + host for label in BELOW_HOST))


def host_of(name: bytes) -> bytes:
    """Return the host name that *name* belongs to: itself, or without a :data:`BELOW_HOST` label.

    >>> to_text(host_of(from_text("_acme-challenge.home.example.net")))
    'home.example.net'
    """
    for label in BELOW_HOST:
        if name.startswith(label) and name != label + ROOT:
            return name[len(label) :]
    return name
