"""The sample of a new server that only this machine can reach: a zone, an account, a host and a
key, and two commands that try them out."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from twisted.logger import Logger

from ddns.api.operations import Operations
from ddns.system.files import write_private

ORIGIN = "dyn.example"
ACCOUNT = "sample"
HOST = f"home.{ORIGIN}"
ADDRESS = "198.51.100.7"


_log = Logger()


async def offer(
    operations: Operations,
    dns: Iterable[tuple[str, int]],
    http: Iterable[tuple[str, int] | None],
    terminal: int | None,
    path: Path,
) -> None:
    """Create the sample, and show the commands that try it out on the first of these listeners."""
    text = await create(operations, next(iter(dns), None), next(filter(None, http), None))
    if not show(text, terminal, path):
        _log.info("a sample host was made; how to try it is in {path}", path=str(path))


async def create(
    operations: Operations, dns: tuple[str, int] | None, http: tuple[str, int] | None
) -> str:
    """Create the sample, and return the commands that try it out on these listeners."""
    await operations.zone_add(ORIGIN)
    await operations.account_add(ACCOUNT)
    await operations.host_add(HOST, ACCOUNT)
    key = (await operations.key_add(ACCOUNT))["key"]
    lines = [f"This server is new, so it has made zone {ORIGIN} with host {HOST} to try it out:"]
    if http is not None:
        host, port = http
        shown = f"[{host}]" if ":" in host else host
        lines.append(
            f"  curl -u {ACCOUNT}:{key}"
            f" 'http://{shown}:{port}/nic/update?hostname={HOST}&myip={ADDRESS}'"
        )
    if dns is not None:
        lines.append(f"  dig @{dns[0]} -p {dns[1]} {HOST} A +short")
    return "\n".join(lines) + "\n"


def show(text: str, terminal: int | None, path: Path) -> bool:
    """Write to the terminal if there is one, else to a file that only its owner can read.

    :returns: whether there was a terminal; a daemon has none any more.
    """
    if terminal is not None and os.isatty(terminal):
        os.write(terminal, text.encode())
        return True
    write_private(path, text.encode())
    return False
