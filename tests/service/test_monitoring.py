"""What a real server tells those who watch it: its numbers are what clients have sent and got."""

from __future__ import annotations

import http.client
import random
import signal
import socket
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import dns.message
import pytest
from cryptography import x509

from tests import certificates
from tests.clients.miniupdate_client import MiniupdateClient
from tests.conftest import ACCOUNT, HOST, ZONE, Launch
from tests.processes import Server, basic, can_bind, eventually, update_path
from tests.programs import PATIENCE
from tests.service import dialects
from tests.service.dialects import PASSWORD, UPDATES, WRONG, Secrets, filled, locked
from tests.service.test_listeners import sockets_of
from tests.service.watching import Sample, changes, page, sample, scraped, settled


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One for all: a test looks at how numbers change."""
    folder = tmp_path_factory.mktemp("watched")
    server = Server(folder, "--no-sample").with_miniupdate().with_metrics()
    pair = certificates.make(folder)
    filled(server.with_https(pair.certificate, pair.private_key))
    yield server
    server.clean_up()


@pytest.fixture(scope="module")
def secrets(server: Server) -> Secrets:
    return dialects.keys(server)


def reply_to(server: Server, query: bytes) -> bytes:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(PATIENCE)
        client.sendto(query, ("127.0.0.1", server.dns_port))
        return client.recv(1500)


def test_queries_by_transport_and_rcode(server: Server) -> None:
    asked = [(HOST, "NOERROR", 5), (f"no.{ZONE}", "NXDOMAIN", 3), ("a.example", "REFUSED", 2)]
    expected = {
        sample("ddns_dns_queries_total", transport="udp"): 10.0,
        sample("ddns_dns_queries_total", transport="tcp"): 13,
        sample("ddns_dns_response_duration_seconds_count", transport="udp"): 10,
        sample("ddns_dns_response_duration_seconds_count", transport="tcp"): 13,
        sample("ddns_connections_accepted_total", listener="dns"): 13,
    }
    for name, rcode, times in asked:
        for over, more in (("udp", 0), ("tcp", 1)):
            key = sample("ddns_dns_responses_total", transport=over, rcode=rcode)
            expected[key] = times + more
            query = dns.message.make_query(name, "A").to_wire()
            for direction, wire in (("received", query), ("sent", reply_to(server, query))):
                key = sample(f"ddns_dns_{direction}_bytes_total", transport=over)
                expected[key] = expected.get(key, 0) + len(wire) * (times + more)

    def ask() -> None:
        for name, rcode, times in asked:
            for over, more in ((False, 0), (True, 1)):
                for _ in range(times + more):
                    assert server.ask(name, tcp=over).rcode().name == rcode

    changes(server, ask, expected)


def test_messages_without_an_answer(server: Server) -> None:
    query = dns.message.make_query(HOST, "A").to_wire()
    reply = query[:2] + b"\x80" + query[3:]

    def send() -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.connect(("127.0.0.1", server.dns_port))
            client.settimeout(PATIENCE)
            for wire in (b"", b"x", reply, reply, query):
                client.send(wire)
            client.recv(1000)

    expected = {
        sample("ddns_dns_queries_total", transport="udp"): 5.0,
        sample("ddns_dns_unanswered_total", transport="udp"): 4,
        sample("ddns_dns_responses_total", transport="udp", rcode="NOERROR"): 1,
        sample("ddns_dns_received_bytes_total", transport="udp"): 1 + 3 * len(query),
    }
    changes(server, send, expected)


def test_every_dialect(server: Server, secrets: Secrets) -> None:
    def update() -> None:
        for address in ("198.51.100.7", "198.51.100.7"):
            for name, send in UPDATES.items():
                assert send(server, secrets, address)[0], name
                assert not send(server, WRONG, address)[0], name

    expected: dict[Sample, float] = {}
    requests = {"dyndns2": 4, "securityspace": 4, "minidns": 4, "dondns": 12, "miniupdate": 6}
    for dialect, times in requests.items():
        expected[sample("ddns_update_duration_seconds_count", dialect=dialect)] = times
    # All set the same address: the first has changed it.
    statuses = {
        "dyndns2": {"good": 1, "nochg": 1, "badauth": 2},
        "securityspace": {"nochg": 2, "badauth": 2},
        "minidns": {"nochg": 2, "badauth": 2},
        "dondns": {"nochg": 6, "badauth": 6},
        "miniupdate": {"nochg": 2, "badauth": 2, "answered": 2},
    }
    for dialect, found in statuses.items():
        for status, times in found.items():
            expected[sample("ddns_updates_total", dialect=dialect, status=status)] = times
    expected[sample("ddns_connections_accepted_total", listener="miniupdate")] = 4
    expected[sample("ddns_connections_accepted_total", listener="http")] = 24
    expected[sample("ddns_http_responses_total", listener="http", code="2xx")] = 20
    expected[sample("ddns_http_responses_total", listener="http", code="4xx")] = 4
    changes(server, update, expected)


def test_several_hosts_refusals_and_check_pages(server: Server, secrets: Secrets) -> None:
    login = f"{ACCOUNT}:{secrets.update}"
    hosts = f"{HOST},other.{ZONE},not-a-name"

    def ask() -> None:
        assert server.update(login, hosts, "198.51.100.8").body.split()[0] == "good"
        server.get(update_path(HOST))
        for path in ("/checkip", "/ip", "/myip"):
            server.get(path)

    def of(dialect: str, status: str) -> Sample:
        return sample("ddns_updates_total", dialect=dialect, status=status)

    expected = {
        of("dyndns2", "good"): 1,
        of("dyndns2", "nohost"): 1,
        of("dyndns2", "notfqdn"): 1,
        of("dyndns2", "unauthenticated"): 1,
        of("checkip", "answered"): 3,
        sample("ddns_update_duration_seconds_count", dialect="dyndns2"): 2,
    }
    changes(server, ask, expected)


def test_what_there_is(server: Server) -> None:
    def add() -> None:
        server.call("zone_add", origin="more.example")
        for name in ("bob", "carol"):
            server.call("account_add", name=name)
        server.call("account_block", name="carol", reason="why")
        for number in range(3):
            server.call("host_add", name=f"h{number}.more.example", account="bob")
        server.call("key_add", account="bob")

    def remove() -> None:
        server.call("zone_remove", origin="more.example")
        for name in ("bob", "carol"):
            server.call("account_remove", name=name)

    there: dict[Sample, float] = {
        sample("ddns_zones"): 1,
        sample("ddns_accounts"): 2,
        sample("ddns_accounts_blocked"): 1,
        sample("ddns_hosts"): 3,
        sample("ddns_keys"): 1,
    }
    changes(server, add, there)
    changes(server, remove, {key: -number for key, number in there.items()})


def test_the_store(server: Server, secrets: Secrets) -> None:
    login = f"{ACCOUNT}:{secrets.update}"
    before = settled(server)
    for number in range(10):
        assert server.update(login, HOST, f"198.51.100.{number + 10}").body.startswith("good")
    after = settled(server)
    with closing(sqlite3.connect(server.database)) as connection:
        (position,) = connection.execute("select max(position) from journal").fetchone()
    assert after[sample("ddns_journal_position")] == position
    assert position - before[sample("ddns_journal_position")] == 10
    commits = sample("ddns_store_commit_duration_seconds_count")
    assert after[commits] - before[commits] >= 10
    assert after[sample("ddns_store_commit_works_sum")] >= after[commits]
    assert after[sample("ddns_store_failures_total")] == 0
    for name, file in (("database", "ddns.sqlite"), ("wal", "ddns.sqlite-wal")):
        key = sample(f"ddns_store_{name}_bytes")

        def is_its_size(key: Sample = key, file: str = file) -> bool:
            size = (server.folder / file).stat().st_size
            return scraped(server)[key] == size > 0

        eventually(is_its_size, f"the size of {file}")


def test_passwords(server: Server) -> None:
    expected: dict[Sample, float] = {
        sample("ddns_password_checks_total"): 2,
        sample("ddns_updates_total", dialect="dyndns2", status="nohost"): 2,
        sample("ddns_updates_total", dialect="dyndns2", status="badauth"): 1,
    }

    def log_in() -> None:
        for secret in (PASSWORD, PASSWORD, "another one"):
            server.update(f"{ACCOUNT}:{secret}", f"no.{ZONE}", "198.51.100.1")

    changes(server, log_in, expected)


def test_the_certificate(server: Server) -> None:
    file = Path(server.options[server.options.index("--certificate") + 1])
    certificate = x509.load_pem_x509_certificate(file.read_bytes())
    runs_out = certificate.not_valid_after_utc.timestamp()
    assert scraped(server)[sample("ddns_certificate_expiry_timestamp_seconds")] == runs_out


def test_clients_cannot_make_metrics_grow(server: Server, secrets: Secrets) -> None:
    """Nor does anything that they write appear there."""
    before = settled(server).keys()
    chance = random.Random(1)
    canary = "canary-of-a-client"
    for number in range(15):
        text = f"{canary}{number}"
        server.get(f"/nic/update?hostname={text}.{ZONE}", login=f"{text}:{text}")
        server.get(f"/{text}")
        server.get(f"/json?user={text}&apikey={text}&host={text}")
        connection = http.client.HTTPConnection("127.0.0.1", server.http_port, timeout=PATIENCE)
        connection.request(text.upper(), "/ip", headers={"User-Agent": text, "X": text})
        connection.getresponse().read()
        connection.close()
        kind = f"TYPE{chance.randrange(1, 60000)}"
        wire = bytearray(dns.message.make_query(f"{text}.{ZONE}", kind).to_wire())
        wire[2] = chance.randrange(128)  # any opcode
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.sendto(wire, ("127.0.0.1", server.dns_port))
    with MiniupdateClient("127.0.0.1", server.miniupdate_port) as client:
        client.login(canary, canary)
    assert settled(server).keys() == before
    text = page(server, "/metrics").body
    for written in (canary, HOST, ZONE, ACCOUNT, PASSWORD, secrets.update, "127.0.0.1"):
        assert written not in text


def test_watchers_get_nothing_of_clients_and_clients_nothing_of_watchers(server: Server) -> None:
    for path in (update_path(HOST), "/ip", "/api/openapi.json", "/"):
        assert page(server, path).status == 404
    for path in ("/metrics", "/healthz", "/readyz"):
        assert server.get(path).status == 404
        assert page(server, path, "POST").status == 405
        head = page(server, path, "HEAD")
        assert (head.status, head.body) == (200, "")


def test_nobody_listens_unless_it_is_wanted(make_server: Launch) -> None:
    server = make_server().start()
    assert sockets_of(server) == {
        ("tcp", server.dns_port),
        ("udp", server.dns_port),
        ("tcp", server.http_port),
    }


def test_a_port_that_is_taken(make_server: Launch) -> None:
    server = make_server().with_metrics()
    with socket.create_server(("127.0.0.1", server.metrics_port)):
        server.spawn()
        assert server.process is not None
        assert server.process.wait(PATIENCE) == 1
    server.process = None
    where = f"127.0.0.1:{server.metrics_port}"
    assert f"ddns: cannot listen on {where}: Address already in use" in server.log


def test_what_rate_limiting_does(make_server: Launch) -> None:
    server = make_server().with_settings("[dns.rate_limit]\nresponses_per_second = 5\n")
    server.with_metrics().start()
    server.call("zone_add", origin=ZONE)
    query = dns.message.make_query(ZONE, "SOA").to_wire()
    before = settled(server)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.connect(("127.0.0.1", server.dns_port))
        for _ in range(200):
            client.send(query)
        client.settimeout(0.5)
        got = []
        while True:
            try:
                got.append(client.recv(1000))
            except TimeoutError:
                break
    cut = sum(bool(reply[2] & 2) for reply in got)
    after = settled(server)

    def grown(name: str, **labels: str) -> float:
        key = sample(name, **labels)
        return after[key] - before[key]

    assert cut > 50
    assert grown("ddns_dns_rate_limited_total", action="slipped") == cut
    assert grown("ddns_dns_rate_limited_total", action="dropped") == 200 - len(got)
    assert grown("ddns_dns_unanswered_total", transport="udp") == 200 - len(got)
    assert grown("ddns_dns_queries_total", transport="udp") == 200


def test_a_database_that_is_locked(make_server: Launch) -> None:
    server = make_server().with_metrics()
    with open(server.config, "a") as file:
        file.write("[store]\npatience = 0.2\n")
    filled(server)
    login = f"{ACCOUNT}:{server.call('key_add', account=ACCOUNT)['key']}"
    assert page(server, "/readyz").status == 200
    failed = sample("ddns_store_failures_total")
    with locked(server.database):
        assert server.update(login, HOST, "198.51.100.9").body == "911\n"
        assert page(server, "/readyz").body == "the store fails\n"
        assert page(server, "/healthz").body == "ok\n"
        eventually(lambda: scraped(server)[sample("ddns_ready")] == 0, "the metrics say so")
        assert scraped(server)[failed] >= 1
        assert scraped(server)[sample("ddns_hosts")] == 1
    assert server.update(login, HOST, "198.51.100.9").body.startswith("good")
    assert page(server, "/readyz").body == "ok\n"
    status = sample("ddns_updates_total", dialect="dyndns2", status="failed")
    assert settled(server)[status] == 1


def test_an_end_is_announced(make_server: Launch) -> None:
    """The database is locked, so an update waits in the server when it is told to end."""
    server = filled(make_server().with_metrics())
    login = f"{ACCOUNT}:{server.call('key_add', account=ACCOUNT)['key']}"
    waiting = http.client.HTTPConnection("127.0.0.1", server.http_port, timeout=PATIENCE)
    headers = {"Authorization": basic(login), "User-Agent": "ddns-tests/1.0"}
    assert server.process is not None
    with locked(server.database):
        waiting.request("GET", update_path(HOST, "198.51.100.7"), headers=headers)
        server.get("/ip")  # a second request that is answered says that the first has been read
        server.process.send_signal(signal.SIGTERM)
        eventually(lambda: page(server, "/readyz").body == "stopping\n", "it is not ready any more")
        assert page(server, "/readyz").status == 503
        assert page(server, "/healthz").body == "ok\n"
        assert scraped(server)[sample("ddns_ready")] == 0
    assert waiting.getresponse().read() == b"good 198.51.100.7\n"
    waiting.close()
    assert server.process.wait(PATIENCE) == 0
    server.process = None
    assert can_bind("127.0.0.1", server.metrics_port)
