"""A certificate by dns-01, with lego and an ACME server of its own, which both ask our DNS."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import certificates
from tests.conftest import ACCOUNT, HOST, ZONE
from tests.processes import PATIENCE, Server, can_bind, eventually, free_port
from tests.programs import program


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


def test_a_certificate_by_the_key_of_one_host(
    server: Server, acme: tuple[str, Path], tmp_path: Path
) -> None:
    directory, ca = acme
    key = server.call("key_add", account=ACCOUNT, kind="tsig", hosts=[HOST])
    where = f"127.0.0.1:{server.dns_port}"
    done = subprocess.run(
        [
            *(program("lego"), "--server", directory, "--accept-tos", "--email", f"a@{ZONE}"),
            *("--dns", "rfc2136", "--dns.disable-cp", "--dns.resolvers", where),
            *("--domains", HOST, "--domains", f"*.{HOST}", "--path", str(tmp_path / "lego"), "run"),
        ],
        env={
            "PATH": os.environ["PATH"],
            "LEGO_CA_CERTIFICATES": str(ca),
            "RFC2136_NAMESERVER": where,
            "RFC2136_SEQUENCE_INTERVAL": "1",
            "RFC2136_TSIG_KEY": f"{key['name']}.",
            "RFC2136_TSIG_SECRET": key["key"],
            "RFC2136_TSIG_ALGORITHM": f"{key['algorithm']}.",
        },
        capture_output=True,
        text=True,
        timeout=4 * PATIENCE,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "lego" / "certificates" / f"{HOST}.crt").exists()
    assert server.answers(f"_acme-challenge.{HOST}", "TXT") == []
    asked = server.call("host_show", name=HOST)["requests"]
    assert {one["dialect"] for one in asked} == {"rfc2136"}
    assert {one["answer"] for one in asked} == {"NOERROR"}
