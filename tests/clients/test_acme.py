"""A certificate by dns-01, with lego and certbot and an ACME server that asks our DNS."""

from __future__ import annotations

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


def ask(client: str, server: Server, key: Json, authority: Authority, folder: Path) -> Path:
    """Run a client as docs/rfc2136.md says; the certificate that it has got."""
    if client == "lego":
        environment, (_, *options, do) = words(updating("lego", server, key))
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
        certificate = folder / "lego" / "certificates" / f"{HOST}.crt"
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
