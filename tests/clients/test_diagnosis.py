"""Clients that are set up wrongly, in many ways, and what the owner of their host is told; once
they are set right, it is not told any more. :mod:`tests.policy.test_diagnosis` has all the rules.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from ddns.policy.secrets import KEY_LENGTH
from tests import certificates
from tests.clients.test_ddclient import Ddclient
from tests.clients.test_downloaders import curl
from tests.clients.test_inadyn import UPDATE, Inadyn
from tests.conftest import ACCOUNT, HOST, ZONE, Launch
from tests.processes import Json, Server, eventually
from tests.programs import program

PUBLIC, OTHER = "8.8.4.4", "8.8.8.8"
OFFICE = "office.example.net"
WRONG = "x" * KEY_LENGTH


def rules(server: Server, host: str = HOST) -> set[str]:
    """What is found for a host, whatever it is."""
    return {finding["rule"] for finding in server.call("host_diagnosis", name=host)["findings"]}


def key(server: Server, **arguments: object) -> Json:
    return server.call("key_add", account=ACCOUNT, **arguments)


# ddclient ----------------------------------------------------------------------------------------


def test_ddclient(server: Server, login: str, tmp_path: Path) -> None:
    client = Ddclient(program("ddclient"), server, login, tmp_path)
    right = client.secret
    disabled = key(server)
    server.call("key_disable", number=disabled["id"])
    assert rules(server) == {"never-heard"}

    def told(*, user: str = ACCOUNT, secret: str = right, host: str = HOST) -> set[str]:
        """What is found after a run with such a configuration, and what is not any more when it has
        been corrected."""
        client.user, client.secret = user, secret
        assert client.update(PUBLIC, host).failed(host)
        found = rules(server)
        client.forget()
        client.user, client.secret = ACCOUNT, right
        assert not client.update(PUBLIC, HOST).failed(HOST)
        assert rules(server) == set()
        client.forget()
        return found

    assert told(secret=WRONG) == {"wrong-key"}
    assert told(secret=right[:-3]) == {"not-a-key"}
    assert told(secret=disabled["key"]) == {"key-disabled"}
    assert told(secret=key(server, kind="miniupdate")["key"]) == {"key-of-other-kind"}
    assert told(user="alcie") == {"key-of-other-user"}
    assert told(user=right, secret=ACCOUNT) == {"swapped"}
    assert told(host="hmoe.example.net") == {"host-misspelt"}
    assert told(host="home.example.com") == {"host-misspelt"}
    assert client.update("192.168.178.20", HOST).good(HOST, "192.168.178.20")
    assert rules(server) == {"private-address"}


# inadyn ------------------------------------------------------------------------------------------


def test_inadyn(server: Server, login: str, tmp_path: Path) -> None:
    client = Inadyn(program("inadyn"), server, login, tmp_path)
    right = client.secret
    server.call("host_add", name=OFFICE, account=ACCOUNT)

    def told(*, update: str = UPDATE, secret: str = right) -> set[str]:
        client.secret = secret
        client.update(update=update)
        return rules(server)

    assert told(secret=key(server, hosts=[OFFICE])["key"]) == {"key-of-other-host"}
    assert told(update="/nic/update?myip=%i") == {"key-of-other-host", "no-host"}
    assert told(update=f"/nic/update?hostname=%h&myip={PUBLIC}") == set()
    assert told(update="/nic/update?hostname=%h&myip=<ipaddr>") == {"placeholder"}
    assert told(update="/nic/update?hostname=%h&myip=100.64.3.4") == {"cgnat-address"}
    assert told(update="/nic/update?hostname=%h&myip=10.1.2.300") == {"malformed-address"}
    assert told() == {"special-address"}  # the loopback's, which the check page tells here


# curl, as in scripts -----------------------------------------------------------------------------

OLD_CIPHERS = ["--tlsv1.0", "--ciphers", "ALL:@SECLEVEL=0"]
PASSWORD = "correct horse battery"


@pytest.fixture
def ask(make_server: Launch, tmp_path: Path) -> Ask:
    """Asks for an update with curl, by a server that has limits and HTTPS."""
    pair = certificates.make(tmp_path)
    server = make_server().with_https(pair.certificate, pair.private_key)
    server.with_settings("[abuse]\nchange_burst = 4\nchange_interval = 600\n").start()
    server.call("zone_add", origin=ZONE)
    server.call("account_add", name=ACCOUNT, password=PASSWORD)
    for name in (HOST, OFFICE, "lab.example.net", "cam.example.net"):
        server.call("host_add", name=name, account=ACCOUNT)
    return Ask(server, f"{ACCOUNT}:{key(server)['key']}")


@dataclass(frozen=True)
class Ask:
    """A way to ask a server for updates."""

    server: Server
    login: str

    def __call__(self, path: str, *options: str, login: str = "") -> str:
        """What the server says to a request that curl makes."""
        tls = "--insecure" in options
        port = self.server.https_port if tls else self.server.http_port
        url = f"{'https' if tls else 'http'}://127.0.0.1:{port}{path}"
        done = curl(self.server, "--user", login or self.login, *options, url)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def update(self, host: str, address: str, *options: str, login: str = "") -> str:
        return self(f"/nic/update?hostname={host}&myip={address}", *options, login=login)


def test_curl(ask: Ask) -> None:
    server = ask.server
    assert ask.update("home", PUBLIC) == "notfqdn\n"
    assert rules(server) == {"host-without-zone"}
    assert ask.update(f"{HOST}.{ZONE}", PUBLIC) == "nohost\n"
    assert rules(server) == {"host-without-zone", "host-doubled"}
    assert ask.update(HOST, PUBLIC) == f"good {PUBLIC}\n"
    assert rules(server) == {"plain-http"}
    assert ask.update(HOST, PUBLIC, "--insecure") == f"nochg {PUBLIC}\n"
    assert rules(server) == set()
    assert ask(f"/nic/update?hostname={HOST}", "--insecure") == "good 127.0.0.1\n"
    assert rules(server) == {"client-next-door"}
    ask(f"/nic/update?hostname={HOST}&offline=YES", "--insecure")
    assert rules(server) == {"offline-by-client"}


@pytest.mark.parametrize(
    ("options", "rule"),
    [
        (["https://{server}"], "certificate-refused"),
        (["http://{server}"], "http-for-https"),
        (["--insecure", "--tls-max", "1.1", *OLD_CIPHERS, "https://{server}"], "tls-too-old"),
    ],
)
def test_curl_that_does_not_come_through_the_door(ask: Ask, options: list[str], rule: str) -> None:
    """Nobody knows whose it is, but there is a client of the host at its address."""
    server = ask.server
    ask.update(HOST, PUBLIC, "--insecure")
    assert rules(server) == set()
    where = [one.format(server=f"127.0.0.1:{server.https_port}/ip") for one in options]
    assert curl(server, *where).returncode != 0
    eventually(lambda: rules(server) == {rule}, "it is told")
    assert rules(server, OFFICE) == {"never-heard"}
    ask.update(HOST, PUBLIC, "--insecure")
    assert rules(server) == set()


def test_passwords_and_services_that_are_not_taken(ask: Ask) -> None:
    password = f"{ACCOUNT}:{PASSWORD}"
    assert ask(f"/nic/update?hostname={OFFICE}&myip={PUBLIC}", login=password).startswith("good")
    with_password = f"user={ACCOUNT}&apikey={PASSWORD.replace(' ', '%20')}"
    ask(f"/plain?host={OFFICE}&ip={PUBLIC}&{with_password}", "--user-agent", "camera/1.0")
    assert ask(f"/nic/update?hostname={OFFICE}&system=x", "--user-agent", "dvr/2") == "badsys\n"
    assert {"password-for-key", "malformed-request"} <= rules(ask.server, OFFICE)


def test_clients_that_come_too_often(ask: Ask) -> None:
    server, lab, cam = ask.server, "lab.example.net", "cam.example.net"
    for _ in range(11):
        ask.update(cam, PUBLIC, "--insecure")
    assert rules(server, cam) == {"nochg-storm"}
    for _ in range(2):
        ask.update(lab, PUBLIC, "--insecure", "--user-agent", "router/1.0")
        ask.update(lab, OTHER, "--insecure", "--user-agent", "laptop/2.0")
    assert rules(server, lab) == {"two-clients"}
    assert ask.update(lab, PUBLIC, "--insecure", "--user-agent", "router/1.0") == "911\n"
    assert rules(server, lab) == {"two-clients", "too-often"}
    server.call("account_block", name=ACCOUNT, reason="two clients fight", days=1)
    assert "blocked-until" in rules(server, cam)


def test_the_command(ask: Ask) -> None:
    ask.update(HOST, "192.168.178.20", "--insecure", login=f"{ACCOUNT}:{WRONG}")
    shown = ask.server.try_ddns("host", "diagnose", HOST).stdout
    assert shown.startswith(f"{HOST}: trouble\n")
    assert "at 127.0.0.1 sends a wrong key. (wrong-key, " in shown
    assert "\n  Enter the key again as it was shown. " in shown
