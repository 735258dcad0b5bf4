"""Certificates by the APIs of acme-dns and httpreq, as docs/certificates.md says, with an ACME
server that asks our DNS."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.clients.documented import blocks_of, words
from tests.pebble import Authority, pebble
from tests.processes import PATIENCE, Server
from tests.programs import program, run, script

ZONE, AUTH = "dyn.example.net", "auth.example.net"
HOST = f"home.{ZONE}"
NAMES = {HOST, f"*.{HOST}"}
BLOCKS = blocks_of("certificates.md")


class Place(NamedTuple):
    """A server, an ACME server that asks it, and a key of alice's, who has the host."""

    server: Server
    authority: Authority
    key: str

    def block(self, title: str, **meant: str) -> str:
        """A block of the page, with this server and this key in place of the page's."""
        _, text = BLOCKS[title]
        meant = {"https://ddns.example.org": self.url, "KEY": self.key, **meant}
        for there, here in meant.items():
            text = text.replace(there, here)
        return text

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.http_port}"

    @property
    def environment(self) -> dict[str, str]:
        """What clients trust the ACME server by."""
        ca = str(self.authority.ca)
        return {"REQUESTS_CA_BUNDLE": ca, "LEGO_CA_CERTIFICATES": ca}

    def asked(self, dialect: str) -> list[dict[str, Any]]:
        """What is noted of requests by tools, newest first."""
        found = self.server.call("request_list", account="alice")["requests"]
        return [one for one in found if one["dialect"] == dialect]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("place")
    server = Server(folder, "--no-sample")
    server.with_settings(server.config.read_text() + BLOCKS["acme-dns"][1]).start()
    try:
        for origin in (ZONE, AUTH):
            server.call("zone_add", origin=origin)
        server.call("account_add", name="alice")
        server.call("host_add", name=HOST, account="alice")
        key = server.call("key_add", account="alice", rights=["records"])["key"]
        with pebble(server.dns_port, folder) as authority:
            yield Place(server, authority, key)
    finally:
        server.clean_up()


def do(place: Place, command: list[str], folder: Path, **environment: str) -> str:
    """What a client writes that has to succeed."""
    environment = {**place.environment, **environment}
    done = run(command, folder=folder, environment=environment, timeout=4 * PATIENCE)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def assert_certifies(file: Path) -> None:
    """The first certificate in the file is for the host and all below it."""
    shown = run(["openssl", "x509", "-noout", "-ext", "subjectAltName", "-in", str(file)]).stdout
    names = shown.replace(",", " ").split()
    assert {name.removeprefix("DNS:") for name in names if name.startswith("DNS:")} == NAMES


def lego(place: Place, folder: Path, mode: str) -> Path:
    """A certificate by lego's provider httpreq."""
    environment, (_, *options, action) = words(place.block("httpreq: lego"))
    resolvers = ["--dns.disable-cp", "--dns.resolvers", f"127.0.0.1:{place.server.dns_port}"]
    command = [program("lego"), "--server", place.authority.directory, "--path"]
    command += [str(folder), *options, *resolvers, action]
    do(place, command, folder, **environment, HTTPREQ_MODE=mode)
    return folder / "certificates" / f"{HOST}.crt"


def dehydrated(place: Place, folder: Path) -> Path:
    """A certificate by dehydrated and a script that calls curl."""
    hook = folder / "hook.sh"
    hook.write_text(place.block("httpreq: hook.sh"))
    hook.chmod(0o700)
    (folder / "config").write_text(
        f'CA="{place.authority.directory}"\nCHALLENGETYPE="dns-01"\nHOOK="{hook}"\n'
        f'BASEDIR="{folder}"\nCURL_OPTS="--cacert {place.authority.ca}"\n'
    )
    command = [program("dehydrated"), "--config", str(folder / "config")]
    do(place, [*command, "--register", "--accept-terms"], folder)
    do(place, [*command, "--cron", "--domain", f"{HOST} *.{HOST}", "--alias", HOST], folder)
    return folder / "certs" / HOST / "cert.pem"


CLIENTS: dict[str, Callable[[Place, Path], Path]] = {
    "lego": lambda place, folder: lego(place, folder, ""),
    "lego-raw": lambda place, folder: lego(place, folder, "RAW"),
    "dehydrated": dehydrated,
}


def test_certificates_by_httpreq(place: Place, tmp_path: Path) -> None:
    """All clients at once, for the same names: none takes away what another has added."""
    with ThreadPoolExecutor() as pool:
        asking = []
        for name, client in CLIENTS.items():
            (folder := tmp_path / name).mkdir()
            asking.append(pool.submit(client, place, folder))
    for one in asking:
        assert_certifies(one.result())
    assert place.server.answers(f"_acme-challenge.{HOST}", "TXT") == []
    asked = place.server.call("host_show", name=HOST)["requests"]
    assert {(one["dialect"], one["answer"]) for one in asked} == {("httpreq", "done")}


def test_certbot_by_acme_dns(place: Place, tmp_path: Path) -> None:
    _, (_, _, _, *arguments, _, _) = words(place.block("acme-dns: register with the command"))
    added = place.server.try_ddns(*arguments)
    kept = json.loads(added.stdout)
    name = kept[HOST]["fulldomain"]
    challenge = f"_acme-challenge.{HOST}"
    place.server.call("record_set", owner=challenge, type="CNAME", rdatas=[f"{name}."])
    for file, text in {
        "acme-dns.json": added.stdout,
        "acmedns.ini": place.block("acme-dns: acmedns.ini"),
    }.items():
        (tmp_path / file).write_text(text)
        (tmp_path / file).chmod(0o600)
    _, (_, *options) = words(place.block("acme-dns: certbot"))
    command = [script("certbot"), *options, "--server", place.authority.directory]
    command += ["--agree-tos", "-m", f"a@{ZONE}", "--non-interactive", "--no-eff-email"]
    command += ["--config-dir", "config", "--work-dir", "work", "--logs-dir", "logs"]
    do(place, command, tmp_path)
    place.server.call("record_delete", owner=challenge)
    assert_certifies(tmp_path / "config" / "live" / HOST / "cert.pem")
    assert len(place.server.answers(name, "TXT")) == 2
    assert {one["answer"] for one in place.asked("acme-dns")} == {"done"}
    (one,) = place.server.call("acme_dns_list", account="alice")["registrations"]
    assert (one["note"], one["used"] is None) == (HOST, False)


def test_curl_registers_and_updates(place: Place, tmp_path: Path) -> None:
    def curl(block: str) -> Any:
        _, (name, *arguments) = words(block)
        return json.loads(do(place, [program(name), *arguments], tmp_path))

    made = curl(place.block("acme-dns: register as a client"))
    meant = {"UUID": made["subdomain"], "PASSWORD": made["password"]}
    for letter in "abc":
        value = letter * 43
        assert curl(place.block("acme-dns: curl", **meant, VALUE=value)) == {"txt": value}
    expected = [f'"{letter * 43}"' for letter in "bc"]
    assert place.server.answers(made["fulldomain"], "TXT") == expected
