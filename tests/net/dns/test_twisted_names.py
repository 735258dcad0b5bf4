"""Our zones behind a stock twisted.names server on real sockets, with dnspython as its client."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any

import dns.flags
import dns.message
import dns.query
import dns.rcode
import dns.rdatatype
import pytest
from twisted.internet.defer import Deferred
from twisted.internet.error import DNSLookupError
from twisted.internet.interfaces import IResolver
from twisted.names import dns as names
from twisted.names.common import ResolverBase
from twisted.names.error import AuthoritativeDomainError, DomainError, ResolverError
from twisted.names.server import DNSServerFactory
from zope.interface.verify import verifyObject

from ddns.model.names import from_text
from ddns.model.records import CNAME, RRset
from ddns.net.dns.twisted_names import ZoneResolver
from ddns.zone.zone import Zone, Zones
from tests.net.reactors import PATIENCE, RunningReactor
from tests.zone.building import records, zone_of

ZONES = Zones(
    [
        zone_of(
            "example.net",
            r"""
@       SOA ns h 1 3600 600 86400 30
@       NS ns
@       MX 10 mail
ns      A 192.0.2.1
mail    A 192.0.2.25
host    A 192.0.2.2
host    A 192.0.2.3
host    AAAA 2001:db8::2
six     AAAA 2001:db8::6
six     TXT "first" "second part"
alias   CNAME host
lost    CNAME nowhere
out     CNAME www.example.org.
*.w     A 192.0.2.4
a.ent   TXT x
d       DNAME w
cut     NS ns.cut
ns.cut  A 192.0.2.5
srv     SRV 1 2 53 host
naptr   NAPTR 1 2 "s" "SIP+D2U" "" srv
caa     CAA 0 issue "ca.example"
sshfp   SSHFP 4 2 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
odd     TYPE65280 \# 5 00c00c0000
https   HTTPS 1 . alpn=h2
upper   PTR MiXed.Example.NET.
""",
        )
    ]
)
BROKEN = Zone(from_text("broken.test"))
BROKEN.put(RRset(from_text("alias.broken.test"), CNAME, 10, (b"\x05no",)))
ZONES.add(BROKEN)


class Fallback(ResolverBase):
    """Another authority, which knows one address for everything."""

    def _lookup(self, name: bytes, cls: int, type: int, timeout: Any) -> Deferred[Any]:
        done: Deferred[Any] = Deferred()
        record = names.Record_A("203.0.113.1", 5)
        done.callback(([names.RRHeader(name, names.A, names.IN, 5, record, True)], [], []))
        return done


def serve(running: RunningReactor, *resolvers: Any) -> Iterator[tuple[str, int]]:
    factory = DNSServerFactory(authorities=[ZoneResolver(ZONES), *resolvers])
    factory.noisy = False
    protocol = names.DNSDatagramProtocol(factory)
    protocol.noisy = False

    def start() -> list[Any]:
        tcp = running.reactor.listenTCP(0, factory, interface="127.0.0.1")
        port = tcp.getHost().port
        return [tcp, running.reactor.listenUDP(port, protocol, interface="127.0.0.1")]

    ports = running.call(start)
    yield "127.0.0.1", ports[0].getHost().port
    for port in ports:
        running.call(port.stopListening)


@pytest.fixture(scope="module")
def server(running: RunningReactor) -> Iterator[tuple[str, int]]:
    yield from serve(running)


@pytest.fixture(scope="module")
def chain(running: RunningReactor) -> Iterator[tuple[str, int]]:
    yield from serve(running, Fallback())


def ask(server: tuple[str, int], name: str, kind: str = "A", tcp: bool = False) -> Any:
    query = dns.message.make_query(name, kind)
    send = dns.query.tcp if tcp else dns.query.udp
    return send(query, server[0], PATIENCE, server[1], one_rr_per_rrset=True)


def said(section: Any) -> list[str]:
    return [f"{owner} {kind} {rdata}" for owner, _, kind, rdata in records(section)]


@pytest.mark.parametrize("tcp", [False, True])
@pytest.mark.parametrize(
    ("name", "kind", "answer", "additional"),
    [
        ("host", "A", ["host A 192.0.2.2", "host A 192.0.2.3"], []),
        ("HoSt", "AAAA", ["host AAAA 2001:db8::2"], []),
        ("x.y.w", "A", ["x.y.w A 192.0.2.4"], []),
        (
            "alias",
            "A",
            ["alias CNAME host.example.net.", "host A 192.0.2.2", "host A 192.0.2.3"],
            [],
        ),
        ("out", "A", ["out CNAME www.example.org."], []),
        (
            "q.d",
            "A",
            ["d DNAME w.example.net.", "q.d CNAME q.w.example.net.", "q.w A 192.0.2.4"],
            [],
        ),
        ("", "MX", [" MX 10 mail.example.net."], ["mail A 192.0.2.25"]),
        ("", "NS", [" NS ns.example.net."], ["ns A 192.0.2.1"]),
        ("six", "TXT", ['six TXT "first" "second part"'], []),
        (
            "srv",
            "SRV",
            ["srv SRV 1 2 53 host.example.net."],
            ["host A 192.0.2.2", "host A 192.0.2.3", "host AAAA 2001:db8::2"],
        ),
        ("naptr", "NAPTR", ['naptr NAPTR 1 2 "s" "sip+d2u" "" srv.example.net.'], []),
        ("caa", "CAA", ['caa CAA 0 issue "ca.example"'], []),
        ("odd", "TYPE65280", [r"odd TYPE65280 \# 5 00c00c0000"], []),
        ("https", "HTTPS", ['https HTTPS 1 . alpn="h2"'], []),
        ("upper", "PTR", ["upper PTR mixed.example.net."], []),
        ("host", "ANY", ["host A 192.0.2.2", "host A 192.0.2.3"], []),
    ],
)
def test_answers(
    server: tuple[str, int],
    tcp: bool,
    name: str,
    kind: str,
    answer: list[str],
    additional: list[str],
) -> None:
    def full(lines: list[str]) -> list[str]:
        owners = [line.partition(" ") for line in lines]
        return sorted(
            f"{owner}{'.' if owner else ''}example.net. {rest}" for owner, _, rest in owners
        )

    message = ask(server, f"{name}.example.net" if name else "example.net", kind, tcp)
    assert message.rcode() == dns.rcode.NOERROR
    assert message.flags & dns.flags.AA
    assert sorted(said(message.answer)) == full(answer)
    assert sorted(said(message.additional)) == full(additional)


@pytest.mark.parametrize("name", ["host", "ent", "x.w"])
def test_nodata_has_the_soa(server: tuple[str, int], name: str) -> None:
    message = ask(server, f"{name}.example.net", "MX")
    assert message.rcode() == dns.rcode.NOERROR
    assert not message.answer
    assert records(message.authority) == [
        (
            "example.net.",
            30,
            "SOA",
            "ns.example.net. h.example.net. 1 3600 600 86400 30",
        )
    ]


def test_nxdomain_is_final(server: tuple[str, int], chain: tuple[str, int]) -> None:
    for where in (server, chain):
        for name in ("x.example.net", "x.host.example.net"):
            message = ask(where, name)
            assert message.rcode() == dns.rcode.NXDOMAIN
            assert not message.answer


def test_an_alias_to_nowhere_is_given_without_a_word_about_its_target(
    server: tuple[str, int],
) -> None:
    message = ask(server, "lost.example.net")
    assert message.rcode() == dns.rcode.NOERROR
    assert said(message.answer) == ["lost.example.net. CNAME nowhere.example.net."]
    assert not message.authority


def test_a_referral(server: tuple[str, int]) -> None:
    message = ask(server, "x.cut.example.net")
    assert not message.flags & dns.flags.AA
    assert not message.answer
    assert said(message.authority) == ["cut.example.net. NS ns.cut.example.net."]
    assert said(message.additional) == ["ns.cut.example.net. A 192.0.2.5"]


def test_names_outside_go_to_the_next_resolver(
    server: tuple[str, int], chain: tuple[str, int]
) -> None:
    for name in ("www.example.org", "net", "."):
        assert ask(server, name).rcode() == dns.rcode.NXDOMAIN
        assert said(ask(chain, name).answer) == [f"{name.strip('.')}. A 203.0.113.1"]


@pytest.mark.parametrize("name", ["alias.broken.test", "broken.test"])
def test_what_cannot_be_answered_is_servfail(chain: tuple[str, int], name: str) -> None:
    assert ask(chain, name).rcode() == dns.rcode.SERVFAIL


@pytest.mark.parametrize("kind", ["AXFR", "IXFR"])
def test_no_transfers(server: tuple[str, int], kind: str) -> None:
    message = dns.message.make_query("example.net", "A")
    message.question[0].rdtype = dns.rdatatype.from_text(kind)
    reply = dns.message.from_wire(_exchange(server, message.to_wire()))
    assert not reply.answer
    assert not reply.authority


def _exchange(server: tuple[str, int], wire: bytes) -> bytes:
    with socket.create_connection(server, PATIENCE) as client:
        client.sendall(len(wire).to_bytes(2, "big") + wire)
        with client.makefile("rb") as file:
            return file.read(int.from_bytes(file.read(2), "big"))


# Without a server


def result(deferred: Deferred[Any]) -> Any:
    """What has come of it already: nothing here waits."""
    found: list[Any] = []
    deferred.addBoth(found.append)
    (value,) = found
    return value


RESOLVER = ZoneResolver(ZONES)


def test_it_is_a_resolver() -> None:
    assert verifyObject(IResolver, RESOLVER)


def test_lookups_give_the_records_that_twisted_names_has() -> None:
    ((mail,), (), (address,)) = result(RESOLVER.lookupMailExchange("example.net"))
    assert mail.payload == names.Record_MX(10, b"mail.example.net", ttl=60)
    assert address.payload == names.Record_A("192.0.2.25", 60)
    ((service,), _, _) = result(RESOLVER.lookupService(b"srv.example.net"))
    assert service.payload == names.Record_SRV(1, 2, 53, b"host.example.net", 60)
    ((odd,), _, _) = result(RESOLVER.query(names.Query(b"odd.example.net", 65280)))
    assert odd.payload == names.UnknownRecord(b"\0\xc0\x0c\0\0", 60)
    assert odd.auth


@pytest.mark.parametrize(
    ("query", "error"),
    [
        (names.Query(b"example.org"), DomainError),
        (names.Query(b"host.example.net", names.A, names.CH), DomainError),
        (names.Query(b"a" * 64 + b".example.net"), DomainError),
        (names.Query(b"a..example.net"), DomainError),
        (names.Query(b"aaaaaaa." * 40 + b"example.net"), DomainError),
        (names.Query(b"x.example.net"), AuthoritativeDomainError),
        (names.Query(b"broken.test"), ResolverError),
    ],
)
def test_failures(query: names.Query, error: type[Exception]) -> None:
    failure = result(RESOLVER.query(query))
    assert failure.type is error


def test_addresses_by_name() -> None:
    assert result(RESOLVER.getHostByName("host.example.net")) == "192.0.2.2"
    assert result(RESOLVER.getHostByName(b"alias.example.net.")) == "192.0.2.2"
    assert result(RESOLVER.getHostByName("six.example.net")) == "2001:db8::6"
    assert result(RESOLVER.getHostByName("a.ent.example.net")).type is DNSLookupError
    assert result(RESOLVER.getHostByName("x.example.net")).type is AuthoritativeDomainError


def test_a_zone_that_changes_is_answered_from_at_once() -> None:
    zones = Zones([zone_of("example.org", "@ SOA ns h 1 1 1 1 1\nh A 192.0.2.1")])
    resolver = ZoneResolver(zones)
    assert result(resolver.getHostByName("h.example.org")) == "192.0.2.1"
    zones.add(zone_of("example.org", "@ SOA ns h 2 1 1 1 1\nh A 192.0.2.9"))
    assert result(resolver.getHostByName("h.example.org")) == "192.0.2.9"
