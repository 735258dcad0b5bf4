"""HTTPS on the running server: the same dialects, certificates that change, clients that stall."""

from __future__ import annotations

import http.client
import shutil
import signal
import socket
import sqlite3
import ssl
import time
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from tests import certificates
from tests.certificates import Pair
from tests.conftest import ACCOUNT, HOST, ZONE, Launch
from tests.processes import Server, basic, eventually, get_with, update_path
from tests.programs import PATIENCE, program, run


@pytest.fixture
def pair(tmp_path: Path) -> Pair:
    return certificates.make(tmp_path)


@pytest.fixture
def server(make_server: Launch, pair: Pair) -> Server:
    server = make_server().with_https(pair.certificate, pair.private_key).start()
    server.call("zone_add", origin=ZONE)
    server.call("account_add", name=ACCOUNT)
    server.call("host_add", name=HOST, account=ACCOUNT)
    return server


def connection(server: Server, pair: Pair) -> http.client.HTTPSConnection:
    return http.client.HTTPSConnection(
        "127.0.0.1", server.https_port, timeout=PATIENCE, context=pair.client()
    )


def shown(server: Server, ciphers: str = "") -> bytes:
    """The certificate that a new connection gets, in DER; with *ciphers* up to TLS 1.2."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    if ciphers:
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers(ciphers)
    with (
        socket.create_connection(("127.0.0.1", server.https_port), PATIENCE) as sock,
        context.wrap_socket(sock) as secured,
    ):
        return secured.getpeercert(True) or b""


def test_an_update_over_https(server: Server, login: str, pair: Pair) -> None:
    with_tls = connection(server, pair)
    for number in (1, 2, 3):  # on one connection
        path = update_path(HOST, f"198.51.100.{number}")
        assert get_with(with_tls, path, login).body == f"good 198.51.100.{number}\n"
        assert server.answers(HOST) == [f"198.51.100.{number}"]
    assert get_with(with_tls, update_path(HOST), None).status == 401
    assert server.stored(HOST) == ["198.51.100.3"]
    assert server.update(login, HOST, "198.51.100.3").body == "nochg 198.51.100.3\n"
    logged = server.call("host_show", name=HOST)["requests"]
    assert [one["transport"] for one in logged] == ["plain", "tls", "tls", "tls"]
    assert {one["version"] for one in logged} == {"HTTP/1.1"}


def test_curl_trusts_the_certificate(server: Server, login: str, pair: Pair) -> None:
    url = f"https://127.0.0.1:{server.https_port}{update_path(HOST, '198.51.100.9')}"
    curl = [program("curl"), "--silent", "--show-error", "--user", login, url]
    assert run([*curl, "--cacert", str(pair.certificate)]).stdout == "good 198.51.100.9\n"
    assert server.answers(HOST) == ["198.51.100.9"]
    assert run(curl).returncode == 60  # a certificate of nobody it knows


@pytest.mark.parametrize("options", [[], ["--http2"], ["--http1.1"], ["--no-alpn"]])
def test_http_1_1_with_whatever_is_installed(
    server: Server, pair: Pair, options: list[str]
) -> None:
    """The tests install h2 and priority, with which Twisted would speak HTTP/2."""
    pytest.importorskip("h2")
    pytest.importorskip("priority")
    url = f"https://127.0.0.1:{server.https_port}/ip"
    shown = ["--write-out", " %{http_version}", "--cacert", str(pair.certificate)]
    curl = [program("curl"), "--silent", "--show-error", *options, *shown, url]
    assert run(curl).stdout == "127.0.0.1\n 1.1"


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_versions_that_are_spoken(server: Server, pair: Pair, version: ssl.TLSVersion) -> None:
    context = pair.client()
    context.minimum_version = context.maximum_version = version
    with (
        socket.create_connection(("127.0.0.1", server.https_port), PATIENCE) as sock,
        context.wrap_socket(sock, server_hostname="127.0.0.1") as secured,
    ):
        assert (secured.version() or "").replace(".", "_") == version.name


@pytest.mark.filterwarnings("ignore:.*TLSv1:DeprecationWarning")
def test_older_versions_are_not(server: Server) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = ssl.TLSVersion.TLSv1
    context.maximum_version = ssl.TLSVersion.TLSv1_1
    with (
        socket.create_connection(("127.0.0.1", server.https_port), PATIENCE) as sock,
        pytest.raises(ssl.SSLError, match="PROTOCOL_VERSION"),
    ):
        context.wrap_socket(sock)


def test_a_new_certificate_without_dropping_connections(
    server: Server, login: str, pair: Pair, tmp_path: Path
) -> None:
    open_one = connection(server, pair)
    assert get_with(open_one, update_path(HOST, "198.51.100.1"), login).status == 200
    new = certificates.make(tmp_path, "new")
    old = pair.der
    assert shown(server) == old
    shutil.copy(new.certificate, pair.certificate)
    shutil.copy(new.private_key, pair.private_key)
    assert shown(server) == old  # until it is told
    assert server.process is not None
    server.process.send_signal(signal.SIGHUP)
    eventually(lambda: shown(server) == new.der, "new connections get the new certificate")
    sock = open_one.sock
    assert get_with(open_one, update_path(HOST, "198.51.100.2"), login).status == 200
    assert open_one.sock is sock
    reply = get_with(connection(server, new), update_path(HOST, "198.51.100.3"), login)
    assert reply.body == "good 198.51.100.3\n"


def test_certificates_of_two_types(make_server: Launch, pair: Pair, tmp_path: Path) -> None:
    """A client that knows RSA alone gets another one than all others do; both can be renewed."""
    primes = certificates.make_rsa(tmp_path, "primes")
    server = make_server().with_https(pair.certificate, pair.private_key)
    server.options += ["--certificate", str(primes.certificate)]
    server.options += ["--private-key", str(primes.private_key)]
    server.start()
    assert (shown(server), shown(server, "ECDHE+aRSA")) == (pair.der, primes.der)
    new = certificates.make_rsa(tmp_path, "new")
    shutil.copy(new.certificate, primes.certificate)
    assert server.process is not None
    server.process.send_signal(signal.SIGHUP)
    eventually(lambda: "settings stay as they were" in server.log, "its key is another one")
    assert "is not the key of" in server.log
    shutil.copy(new.private_key, primes.private_key)
    server.process.send_signal(signal.SIGHUP)
    eventually(lambda: shown(server, "ECDHE+aRSA") == new.der, "the new one is in use")
    assert shown(server) == shown(server, "ECDHE+aECDSA") == pair.der


def test_a_certificate_that_cannot_be_used_changes_nothing(
    server: Server, pair: Pair, tmp_path: Path
) -> None:
    shutil.copy(certificates.make(tmp_path, "other").private_key, pair.private_key)
    assert server.process is not None
    server.process.send_signal(signal.SIGHUP)
    eventually(lambda: "settings stay as they were" in server.log, "the log says so")
    assert "is not the key of" in server.log
    assert shown(server) == pair.der


def test_a_signal_where_there_is_nothing_to_reload(make_server: Launch) -> None:
    server = make_server().start()
    assert server.process is not None
    server.process.send_signal(signal.SIGHUP)
    server.call("zone_add", origin=ZONE)
    assert server.get("/ip").status == 200
    assert server.terminate() == 0


def test_clients_that_stall_are_cut(make_server: Launch, pair: Pair) -> None:
    server = make_server().with_https(pair.certificate, pair.private_key)
    with open(server.config, "a") as file:
        file.write("[http]\nrequest_time = 0.3\n")
    server.start()
    for sent in (b"", b"\x16\x03\x01", b"GET / HTTP/1.1\r\n\r\n"):
        with socket.create_connection(("127.0.0.1", server.https_port), PATIENCE) as sock:
            sock.sendall(sent)
            began = time.monotonic()
            try:
                while sock.recv(100):
                    pass
            except ConnectionResetError:
                pass
            assert time.monotonic() - began < PATIENCE / 2
    assert connection_works(server, pair)
    assert "Traceback" not in server.log


def connection_works(server: Server, pair: Pair) -> bool:
    return get_with(connection(server, pair), "/ip", None).body == "127.0.0.1\n"


def test_a_stop_finishes_what_was_begun(server: Server, login: str, pair: Pair) -> None:
    """And does not wait for clients that only keep their connection."""
    idle = connection(server, pair)
    assert get_with(idle, "/ip", None).status == 200
    busy = connection(server, pair)
    headers = {"Authorization": basic(login), "User-Agent": "x"}
    assert server.process is not None
    lock = sqlite3.connect(server.database, isolation_level=None)
    lock.execute("begin immediate")
    busy.request("GET", update_path(HOST, "198.51.100.77"), headers=headers)
    time.sleep(0.3)
    began = time.monotonic()
    server.process.terminate()
    time.sleep(0.2)
    lock.close()
    answer = busy.getresponse()
    assert (answer.status, answer.read()) == (200, b"good 198.51.100.77\n")
    assert server.process.wait(PATIENCE) == 0
    assert time.monotonic() - began < 4  # a stop may take 5 s
    server.process = None
    server.start()
    assert server.answers(HOST) == ["198.51.100.77"]


def test_stalled_handshakes_leave_plain_http_alone(make_server: Launch, pair: Pair) -> None:
    server = make_server().with_https(pair.certificate, pair.private_key)
    with open(server.config, "a") as file:
        file.write("[http]\nconnections = 5\n")
    server.start()
    with ExitStack() as stack:
        for _ in range(10):
            with suppress(ConnectionResetError):  # not all of them are let in
                stack.enter_context(socket.create_connection(("127.0.0.1", server.https_port)))
        for _ in range(5):
            assert server.get("/ip").status == 200


def test_a_key_that_tls_cannot_use_changes_nothing(server: Server, pair: Pair) -> None:
    old = pair.der
    certificates.make_weak(pair)
    assert server.process is not None
    server.process.send_signal(signal.SIGHUP)
    eventually(lambda: "settings stay as they were" in server.log, "the log says so")
    assert "TLS cannot use it" in server.log
    assert "Traceback" not in server.log
    assert shown(server) == old
