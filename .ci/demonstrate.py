"""Shows a newcomer how a client updates its host and how DNS answers it; ``./run`` starts it.

    python demonstrate.py PID DATABASE

Waits until process PID, which has to be its parent, serves DATABASE, and then runs the lines of the
server's own sample: with curl and dig where they are, else it asks the same itself.
"""

from __future__ import annotations

import base64
import os
import re
import shutil
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import dns.message
import dns.query

from ddns.cli.client import NoServer, SocketClient
from ddns.system.files import lock_path, sample_path, socket_path

CURL = re.compile(r"curl -u (\S+) '(\S+)'")
DIG = re.compile(r"dig @(\S+) -p (\d+) (\S+) A \+short")
ADDRESSES = ["198.51.100.7", "198.51.100.8"]


def main(pid: int, database: str) -> None:
    """Wait for the server, then show the sample at work."""
    while not serves(pid, database) or DIG.search(read(sample_path(database))) is None:
        if os.getppid() != pid:
            return  # it could not start, and has said why
        time.sleep(0.02)
    demonstrate(read(sample_path(database)))
    print("\nThe server is running, its log is twistd.log. Ctrl-C ends it.", flush=True)


def serves(pid: int, database: str) -> bool:
    """Whether this very process answers for the database."""
    try:
        SocketClient(socket_path(database))
    except NoServer:
        return False
    return read(lock_path(database)).strip() == str(pid)


def read(path: Path) -> str:
    """What a file says; nothing where there is none yet."""
    return path.read_text() if path.exists() else ""


def demonstrate(sample: str) -> None:
    """Update the host to an address that it does not have, and ask for it."""
    curl, dig = CURL.search(sample), DIG.search(sample)
    assert curl is not None
    assert dig is not None
    before = ask(*dig.groups())
    update = curl[0].replace(ADDRESSES[0], ADDRESSES[before == ADDRESSES[0]])
    print("\nA client updates its host:\n")
    if shutil.which("curl"):
        run(update.replace("curl ", "curl -s ", 1))
    else:
        login, url = CURL.findall(update)[0]
        show(update, get(login, url))
    print("\nThe answer says that it is on disk and in DNS, so DNS has it:\n")
    if shutil.which("dig"):
        run(dig[0])
    else:
        show(dig[0], ask(*dig.groups()))


def run(line: str) -> None:
    """Run a line as if it had been typed."""
    done = subprocess.run(["sh", "-c", line], capture_output=True, text=True, check=False)
    show(line, done.stdout + done.stderr)


def show(line: str, answer: str) -> None:
    """A line and what came of it."""
    print(f"  $ {line}\n  {answer.strip()}", flush=True)


def get(login: str, url: str) -> str:
    """What curl would print."""
    headers = {"Authorization": "Basic " + base64.b64encode(login.encode()).decode()}
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(urllib.request.Request(url, headers=headers), timeout=20) as answer:
        return str(answer.read().decode())


def ask(address: str, port: str, name: str) -> str:
    """What dig would print."""
    query = dns.message.make_query(name, "A")
    answer = dns.query.udp(query, address, port=int(port), timeout=20).answer
    return "\n".join(str(rdata) for rrset in answer for rdata in rrset)


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
