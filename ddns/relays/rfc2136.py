"""DNS UPDATE (RFC 2136), signed with TSIG (RFC 8945)."""

from __future__ import annotations

import base64
import re
import struct
from collections.abc import Mapping
from urllib.parse import urlsplit

import dns.exception
import dns.message
import dns.name
import dns.rcode
import dns.tsig
import dns.update

from ddns.model.records import MAX_TTL
from ddns.relays.base import Exchange, Failed, Job, Kind, Setting, Steps, host_there, wire_name

PORT = 53
ALGORITHMS = ("hmac-sha256", "hmac-sha384", "hmac-sha512", "hmac-sha224", "hmac-sha1", "hmac-md5")

MAX_OCTETS, MAX_RECORDS = 2048, 10
"""Of an answer. It has none or all of what was sent (RFC 2136 3.8), and the signature; to read as
much as fits into a message would take too long."""

_LASTING = {
    dns.rcode.REFUSED: "it refuses the change",
    dns.rcode.NOTAUTH: "it does not know the key or the zone",
    dns.rcode.NOTZONE: "the host is not in the zone",
    dns.rcode.NOTIMP: "it takes no updates",
}


def deliver(job: Job) -> Steps:
    """Replace the records of each family in one update, and remove those that the host has no
    more."""
    gone, values = job.gone(), job.values
    if not (any(job.present) or any(gone)):
        return "nothing to do"
    update = _message(job)
    host, port = server_of(values["server"])
    octets = yield Exchange(host, port, update.to_wire())
    counts = struct.unpack("!4H", octets[4:12].ljust(8, b"\0"))
    if len(octets) > MAX_OCTETS or sum(counts) > MAX_RECORDS:
        raise Failed("it answered with too much")
    try:
        answer = dns.message.from_wire(octets, keyring=update.keyring, request_mac=update.mac)
    except (dns.tsig.PeerBadKey, dns.tsig.PeerBadSignature):
        raise Failed("it refuses the key", lasting=True) from None
    except (dns.tsig.PeerBadTime, dns.tsig.BadTime):
        raise Failed("its clock and ours differ too much") from None
    except (dns.exception.DNSException, ValueError):
        _refuse(_code_without_key(octets))
        raise Failed("its answer is malformed, or not signed with the key") from None
    if not update.is_response(answer):
        raise Failed("its answer is not one to the update")
    _refuse(answer.rcode())
    return "NOERROR"


def _refuse(code: dns.rcode.Rcode) -> None:
    if code in _LASTING:
        raise Failed(f"{_LASTING[code]} ({dns.rcode.to_text(code)})", lasting=True)
    if code != dns.rcode.NOERROR:
        raise Failed(f"it answered {dns.rcode.to_text(code)}")


def _code_without_key(octets: bytes) -> dns.rcode.Rcode:
    """Return the code of an answer that is not signed, as that of who does not know the key."""
    try:
        return dns.message.from_wire(octets).rcode()
    except (dns.exception.DNSException, ValueError):
        return dns.rcode.NOERROR


def _message(job: Job) -> dns.update.UpdateMessage:
    values = job.values
    name = dns.name.from_text(values["key"])
    algorithm = values["algorithm"].lower().rstrip(".").replace("hmac-md5", _MD5)
    key = dns.tsig.Key(name, values["secret"], algorithm)
    update = dns.update.UpdateMessage(wire_name(values["zone"]), keyring=key)
    owner = dns.name.from_text(wire_name(values["hostname"]))
    for kind, address, old in zip(("A", "AAAA"), job.present, job.gone(), strict=True):
        if address is not None:
            update.replace(owner, int(values["ttl"]), kind, address)
        elif old is not None:
            update.delete(owner, kind)
    return update


_MD5 = "hmac-md5.sig-alg.reg.int"


def server_of(text: str) -> tuple[str, int]:
    """Return host and port of ``HOST``, ``HOST:PORT``, an IPv6 address or ``[IPV6]:PORT``.

    :raises ValueError: for anything else.
    """
    if text.count(":") > 1 and not text.startswith("["):
        return text, PORT
    found = re.fullmatch(
        r"(?:\[([0-9A-Fa-f.]*:[0-9A-Fa-f:.]*)\]|([^:\[\]/@\s]+))(?::([0-9]{1,5}))?", text
    )
    port = int((found and found[3]) or PORT)
    if found is None or not 0 < port < 65536:
        raise ValueError("expected HOST or HOST:PORT")
    return found[1] or found[2], port


def target(values: Mapping[str, str]) -> str:
    """Return the server as ``dns://HOST:PORT``."""
    host, port = server_of(values["server"])
    return f"dns://[{host}]:{port}" if ":" in host else f"dns://{host}:{port}"


def _is_server(text: str) -> None:
    urlsplit(target({"server": text}))


def _is_key_name(text: str) -> None:
    try:
        dns.name.from_text(text)
    except (dns.exception.DNSException, ValueError, UnicodeError):
        raise ValueError("expected the name of a TSIG key") from None


def _is_secret(text: str) -> None:
    try:
        base64.b64decode(text, validate=True)
    except ValueError:
        raise ValueError("expected a TSIG secret in base64") from None


def _is_algorithm(text: str) -> None:
    if text.lower().rstrip(".") not in ALGORITHMS:
        raise ValueError(f"expected one of {', '.join(ALGORITHMS)}")


def _is_ttl(text: str) -> None:
    if not re.fullmatch("[0-9]{1,10}", text) or not int(text) <= MAX_TTL:
        raise ValueError("expected a TTL in seconds")


KIND = Kind(
    (
        Setting("server", check=_is_server),
        host_there("zone"),
        host_there(),
        Setting("key", check=_is_key_name),
        Setting("algorithm", default="hmac-sha256", check=_is_algorithm),
        Setting("secret", secret=True, check=_is_secret),
        Setting("ttl", default="60", check=_is_ttl),
    ),
    target,
    deliver,
)
