"""A certificate by dns-01, with lego and certbot and an ACME server that asks our DNS."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from tests.clients.documented import LOOPBACK, updating, words
from tests.conftest import ACCOUNT, HOST, ZONE
from tests.pebble import Authority, pebble
from tests.processes import PATIENCE, Json, Server
from tests.programs import program, run, script


@pytest.mark.parametrize("client", ["lego", "certbot"])
def test_a_certificate_by_the_key_of_one_host(server: Server, tmp_path: Path, client: str) -> None:
    key = server.call("key_add", account=ACCOUNT, kind="tsig", hosts=[HOST])
    with pebble(server.dns_port, tmp_path) as authority:
        certificate = ask(client, server, key, authority, tmp_path)
    assert certificate.read_text().startswith("-----BEGIN CERTIFICATE-----")
    assert server.answers(f"_acme-challenge.{HOST}", "TXT") == []
    asked = server.call("host_show", name=HOST)["requests"]
    assert {one["dialect"] for one in asked} == {"rfc2136"}
    assert {one["answer"] for one in asked} == {"NOERROR"}


def test_a_wildcard_answers_meanwhile(server: Server, tmp_path: Path) -> None:
    """For the name that the certificate is for: what it does not say of itself."""
    name, address = f"foo.{ZONE}", "192.0.2.1"
    server.call("record_set", owner=f"*.{ZONE}", type="A", rdatas=[address])
    key = server.call("key_add", account=ACCOUNT, kind="tsig", zones=[ZONE])
    seen, done = list[tuple[bool, list[str]]](), threading.Event()

    def watch() -> None:
        while not done.is_set():
            there = bool(server.answers(f"_acme-challenge.{name}", "TXT"))
            seen.append((there, server.answers(name)))
            done.wait(0.05)

    watching = threading.Thread(target=watch)
    with pebble(server.dns_port, tmp_path) as authority:
        watching.start()
        try:
            ask("lego", server, key, authority, tmp_path, name)
        finally:
            done.set()
            watching.join()
    assert {there for there, _ in seen} == {True, False}
    assert [answer for _, answer in seen] == [[address]] * len(seen)


def ask(
    client: str, server: Server, key: Json, authority: Authority, folder: Path, name: str = HOST
) -> Path:
    """Run a client as docs/rfc2136.md says; the certificate that it has got. lego takes another
    name."""
    if client == "lego":
        text = updating("lego", server, key).replace(HOST, name)
        environment, (_, *options, do) = words(text)
        environment |= {"LEGO_CA_CERTIFICATES": str(authority.ca), "RFC2136_SEQUENCE_INTERVAL": "1"}
        where = f"{LOOPBACK}:{server.dns_port}"
        command = [
            *(
                program("lego"),
                "--server",
                authority.directory,
                "--path",
                str(folder / "lego"),
                *options,
            ),
            *("--dns.disable-cp", "--dns.resolvers", where, do),
        ]
        certificate = folder / "lego" / "certificates" / f"{name}.crt"
    else:
        credentials = folder / "rfc2136.ini"
        credentials.write_text(updating("certbot: rfc2136.ini", server, key))
        credentials.chmod(0o600)
        _, (name, *options) = words(updating("certbot: a record", server, key))
        environment = {"REQUESTS_CA_BUNDLE": str(authority.ca)}
        command = [
            *(
                script(name),
                *options,
                "--server",
                authority.directory,
                "--agree-tos",
                "-m",
                f"a@{ZONE}",
            ),
            *("--non-interactive", "--no-eff-email"),
            *("--config-dir", "config", "--work-dir", "work", "--logs-dir", "logs"),
        ]
        certificate = folder / "config" / "live" / HOST / "cert.pem"
    done = run(command, folder=folder, environment=environment, timeout=4 * PATIENCE)
    assert done.returncode == 0, done.stdout + done.stderr
    return certificate
