"""Pebble, an ACME server for tests, which asks our DNS (RFC 8555)."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from tests import certificates
from tests.processes import PATIENCE, can_bind, eventually, free_port
from tests.programs import program


class Authority(NamedTuple):
    """A running Pebble.

    ``directory`` is the URL of its directory, ``ca`` the certificate by which clients know it, and
    ``management`` the URL of its roots and intermediates. It asks for HTTP-01 on ``http_port``.
    """

    directory: str
    ca: Path
    management: str
    http_port: int


@contextmanager
def pebble(
    dns_port: int,
    folder: Path,
    http_port: int | None = None,
    accounts: Mapping[str, str] | None = None,
    rejected_nonces: int = 0,
) -> Iterator[Authority]:
    """Run Pebble with its files in *folder*; it asks for DNS at this port of 127.0.0.1, and for
    HTTP at that one, or at one where nobody answers. It wants *accounts* that were opened by other
    means: their MAC keys by their names. It rejects that many nonces in a hundred."""
    pair = certificates.make(folder)
    port, management, http_port = free_port(), free_port(), http_port or free_port()
    config = folder / "pebble.json"
    settings = {
        "listenAddress": f"127.0.0.1:{port}",
        "managementListenAddress": f"127.0.0.1:{management}",
        "certificate": str(pair.certificate),
        "privateKey": str(pair.private_key),
        "httpPort": http_port,
        "tlsPort": free_port(),
        "externalAccountBindingRequired": bool(accounts),
        "externalAccountMACKeys": dict(accounts or {}),
    }
    config.write_text(json.dumps({"pebble": settings}))
    command = [program("pebble"), "-config", str(config)]
    with open(folder / "pebble.log", "wb") as log:
        process = subprocess.Popen(
            [*command, "-dnsserver", f"127.0.0.1:{dns_port}"],
            stdout=log,
            stderr=log,
            env={
                **os.environ,
                "PEBBLE_VA_NOSLEEP": "1",
                "PEBBLE_WFE_NONCEREJECT": str(rejected_nonces),
            },
        )
    try:
        eventually(lambda: not can_bind("127.0.0.1", port), "pebble listens")
        address = f"https://127.0.0.1:{management}"
        yield Authority(f"https://127.0.0.1:{port}/dir", pair.certificate, address, http_port)
    finally:
        process.kill()
        process.wait(PATIENCE)
