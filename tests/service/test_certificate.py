"""The server's own certificate, from a real authority, shown to real clients."""

from __future__ import annotations

import http.client
import re
import socket
import ssl
import subprocess
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography import x509

from tests.clients.documented import blocks_of
from tests.passing import PassThrough, Said, passing
from tests.pebble import Authority, pebble
from tests.processes import PATIENCE, Server, eventually, free_port, get_with, mode_of
from tests.programs import program, run, script
from tests.service.watching import OF_ITS_OWN_CERTIFICATE, sample, scraped

ZONE = "dyn.example.net"
NAME = f"ddns.{ZONE}"
LOOPBACK = "127.0.0.1"
ELSEWHERE = "ddns.elsewhere.test"


@dataclass(frozen=True)
class Own:
    """A server with a certificate of its own, and the authority that issues it."""

    server: Server
    authority: PassThrough
    roots: Path
    dot_port: int

    @property
    def folder(self) -> Path:
        """Where certificates are kept."""
        return Path(f"{self.server.database}.acme")

    def shown(self, port: int | None = None) -> x509.Certificate:
        """The certificate that a new connection gets, whoever issued it."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        with (
            socket.create_connection((LOOPBACK, port or self.server.https_port), PATIENCE) as sock,
            context.wrap_socket(sock) as secured,
        ):
            return x509.load_der_x509_certificate(secured.getpeercert(True) or b"")

    def state(self) -> dict[str, object]:
        """How it stands, as the operator sees it."""
        state: dict[str, object] = self.server.call("status")["certificate"]
        return state

    def orders(self) -> int:
        """How many orders there were."""
        return self.authority.asked.count("/order-plz")


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Own]:
    """A server with the settings of docs/certificates.md. It starts without a zone and with an
    authority that is out of reach, and that rejects many nonces later."""
    folder = tmp_path_factory.mktemp("own")
    server = Server(folder, "--no-sample")
    server.https_port, dot_port = free_port(), free_port()
    with ExitStack() as stack:
        behind = stack.enter_context(
            pebble(server.dns_port, folder, server.http_port, rejected_nonces=30)
        )
        authority = stack.enter_context(passing(behind, folder))
        roots = folder / "roots.pem"
        trusting = ssl.create_default_context(cafile=str(behind.ca))
        with urllib.request.urlopen(f"{behind.management}/roots/0", context=trusting) as answer:
            roots.write_bytes(answer.read())
        _, text = blocks_of("certificates.md")["the server's own certificate"]
        for there, here in (
            ("tcp:443", f"tcp:{server.https_port}:interface={LOOPBACK}"),
            ("https://acme-v02.api.letsencrypt.org/directory", authority.directory),
            ("[https.acme]", f'[https.acme]\nca = "{authority.ca}"'),
        ):
            assert there in text
            text = text.replace(there, here)
        server.with_settings(text).with_metrics()
        server.options += ["--dot", f"tcp:{dot_port}:interface={LOOPBACK}"]
        stack.callback(server.clean_up)
        own = Own(server, authority, roots, dot_port)
        authority.broken = True
        server.start()
        begin(own)
        yield own


def begin(own: Own) -> None:
    """Look at a server without a certificate, and have it get one."""
    server = own.server
    eventually(lambda: own.state()["failures"] == 1, "the first order fails")
    assert own.shown().issuer.rfc4514_string() == "CN=temporary"
    assert server.get("/ip").status == 200
    assert server.call("status")["not_ready"] == ""
    done = run([script("ddns"), "status", "--database", str(server.database)])
    assert "none yet, a temporary one is in use" in done.stdout
    assert f"{own.authority.url.removeprefix('https://')} cannot be reached" in done.stdout
    server.call("zone_add", origin=ZONE)
    own.authority.broken = False
    said = server.ddns("certificate", "renew")
    assert (said["keys"], said["problem"]) == (["ecdsa", "rsa"], "")


def client(own: Own, *options: str) -> str:
    """What a client of OpenSSL gets: it checks the chain, and the name."""
    command = [program("openssl"), "s_client", "-connect", f"{LOOPBACK}:{own.server.https_port}"]
    checks = ["-verify_return_error", "-verify_hostname", NAME, "-CAfile", str(own.roots)]
    done = run([*command, "-servername", NAME, *checks, *options])
    assert done.returncode == 0, done.stdout + done.stderr
    (key,) = re.findall(r"a:PKEY: (\w+).*\n(?:.*\n)*? 1 s:", done.stdout)
    return str(key)


@pytest.mark.parametrize(
    ("options", "key"),
    [
        ([], "id"),
        (["-tls1_2"], "id"),
        (["-tls1_2", "-cipher", "ECDHE-RSA-AES128-GCM-SHA256"], "rsaEncryption"),
        (["-tls1_3", "-sigalgs", "RSA-PSS+SHA256:RSA+SHA256"], "rsaEncryption"),
    ],
)
def test_each_client_gets_a_chain_that_it_understands(
    own: Own, options: list[str], key: str
) -> None:
    assert client(own, *options) == key


def test_curl_and_dns_over_tls_trust_it(own: Own) -> None:
    to = ["--resolve", f"{NAME}:{own.server.https_port}:{LOOPBACK}", "--cacert", str(own.roots)]
    url = f"https://{NAME}:{own.server.https_port}/ip"
    assert run([program("curl"), "--silent", *to, url]).stdout == f"{LOOPBACK}\n"
    assert own.shown(own.dot_port) == own.shown()


def test_nothing_of_the_orders_is_left(own: Own) -> None:
    assert own.server.answers(f"_acme-challenge.{NAME}", "TXT") == []
    history = own.server.call("zone_history", origin=ZONE)["events"]
    challenges = [one for one in history if one["via"] == "acme"]
    assert {one["who"] for one in challenges} == {"server"}
    assert len(challenges) >= 2
    assert own.server.get("/.well-known/acme-challenge/x").status == 404
    for file in own.folder.iterdir():
        assert mode_of(file) == 0o600
    assert own.server.call("status")["warnings"] == []


def test_renewal_goes_on_beside_open_connections(own: Own) -> None:
    before = own.shown()
    trusting = ssl.create_default_context(cafile=str(own.roots))
    trusting.check_hostname = False
    open_one = http.client.HTTPSConnection(
        LOOPBACK, own.server.https_port, timeout=PATIENCE, context=trusting
    )
    assert get_with(open_one, "/ip", None).status == 200
    sock = open_one.sock
    own.server.ddns("certificate", "renew")
    after = own.shown()
    assert after.serial_number != before.serial_number
    assert after.public_key() != before.public_key()
    assert own.shown(own.dot_port) == after
    assert get_with(open_one, "/ip", None).status == 200
    assert open_one.sock is sock
    open_one.close()


def test_the_authority_says_when_to_renew(own: Own) -> None:
    """Pebble does not; what stands before it does."""
    eventually(lambda: str(own.state()["renewal"]).startswith("2028-01-01"), "it has said so")
    assert any(path.startswith("/renewal-info/") for path in own.authority.asked)
    numbers = scraped(own.server)
    assert {name for name, _ in numbers} >= OF_ITS_OWN_CERTIFICATE
    begins = 1_830_297_600.0  # 2028-01-01
    renewal = numbers[sample("ddns_certificate_renewal_timestamp_seconds")]
    assert begins <= renewal <= begins + 86_400
    assert numbers[sample("ddns_certificate_issued_timestamp_seconds")] > 0
    assert numbers[sample("ddns_certificate_failures_total")] >= 1
    expires = own.shown().not_valid_after_utc.timestamp()
    assert numbers[sample("ddns_certificate_expiry_timestamp_seconds")] <= expires


HTML = Said(b"<html>Welcome!</html>", headers=(("Content-Type", "text/html"),))
ELSEWHERE_SAID = Said(b"", 302, (("Location", "https://127.0.0.1:1/"),))
PLAIN = Said(b'{"newNonce": "http://127.0.0.1:1/", "newAccount": "http://127.0.0.1:1/"}')
NONSENSE = [
    pytest.param("/dir", HTML, "no sense", id="a web site"),
    pytest.param("/dir", Said(b"[]"), "no sense", id="a list"),
    pytest.param("/dir", Said(b"{}"), "no sense", id="an empty directory"),
    pytest.param("/dir", Said(b"x" * 300_000), "more than 262144 octets", id="too much"),
    pytest.param("/dir", ELSEWHERE_SAID, "sends us to somewhere else", id="a redirect"),
    pytest.param("/dir", Said(b"oh", 500), "answers 500", id="an error"),
    pytest.param("/dir", PLAIN, "something else than HTTPS", id="no TLS"),
    pytest.param("/order-plz", Said(b"{}", 201), "no sense", id="an empty order"),
    pytest.param(
        "/order-plz",
        Said(
            b'{"type": "urn:ietf:params:acme:error:rateLimited", "detail": "too many\\norders"}',
            429,
            (("Content-Type", "application/problem+json"), ("Retry-After", "7200")),
        ),
        "too many orders (rateLimited)",
        id="a limit",
    ),
    pytest.param("/authZ/", Said(b'{"status": "pending"}'), "no sense", id="an authorization"),
    pytest.param("/certZ/", HTML, "", id="no certificate"),
]


@pytest.mark.parametrize(("path", "said", "why"), NONSENSE)
def test_an_authority_that_talks_nonsense_changes_nothing(
    own: Own, path: str, said: Said, why: str
) -> None:
    refused(own, lambda: own.authority.instead.update({path: said}), why)


def test_an_authority_that_is_out_of_reach(own: Own) -> None:
    refused(own, lambda: setattr(own.authority, "broken", True), "cannot be reached")


def test_a_certificate_that_is_somebody_elses(own: Own) -> None:
    chain = (own.folder / "rsa.pem").read_bytes()
    said = Said(chain, headers=(("Content-Type", "application/pem-certificate-chain"),))
    refused(own, lambda: own.authority.instead.update({"/certZ/": said}), "")


def refused(own: Own, spoil: Callable[[], object], why: str) -> None:
    """Spoil the conversation with the authority, order a certificate and see that it changes
    nothing, and that the next order is as any."""
    before, files = own.shown(), {one: one.read_bytes() for one in own.folder.glob("*.pem")}
    spoil()
    try:
        done = own.server.try_ddns("certificate", "renew")
    finally:
        own.authority.instead.clear()
        own.authority.broken = False
    assert done.returncode != 0
    assert "there is no new certificate: " in done.stderr
    assert why in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert own.shown() == before
    assert {one: one.read_bytes() for one in own.folder.glob("*.pem")} == files
    assert own.server.answers(f"_acme-challenge.{NAME}", "TXT") == []
    assert "Traceback" not in own.server.log
    assert own.state()["problem"]


def test_an_authority_that_is_stuck_does_not_hold_up_the_end(own: Own) -> None:
    own.authority.stuck = threading.Event()
    asking = threading.Thread(target=own.server.try_ddns, args=("certificate", "renew"))
    asking.start()
    try:
        eventually(lambda: own.state()["ordering"], "an order goes on")
        began = time.monotonic()
        assert own.server.terminate() == 0
        assert time.monotonic() - began < PATIENCE / 2
    finally:
        own.authority.stuck.set()
        own.authority.stuck = None
        asking.join(PATIENCE)
    own.server.start()


def test_a_restart_orders_nothing(own: Own) -> None:
    before, orders = own.shown(), own.orders()
    own.server.restart()
    assert own.shown() == before
    state = own.state()
    assert (state["keys"], state["ordering"], own.orders()) == (["ecdsa", "rsa"], False, orders)


@contextmanager
def reloaded(own: Own, text: str) -> Iterator[set[str]]:
    """The settings that have changed by this text of them, as long as it lasts."""
    before = own.server.config.read_text()
    own.server.config.write_text(text)
    try:
        yield set(own.server.ddns("reload", "--json")["changed"])
    finally:
        own.server.config.write_text(before)
        own.server.ddns("reload", "--json")
        eventually(lambda: names_of(own) == [NAME], "there is one for its name again")
        eventually(lambda: not own.state()["ordering"], "and of both types")


def names_of(own: Own) -> list[str]:
    """The names on the certificate that is shown."""
    found = own.shown().extensions.get_extension_for_class(x509.SubjectAlternativeName)
    return found.value.get_values_for_type(x509.DNSName)


@contextmanager
def other_dns() -> Iterator[int]:
    """The port of name servers that have all names here."""
    port = free_port()
    command = [program("pebble-challtestsrv"), "-dns01", f"{LOOPBACK}:{port}", "-defaultIPv6", ""]
    silent = [part for one in ("http01", "https01", "tlsalpn01") for part in (f"-{one}", "")]
    management = ["-management", f"{LOOPBACK}:{free_port()}"]
    process = subprocess.Popen([*command, *silent, *management], stdout=subprocess.DEVNULL)
    try:
        yield port
    finally:
        process.kill()
        process.wait(PATIENCE)


ACCOUNT, MAC_KEY = "kid-1", "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W"


def accounting(own: Own, dns_port: int, folder: Path) -> AbstractContextManager[Authority]:
    """An authority that wants an account that it knows."""
    return pebble(dns_port, folder, own.server.http_port, {ACCOUNT: MAC_KEY})


def test_a_name_that_is_shown_over_http(own: Own, tmp_path: Path) -> None:
    """A reload brings another authority, which asks somebody else's DNS and wants an account that
    it knows, and another name."""
    with other_dns() as port, accounting(own, port, tmp_path) as other:
        text = own.server.config.read_text()
        text = re.sub('directory = ".*"', f'directory = "{other.directory}"', text)
        mine = f'names = ["{ELSEWHERE}"]\neab_kid = "{ACCOUNT}"\neab_hmac_key = "{MAC_KEY}=="'
        text = re.sub('ca = ".*"', f'ca = "{other.ca}"\n{mine}', text)
        text = re.sub("keys = .*", 'keys = ["ecdsa"]', text)
        with reloaded(own, text) as changed:
            keys = ("ca", "directory", "eab_kid", "eab_hmac_key", "keys", "names")
            assert changed == {f"https.acme.{key}" for key in keys}
            eventually(lambda: own.state()["issued_at"], "there is a certificate")
            assert names_of(own) == [ELSEWHERE]


def test_files_take_the_place_of_it(own: Own) -> None:
    mine = own.server.folder / "mine.pem"
    mine.write_bytes((own.folder / "rsa.pem").read_bytes())
    before, after = own.server.config.read_text().split("[https.acme]")
    text = before.replace("[https]", f'[https]\ncertificate = "{mine}"')
    with reloaded(own, text + after[after.index("[metrics]") :]):
        assert own.server.call("status")["certificate"] is None
        assert own.shown() == x509.load_pem_x509_certificate(mine.read_bytes())
        done = own.server.try_ddns("certificate", "renew")
        assert "https.acme.directory is not set" in done.stderr
