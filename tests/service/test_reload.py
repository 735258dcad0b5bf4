"""Settings that change while the server runs, by the command and by a signal; and whether a file of
them can be used."""

from __future__ import annotations

import dataclasses
import signal
import socket
from pathlib import Path
from urllib.request import urlopen

import dns.edns
import dns.message
import dns.query
import pytest

from ddns import __version__
from ddns.config.settings import Settings
from tests import certificates
from tests.conftest import ACCOUNT, HOST, ZONE, Launch
from tests.forked import run_forked
from tests.processes import Server, eventually, free_port
from tests.programs import PATIENCE, script

UNCHANGED = {"database", "sample", "https", "dot", "inetd", "metrics", "log"}
"""What means something at a start only, or without a server, and what test_https.py is about."""

LIMITED = "[abuse]\nchange_burst = 1\nchange_interval = 3600\n"


def reload(server: Server) -> list[str]:
    """What ``ddns reload`` shows."""
    done = server.try_ddns("reload")
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return done.stdout.splitlines()


def try_alone(server: Server, *args: str) -> list[str]:
    """A subcommand without a group."""
    return [script("ddns"), *args, "--database", str(server.database)]


@pytest.fixture
def reloading(server: Server, monkeypatch: pytest.MonkeyPatch) -> Server:
    """The command ``ddns reload`` has no group."""
    monkeypatch.setattr(server, "ddns_command", lambda *args: try_alone(server, *args))
    return server


def test_a_limit_holds_at_once(reloading: Server, login: str) -> None:
    for number in range(12):
        assert reloading.update(login, HOST, f"198.51.100.{number}").body.startswith("good ")
    reloading.config.write_text(LIMITED)
    assert reload(reloading) == [
        "changed: dns.rate_limit.responses_per_second",
        "changed: abuse.change_burst",
        "changed: abuse.change_interval",
    ]
    assert reloading.update(login, HOST, "198.51.100.20").body.startswith("good ")
    assert reloading.update(login, HOST, "198.51.100.21").body.startswith("911")
    reloading.config.write_text("[abuse]\nchange_interval = 0\n")
    reload(reloading)
    assert reloading.update(login, HOST, "198.51.100.21").body.startswith("good ")
    assert reload(reloading)[0].startswith("nothing has changed; ")


def test_what_takes_a_new_start(reloading: Server, login: str) -> None:
    reloading.config.write_text(f"[dns]\ntcp_idle_time = 0.2\n[api]\nenabled = false\n{LIMITED}")
    said = reload(reloading)
    assert "needs a restart: api.enabled" in said
    assert "changed: dns.tcp_idle_time" in said
    assert reloading.get("/api/openapi.json").status == 200
    # the option of the command line still comes first, so listening has not changed
    assert not [line for line in said if "listen" in line]
    with socket.create_connection(("127.0.0.1", reloading.dns_port)) as idle:
        idle.settimeout(5.0)
        assert idle.recv(1) == b""


def test_settings_that_cannot_be_change_nothing(reloading: Server, login: str) -> None:
    for text, expected in (
        ("[abuse]\nchange_interval = 'x'\n", "abuse.change_interval: expected a number"),
        ("[abuse", "not TOML"),
        (LIMITED + "[https]\ncertificate = 'nowhere.pem'\nlisten = ['tcp:1']\nx = 1", "https.x"),
    ):
        reloading.config.write_text(text)
        done = reloading.try_ddns("reload")
        assert (done.returncode, done.stdout) == (1, "")
        assert str(reloading.config) in done.stderr
        assert expected in done.stderr
        assert len(done.stderr.splitlines()) == 1
    reloading.config.unlink()
    assert "No such file" in reloading.try_ddns("reload").stderr
    for number in range(12):
        assert reloading.update(login, HOST, f"198.51.100.{number}").body.startswith("good ")
    assert "Traceback" not in reloading.log


def test_a_signal_does_it_too(server: Server, login: str) -> None:
    server.config.write_text("[abuse\n")
    assert server.process is not None
    server.process.send_signal(signal.SIGHUP)
    eventually(lambda: "settings stay as they were" in server.log, "the log says so")
    server.config.write_text(LIMITED)
    server.process.send_signal(signal.SIGHUP)
    eventually(lambda: "settings were read again" in server.log, "the log says so")
    assert server.update(login, HOST, "198.51.100.1").body.startswith("good ")
    assert server.update(login, HOST, "198.51.100.2").body.startswith("911")


def test_every_table_can_change(reloading: Server, login: str) -> None:
    """Each of these is used by a part of its own."""
    reloading.config.write_text(
        "stop_time = 1\n"
        "[http]\nbody = 100\nidle_time = 0.2\n[miniupdate]\nconnections = 1\n"
        "[gnudip]\nidle_time = 5\n"
        "[registration]\nmin_ttl = 60\n[store]\njournal_rows = 100\n[requests]\nper_host = 0\n"
        "[dns]\ncookies = false\n[dns.rate_limit]\nresponses_per_second = 0\n"
        "[mail]\nrelay = '127.0.0.1:1'\nsender = 'a@example.net'\n"
        "[accounts]\nregistration = 'open'\n[api]\nurl = 'http://127.0.0.1'\ncalls_per_minute = 2\n"
        "[pages]\nrequests_per_minute = 1\n[tools]\ncalls_per_minute = 1\n"
        "[challenges]\nkeep = 3600\n[acme_dns]\nper_day = 1\n"
        "[outward]\nports = [443]\n[relays]\nper_host = 1\n[notices]\nper_host = 3\n"
        "[abuse]\nchange_interval = 0\nrefused_networks = ['192.0.2.0/24']\n"
        "[proxies]\ntrusted = ['127.0.0.1']\nheader = 'Forwarded'\n"
    )
    said = reload(reloading)
    tables = {line.removeprefix("changed: ").partition(".")[0] for line in said}
    assert tables == {field.name for field in dataclasses.fields(Settings)} - UNCHANGED
    with socket.create_connection(("127.0.0.1", reloading.http_port)) as proxy:
        proxy.sendall(b"GET /ip HTTP/1.0\r\nForwarded: for=192.0.2.9\r\n\r\n")
        assert proxy.makefile("rb").read().endswith(b"\r\n\r\n192.0.2.9\n")
    big = "x" * 200
    assert reloading.get(f"/nic/update?hostname={big}", login=login).status == 200
    with socket.create_connection(("127.0.0.1", reloading.http_port)) as client:
        client.settimeout(10.0)
        client.sendall(b"POST /nic/update HTTP/1.1\r\nHost: a\r\nContent-Length: 101\r\n\r\n")
        assert client.recv(100).startswith(b"HTTP/1.1 413 ")
    assert reloading.get("/api/openapi.json").status == 200
    assert reloading.get("/api/openapi.json").status == 200
    assert reloading.get("/api/openapi.json").status == 429
    assert reloading.get("/login").status == 200
    assert reloading.get("/login").status == 429
    reloading.update(login, HOST, "198.51.100.1")
    assert reloading.call("host_show", name=HOST)["requests"] == []
    reloading.config.write_text("[abuse]\nrefused_networks = ['127.0.0.0/8']\n")
    reload(reloading)
    assert reloading.get("/api/openapi.json").status == 403
    assert reloading.update(login, HOST, "198.51.100.2").body.startswith("abuse")


def test_what_has_not_changed_is_left_alone(reloading: Server) -> None:
    """Who has called too often has done so, and a cookie that was given stays good."""
    reloading.config.write_text("[api]\ncalls_per_minute = 2\n[dns.rate_limit]\nslip = 1\n")
    reload(reloading)

    def cookie(sent: bytes) -> bytes:
        query = dns.message.make_query(ZONE, "SOA")
        query.use_edns(0, options=[dns.edns.GenericOption(10, sent)])
        answer = dns.query.udp(query, "127.0.0.1", port=reloading.dns_port, timeout=PATIENCE)
        (option,) = answer.options
        assert isinstance(option, dns.edns.CookieOption)
        return option.client + option.server

    given = cookie(b"8octets.")
    for _ in range(2):
        assert reloading.get("/api/openapi.json").status == 200
    reloading.config.write_text(
        "[api]\ncalls_per_minute = 2\n[dns.rate_limit]\nslip = 1\n[http]\nbody = 100\n"
    )
    assert reload(reloading) == ["changed: http.body"]
    assert reloading.get("/api/openapi.json").status == 429
    assert cookie(given) == given


def test_what_is_counted_goes_on(make_server: Launch, monkeypatch: pytest.MonkeyPatch) -> None:
    """A new limit on rates counts in the same metrics as the one before."""
    server = make_server()
    monkeypatch.setattr(server, "ddns_command", lambda *args: try_alone(server, *args))
    port = free_port()
    watched = f'[metrics]\nlisten = ["tcp:{port}:interface=127.0.0.1"]\n[dns.rate_limit]\n'
    server.with_settings(watched + "responses_per_second = 1\n").start()
    server.call("zone_add", origin=ZONE)

    def suppressed() -> float:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as flood:
            for _ in range(50):
                query = dns.message.make_query(ZONE, "SOA").to_wire()
                flood.sendto(query, ("127.0.0.1", server.dns_port))
        server.ask(ZONE, "SOA", tcp=True)
        with urlopen(f"http://127.0.0.1:{port}/metrics", timeout=PATIENCE) as answer:
            lines = answer.read().decode().splitlines()
        found = [line for line in lines if line.startswith("ddns_dns_rate_limited_total{")]
        return sum(float(line.split()[-1]) for line in found)

    before = eventually(suppressed, "the limit holds")
    server.config.write_text(watched + "responses_per_second = 2\n")
    assert reload(server) == ["changed: dns.rate_limit.responses_per_second"]
    eventually(lambda: suppressed() > before, "the new limit counts as well")


def test_without_a_server(make_server: Launch) -> None:
    server = make_server().start()
    server.call("account_add", name=ACCOUNT)
    server.terminate()
    done = run_forked("ddns", try_alone(server, "reload")[1:], folder=server.folder)
    assert (done.returncode, done.stdout) == (1, "")
    assert "no server runs" in done.stderr
    done = run_forked("ddns", try_alone(server, "status")[1:], folder=server.folder)
    assert (done.returncode, done.stdout) == (1, "")
    server.start()
    done = run_forked("ddns", try_alone(server, "status")[1:], folder=server.folder)
    assert (done.returncode, done.stderr) == (0, "")
    first, fast_path = done.stdout.splitlines()
    assert first == f"ddns {__version__} answers for 0 zones"
    assert fast_path.startswith("fast path: ")


# Looking at a file without a server.


def check(file: Path) -> tuple[int, str]:
    """Status, and the one line that ``ddns config check`` says."""
    done = run_forked("ddns", ["config", "check", file.name], folder=file.parent)
    (line,) = (done.stdout + done.stderr).splitlines()
    assert bool(done.stdout) == (done.returncode == 0)
    return done.returncode, line


def test_a_good_file(tmp_path: Path) -> None:
    file = tmp_path / "ddns.toml"
    pair = certificates.make(tmp_path, "localhost")
    pair.private_key.chmod(0o600)
    file.write_text(
        f'[http]\nlisten = ["tcp:{free_port()}"]\n[https]\nlisten = ["tcp:443"]\n'
        f'certificate = "{pair.certificate.name}"\nprivate_key = "{pair.private_key}"\n'
    )
    assert check(file) == (0, "ddns.toml: a server can use these settings")
    assert {path.suffix for path in tmp_path.iterdir()} <= {".toml", ".pem", ".key", ".crt"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[dns]\nport = 53", "ddns.toml: dns.port: there is no such setting"),
        ('[http]\nlisten = ["tcp:x"]', "ddns.toml: http.listen: 'tcp:x' is no endpoint"),
        ('[http]\nlisten = ["nonsense:1"]', "ddns.toml: http.listen: 'nonsense:1' is no endpoint"),
        ('[miniupdate]\nlisten = [""]', "ddns.toml: miniupdate.listen: '' is no endpoint"),
        (
            '[https]\nlisten = ["tcp:443"]\ncertificate = "no.pem"',
            "ddns.toml: https.certificate: no.pem: No such file",
        ),
        (
            '[https]\nlisten = ["tcp:443"]\ncertificate = "ddns.toml"',
            "ddns.toml: https.certificate: ddns.toml: expected certificates in PEM",
        ),
        (
            '[mail]\nrelay = "localhost:25"\nsender = "a@example.net"\nca = "no.pem"',
            "ddns.toml: mail.ca: no.pem: No such file",
        ),
        (
            '[https.acme]\ndirectory = "https://ca.test/"\nnames = ["a.test"]\nca = "no.pem"',
            "ddns.toml: https.acme.ca: no.pem: No such file",
        ),
        ('database = "no/where.sqlite"', "ddns.toml: database: there is no directory no"),
        ("x", "ddns.toml: not TOML"),
    ],
)
def test_a_wrong_file(tmp_path: Path, text: str, expected: str) -> None:
    file = tmp_path / "ddns.toml"
    file.write_text(text)
    status, line = check(file)
    assert status == 1
    assert line.startswith(f"ddns: {expected}")


def test_no_file(tmp_path: Path) -> None:
    assert check(tmp_path / "no.toml") == (1, "ddns: no.toml: No such file or directory")


def test_the_sample_is_good(tmp_path: Path) -> None:
    """But for the directory of the database, which the test's machine does not have."""
    text = (Path(__file__).parents[2] / "deploy" / "ddns.toml").read_text()
    file = tmp_path / "ddns.toml"
    file.write_text(text.replace("/var/lib/ddns", str(tmp_path)))
    assert check(file)[0] == 0
