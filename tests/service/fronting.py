"""nginx and HAProxy in front of a server, from the samples in deploy/ and docs/proxies.md; of what
stands there only ports, paths and users are exchanged."""

from __future__ import annotations

import contextlib
import os
import pwd
import re
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.certificates import Pair
from tests.launching import Datagrams
from tests.processes import Server, eventually, free_port
from tests.programs import PATIENCE, program

ROOT = Path(__file__).parents[2]
ALIKE = "[dns.rate_limit]\nresponses_per_second = 0\n[dns]\ntcp_connections_per_address = 2\n"
ALIKE += '[abuse]\nchange_interval = 0\nrefused_networks = ["127.0.0.66"]\n'
FEW = "connections_per_address = 2\n"
USER = pwd.getpwuid(os.getuid()).pw_name


@dataclass
class Front:
    """A proxy that runs: where it listens, where its server does, and what it has written."""

    server: Server
    http: int = field(default_factory=free_port)
    https: int = field(default_factory=free_port)
    miniupdate: int = field(default_factory=free_port)
    behind: dict[str, int] = field(default_factory=dict)
    files: list[Path] = field(default_factory=list)
    log: Datagrams | None = None

    def ports(self, host: str, kind: str) -> list[tuple[str, str]]:
        """What a sample of nginx or HAProxy says about listening on all addresses, and where it is
        to listen instead."""
        words = {"nginx": ("listen ", ("", "[::]:")), "haproxy": ("bind ", (":", ":::"))}
        word, (v4, v6) = words[kind]
        given = {"80": self.http, "443": self.https, "9120": self.miniupdate}
        first = [(f"{word}{v4}{of}", f"{word}127.0.0.1:{port}") for of, port in given.items()]
        then = [(f"{word}{v6}{of}", f"{word}{host}:{port}") for of, port in given.items()]
        return [*then, *first]

    def said(self) -> str:
        """All that the proxy has logged."""
        logged = self.log.said if self.log is not None else []
        files = [path.read_text(errors="replace") for path in self.files if path.exists()]
        return "\n".join([*logged, *files])


def sample(name: str, *exchanged: tuple[str, str]) -> str:
    """A file of deploy/, in which each of these has to be and is something else afterwards. What
    stands for a port is a word of its own."""
    text = (ROOT / "deploy" / name).read_text()
    for there, here in exchanged:
        text, number = re.subn(rf"{re.escape(there)}(?![\w.])", here.replace("\\", r"\\"), text)
        assert number or there.startswith(("listen", "bind")), f"{there} is not in {name}"
    return text


def settings(title: str, *exchanged: tuple[str, str]) -> str:
    """The block of docs/proxies.md for a proxy, and beside it what the tests need."""
    page = (ROOT / "docs" / "proxies.md").read_text()
    (text,) = re.findall(rf"^```toml\n# {title}\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    for there, here in exchanged:
        assert there in text
        text = text.replace(there, here)
    for table in ("[http]\n", "[miniupdate]\n"):
        text = text.replace(table, table + FEW)
    return ALIKE + text


@contextmanager
def running(command: list[str], folder: Path, *ports: int) -> Iterator[None]:
    """A program that stays in the foreground and listens on these ports of 127.0.0.1."""
    log = folder / "output"
    with open(log, "wb") as output:
        process = subprocess.Popen(command, cwd=folder, stdout=output, stderr=output)

    def listens() -> bool:
        assert process.poll() is None, log.read_text()
        try:
            for port in ports:
                socket.create_connection(("127.0.0.1", port), PATIENCE).close()
        except ConnectionRefusedError:
            return False
        return True

    try:
        eventually(listens, f"{command[0]} listens")
        yield
    finally:
        process.terminate()
        process.wait(PATIENCE)


@contextmanager
def nginx(server: Server, pair: Pair) -> Iterator[Front]:
    """nginx, whose server need not run; it is to have the settings that :func:`nginx_settings`
    makes."""
    folder = server.folder / "nginx"
    folder.mkdir()
    front = Front(server, files=[folder / "ddns.log", folder / "ddns-error.log"])
    front.files += [folder / "error.log", folder / "output"]
    ports = front.ports("[::1]", "nginx")
    http = sample(
        "nginx/ddns.conf",
        *ports,
        ("/run/ddns", str(server.folder)),
        ("/var/log/nginx", str(folder)),
        ("/etc/ddns/fullchain.pem", str(pair.certificate)),
        ("/etc/ddns/privkey.pem", str(pair.private_key)),
    )
    stream = sample("nginx/ddns-stream.conf", *ports, ("/run/ddns", str(server.folder)))
    # What is in Debian's nginx.conf around them.
    (folder / "nginx.conf").write_text(
        f"load_module {program('ngx_stream_module.so')};\n"
        f"user {USER};\nworker_processes 1;\npid {folder}/pid;\ndaemon off;\n"
        f"error_log {folder}/error.log;\nevents {{ worker_connections 768; }}\n"
        f"http {{\naccess_log {folder}/access.log;\n"
        + "".join(f"{name}_temp_path {folder};\n" for name in _TEMPORARY)
        + f"gzip on;\n{http}}}\n{stream}"
    )
    command = [program("nginx"), "-c", str(folder / "nginx.conf"), "-p", str(folder)]
    with running(command, folder, front.http, front.https, front.miniupdate):
        yield front


_TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")


def nginx_settings(folder: Path) -> str:
    return settings("nginx", ("/run/ddns", str(folder)))


@contextmanager
def haproxy(server: Server, ports: dict[str, int]) -> Iterator[Front]:
    """HAProxy, whose server need not run; it is to have the settings that :func:`haproxy_settings`
    makes for these *ports*, which the sample calls 8245, 8443 and 9122."""
    folder = server.folder / "haproxy"
    folder.mkdir()
    with contextlib.closing(Datagrams(str(folder / "log"))) as log:
        front = Front(server, behind=ports, files=[folder / "output"], log=log)
        text = sample(
            "haproxy/haproxy.cfg",
            *front.ports("::1", "haproxy"),
            *((f"127.0.0.1:{there}", f"127.0.0.1:{here}") for there, here in ports.items()),
            ("/dev/log", str(folder / "log")),
            ("user haproxy", f"user {USER}"),
            ("group haproxy", ""),
        )
        (folder / "haproxy.cfg").write_text(text)
        command = [program("haproxy"), "-db", "-f", str(folder / "haproxy.cfg")]
        with running(command, folder, front.http, front.https, front.miniupdate):
            yield front


def haproxy_settings(ports: dict[str, int], pair: Pair) -> str:
    return settings(
        "HAProxy",
        *((f"tcp:{there}:", f"tcp:{here}:") for there, here in ports.items()),
        ("/etc/ddns/fullchain.pem", str(pair.certificate)),
        ("/etc/ddns/privkey.pem", str(pair.private_key)),
    )


def haproxy_ports() -> dict[str, int]:
    """Free ones, by those of the sample."""
    return {name: free_port() for name in ("8245", "8443", "9122")}
