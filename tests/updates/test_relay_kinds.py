"""The kinds of relays: what they ask, what answers mean, and what can be set."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.tsig
import dns.update
import pytest

from ddns.cli.relays import SECRETS
from ddns.model.outward import OutwardAnswer, OutwardRequest
from ddns.model.relays import HostAddresses, RelayKind
from ddns.relays import KINDS, service_of
from ddns.relays.base import BadSetting, Exchange, Failed, Job, Steps

DATA = tomllib.loads((Path(__file__).parents[1] / "cases" / "relays" / "kinds.toml").read_text())
SECRET = "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0"
RFC2136 = {
    "server": "ns.example:5353",
    "zone": "example.org",
    "hostname": "home.example.org",
    "key": "k.example",
    "secret": SECRET,
}


def job_of(kind: str, given: dict[str, str], present: str, delivered: str | None) -> Job:
    shown, secret = KINDS[RelayKind(kind)].checked(given)
    told = None if delivered is None else HostAddresses.from_text(delivered)
    addresses = HostAddresses.from_text(present)
    return Job(7, "home.example.net", {**shown, **secret}, addresses, told, 1000.0)


@pytest.mark.parametrize("case", DATA["case"], ids=lambda case: case["name"])
def test_a_delivery(case: dict[str, Any]) -> None:
    given = {**DATA["values"][case["kind"]], **case.get("values", {})}
    job = job_of(case["kind"], given, case["present"], case.get("delivered"))
    came = followed(KINDS[RelayKind(case["kind"])].deliver(job), case["steps"])
    if isinstance(came, str):
        assert came == case["done"]
        return
    assert (str(came), came.lasting) == (case["failed"], case.get("lasting", False))
    secrets = [given[name] for name in given if name in ("password", "token", "secret")]
    assert [one for one in secrets if len(one) > 1 and one in str(came)] == []


def followed(steps: Steps, expected: list[dict[str, Any]]) -> str | Failed:
    """What comes of a delivery that asks this and is answered that."""
    answer = None
    try:
        for step in expected:
            asked = steps.send(answer)
            assert isinstance(asked, OutwardRequest)
            assert f"{asked.method} {asked.url}" == step.get("asked", f"{asked.method} {asked.url}")
            assert asked.body.decode() == step.get("body", asked.body.decode())
            assert asked.headers.items() >= step.get("headers", {}).items()
            answer = OutwardAnswer(step.get("status", 200), {}, step.get("answer", "").encode())
        steps.send(answer)
    except Failed as failed:
        return failed
    except StopIteration as stopped:
        return str(stopped.value)
    raise AssertionError("more was asked")


def answered(code: int = dns.rcode.NOERROR, signed: bool = True, **given: str) -> tuple[Any, str]:
    """The update that is sent, and what comes of such an answer."""
    job = job_of("rfc2136", {**RFC2136, **given}, "198.51.100.7", "198.51.100.6 2001:db8::1")
    steps = KINDS[RelayKind.RFC2136].deliver(job)
    asked = next(steps)
    assert isinstance(asked, Exchange)
    assert (asked.host, asked.port) == ("ns.example", 5353)
    key = dns.tsig.Key("k.example", SECRET, given.get("algorithm", "hmac-sha256"))
    update = dns.message.from_wire(asked.wire, keyring=key)
    assert isinstance(update, dns.update.UpdateMessage)
    response = dns.message.make_response(update)
    response.set_rcode(dns.rcode.Rcode(code))
    if not signed:
        response.tsig = None
    try:
        steps.send(response.to_wire())
    except StopIteration as done:
        return update, str(done.value)
    raise AssertionError("more was asked")


@pytest.mark.parametrize("algorithm", ["hmac-sha256", "hmac-sha512"])
def test_an_update_of_dns(algorithm: str) -> None:
    update, words = answered(algorithm=algorithm)
    assert words == "NOERROR"
    assert update.zone[0].name == dns.name.from_text("example.org")
    texts = {rrset.to_text() for rrset in update.update}
    assert texts == {
        "home.example.org. ANY A",
        "home.example.org. 60 IN A 198.51.100.7",
        "home.example.org. ANY AAAA",
    }


@pytest.mark.parametrize(
    ("code", "signed", "words", "lasting"),
    [
        (dns.rcode.REFUSED, True, r"it refuses the change \(REFUSED\)", True),
        (dns.rcode.NOTAUTH, False, r"does not know the key or the zone \(NOTAUTH\)", True),
        (dns.rcode.SERVFAIL, True, "it answered SERVFAIL", False),
        (dns.rcode.NOERROR, False, "or not signed", False),
    ],
)
def test_updates_that_are_refused(code: int, signed: bool, words: str, lasting: bool) -> None:
    with pytest.raises(Failed, match=words) as caught:
        answered(code, signed)
    assert caught.value.lasting is lasting


def test_an_answer_that_is_no_message() -> None:
    steps = KINDS[RelayKind.RFC2136].deliver(job_of("rfc2136", RFC2136, "198.51.100.7", None))
    next(steps)
    with pytest.raises(Failed, match="malformed"):
        steps.send(b"\0\1")


@pytest.mark.parametrize(("octets", "records"), [(3000, 1), (100, 1000)])
def test_an_answer_that_is_too_much(octets: int, records: int) -> None:
    """Nobody else is answered while it is read."""
    steps = KINDS[RelayKind.RFC2136].deliver(job_of("rfc2136", RFC2136, "198.51.100.7", None))
    asked = next(steps)
    assert isinstance(asked, Exchange)
    counts = b"\0\1\0\0\0\0" + records.to_bytes(2, "big")
    with pytest.raises(Failed, match="too much"):
        steps.send((asked.wire[:2] + b"\xa8\0" + counts).ljust(octets, b"\0"))


@pytest.mark.parametrize(
    ("kind", "changed", "name"),
    [
        ("dyndns2", {"url": ""}, "url"),
        ("dyndns2", {"url": "ftp://x"}, "url"),
        ("dyndns2", {"url": "https://[1"}, "url"),
        ("webhook", {"url": "https://a]/"}, "url"),
        ("dyndns2", {"hostname": "a..b"}, "hostname"),
        ("dyndns2", {"offline": "maybe"}, "offline"),
        ("dyndns2", {"password": ""}, "password"),
        ("dyndns2", {"password": "a\nb"}, "password"),
        ("dyndns2", {"user": "x" * 2000}, "user"),
        ("dyndns2", {"other": "x"}, "other"),
        ("duckdns", {"domain": "a,b"}, "domain"),
        ("desec", {"token": "ñ"}, "token"),
    ],
)
def test_what_cannot_be_set(kind: str, changed: dict[str, str], name: str) -> None:
    with pytest.raises(BadSetting) as caught:
        KINDS[RelayKind(kind)].checked({**DATA["values"][kind], **changed})
    assert caught.value.name == name


@pytest.mark.parametrize(
    ("name", "text"),
    [
        *(("server", text) for text in ("a:b", "a:0", "a:70000", "http://a", "[a]:53", "a℀")),
        *(("key", text) for text in ("a..b", "a" * 70)),
        *(("secret", text) for text in ("!", "abc")),
        *(("algorithm", text) for text in ("md5", "gss-tsig")),
        *(("ttl", text) for text in ("-1", "99999999999", "x")),
    ],
)
def test_what_cannot_be_set_for_dns(name: str, text: str) -> None:
    with pytest.raises(BadSetting) as caught:
        KINDS[RelayKind.RFC2136].checked({**RFC2136, name: text})
    assert caught.value.name == name


@pytest.mark.parametrize(
    ("server", "service"),
    [
        ("ns.example", "ns.example"),
        ("2001:db8::1", "2001:db8::1"),
        ("[2001:db8::1]:5", "[2001:db8::1]:5"),
    ],
)
def test_where_an_update_goes(server: str, service: str) -> None:
    shown, _ = KINDS[RelayKind.RFC2136].checked({**RFC2136, "server": server})
    assert service_of(RelayKind.RFC2136, shown) == service
    assert service_of(RelayKind.RFC2136, {}) == ""


def test_the_command_knows_what_is_secret() -> None:
    secrets = {
        str(kind): [one.name for one in of.settings if one.secret] for kind, of in KINDS.items()
    }
    assert secrets == {kind: [name] for kind, name in SECRETS.items()}
