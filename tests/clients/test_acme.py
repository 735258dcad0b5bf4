"""A certificate by dns-01, with lego and certbot and an ACME server that asks our DNS."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import certificates
from tests.clients.documented import LOOPBACK, updating, words
from tests.conftest import ACCOUNT, HOST, ZONE
from tests.processes import PATIENCE, Json, Server, can_bind, eventually, free_port
from tests.programs import program, run, script


@pytest.fixture
def acme(server: Server, tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """Pebble, which asks our server over TCP: the URL of its directory, and its certificate."""
    pair = certificates.make(tmp_path)
    port, management = free_port(), free_port()
    config = tmp_path / "pebble.json"
    settings = {
        "listenAddress": f"127.0.0.1:{port}",
        "managementListenAddress": f"127.0.0.1:{management}",
        "certificate": str(pair.certificate),
        "privateKey": str(pair.private_key),
        "httpPort": 5002,
        "tlsPort": 5001,
    }
    config.write_text(json.dumps({"pebble": settings}))
    command = [program("pebble"), "-config", str(config)]
    with open(tmp_path / "pebble.log", "wb") as log:
        process = subprocess.Popen(
            [*command, "-dnsserver", f"127.0.0.1:{server.dns_port}"],
            stdout=log,
            stderr=log,
            env={**os.environ, "PEBBLE_VA_NOSLEEP": "1", "PEBBLE_WFE_NONCEREJECT": "0"},
        )
    try:
        eventually(lambda: not can_bind("127.0.0.1", port), "pebble listens")
        yield f"https://127.0.0.1:{port}/dir", pair.certificate
    finally:
        process.kill()
        process.wait(PATIENCE)


@pytest.mark.parametrize("client", ["lego", "certbot"])
def test_a_certificate_by_the_key_of_one_host(
    server: Server, acme: tuple[str, Path], tmp_path: Path, client: str
) -> None:
    directory, ca = acme
    key = server.call("key_add", account=ACCOUNT, kind="tsig", hosts=[HOST])
    certificate = ask(client, server, key, directory, ca, tmp_path)
    assert certificate.read_text().startswith("-----BEGIN CERTIFICATE-----")
    assert server.answers(f"_acme-challenge.{HOST}", "TXT") == []
    asked = server.call("host_show", name=HOST)["requests"]
    assert {one["dialect"] for one in asked} == {"rfc2136"}
    assert {one["answer"] for one in asked} == {"NOERROR"}


def ask(client: str, server: Server, key: Json, directory: str, ca: Path, folder: Path) -> Path:
    """Run a client as docs/rfc2136.md says; the certificate that it has got."""
    if client == "lego":
        environment, (_, *options, do) = words(updating("lego", server, key))
        environment |= {"LEGO_CA_CERTIFICATES": str(ca), "RFC2136_SEQUENCE_INTERVAL": "1"}
        where = f"{LOOPBACK}:{server.dns_port}"
        command = [
            *(program("lego"), "--server", directory, "--path", str(folder / "lego"), *options),
            *("--dns.disable-cp", "--dns.resolvers", where, do),
        ]
        certificate = folder / "lego" / "certificates" / f"{HOST}.crt"
    else:
        credentials = folder / "rfc2136.ini"
        credentials.write_text(updating("certbot: rfc2136.ini", server, key))
        credentials.chmod(0o600)
        _, (name, *options) = words(updating("certbot: a record", server, key))
        environment = {"REQUESTS_CA_BUNDLE": str(ca)}
        command = [
            *(script(name), *options, "--server", directory, "--agree-tos", "-m", f"a@{ZONE}"),
            *("--non-interactive", "--no-eff-email"),
            *("--config-dir", "config", "--work-dir", "work", "--logs-dir", "logs"),
        ]
        certificate = folder / "config" / "live" / HOST / "cert.pem"
    done = run(command, folder=folder, environment=environment, timeout=4 * PATIENCE)
    assert done.returncode == 0, done.stdout + done.stderr
    return certificate
