"""Owner names: lower-case uncompressed wire form (RFC 1035 3.1), ``bytes`` that end in ``\\x00``.

Wire form is the one spelling in which equal names are equal bytes, whatever escapes, case or
trailing dot a person typed; it is what the database stores, what the zone's nodes are keyed by and
what goes on the wire. Text exists only at the edges.
"""

from __future__ import annotations

import functools
import re

import dns.exception
import dns.name
import idna

ROOT = b"\x00"
MAX_WIRE = 255  # octets, RFC 1035 2.3.4
WILDCARD = b"\x01*"
"""The label in front of a wildcard's parent (RFC 4592 2.1.1)."""

ACME = b"\x0f_acme-challenge"
"""The label under which ACME's dns-01 looks for its TXT record (RFC 8555 8.4)."""

BELOW_HOST = (WILDCARD, ACME)
"""The single labels that belong to a host together with its own name."""

_HOST = re.compile(r"(?:(?!-)[a-z0-9-]{1,63}(?<!-)\.)+(?!-)[a-z0-9-]{1,63}(?<!-)", re.ASCII)


class BadName(ValueError):
    """The text is not a domain name; ``str()`` of it tells a person why."""


def from_text(text: str) -> bytes:
    r"""Read a name in presentation form (RFC 1035 5.1): ``\.`` and ``\DDD`` escapes, any label.

    A missing final dot makes no difference; labels that are not ASCII become A-labels.

    >>> from_text("Home.Example.NET")
    b'\x04home\x07example\x03net\x00'

    :raises BadName: empty labels, labels over 63 octets, names over 255 octets, bad escapes.
    """
    if text in ("", "@"):  # what dnspython takes for an origin
        raise BadName(f"{text!r} is not a domain name")
    try:
        codec = dns.name.IDNA_2008_Strict if not text.isascii() else None
        name = dns.name.from_text(text, dns.name.root, idna_codec=codec)
    except (dns.exception.DNSException, idna.IDNAError, UnicodeError) as error:
        raise BadName(f"{text!r} is not a domain name: {error}") from None
    except (IndexError, ValueError) as error:
        raise BadName(f"{text!r} is not a domain name") from error
    return name.to_digestable()


@functools.lru_cache(maxsize=4096)  # the same hosts come again and again
def host_from_text(text: str) -> bytes:
    r"""Read the name of a host: letters, digits and hyphens, two labels at least (RFC 1123 2.1).

    Stricter than :func:`from_text`, because people choose these names: no ``_``, no ``*``, no
    escapes, at most 253 characters. U-labels are accepted as IDNA2008 allows (RFC 5891 5.3).

    >>> host_from_text("bücher.example")
    b'\rxn--bcher-kva\x07example\x00'

    :raises BadName: anything else.
    """
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


def to_text(name: bytes) -> str:
    r"""The presentation form without the final dot; the root is ``.``.

    >>> to_text(b"\x04a.b \x03net\x00")
    'a\\.b\\032.net'
    """
    if name == ROOT:
        return "."
    parsed, _ = dns.name.from_wire(name, 0)
    return parsed.to_text(omit_final_dot=True)


def to_unicode(name: bytes) -> str:
    """As :func:`to_text`, with A-labels shown as the U-labels that they stand for."""
    shown = []
    for label in to_text(name).split("."):
        try:
            shown.append(idna.decode(label) if label.startswith("xn--") else label)
        except (idna.IDNAError, UnicodeError):
            shown.append(label)
    return ".".join(shown)


def is_wire_form(name: bytes) -> bool:
    """Whether these octets are a whole name in the form that this module speaks of."""
    at = 0
    while at < len(name) and 0 < name[at] < 64:
        at += 1 + name[at]
    return at == len(name) - 1 < MAX_WIRE and name[at] == 0 and name == name.lower()


def labels(name: bytes) -> list[bytes]:
    r"""The labels with their length octets, the root left out.

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


def parent(name: bytes) -> bytes:
    """The name without its first label.

    :raises BadName: for the root, which has none.
    """
    if name == ROOT:
        raise BadName("the root has no parent")
    return name[1 + name[0] :]


def ancestors(name: bytes) -> list[bytes]:
    """The name itself, its parent, and so on up to the root."""
    found = [name]
    while name != ROOT:
        name = name[1 + name[0] :]
        found.append(name)
    return found


def is_subdomain(name: bytes, origin: bytes) -> bool:
    """Whether *name* is *origin* or below it; label boundaries count."""
    return name.endswith(origin) and (len(name) == len(origin) or origin in ancestors(name))


def below(prefix: bytes, name: bytes) -> bytes:
    """*name* with the labels *prefix* (wire form without a root) in front.

    :raises BadName: when the result is over 255 octets.
    """
    if len(prefix) + len(name) > MAX_WIRE:
        raise BadName("the name would be over 255 octets")
    return prefix + name


def with_below(host: bytes) -> tuple[bytes, ...]:
    """A host's name and those that belong to it; some may be too long to be owner names."""
    return (host, *(label + host for label in BELOW_HOST))


def host_of(name: bytes) -> bytes:
    """The host name that *name* belongs to if it belongs to one: itself, or what it is below.

    >>> to_text(host_of(from_text("_acme-challenge.home.example.net")))
    'home.example.net'
    """
    for label in BELOW_HOST:
        if name.startswith(label) and name != label + ROOT:
            return name[len(label) :]
    return name
