"""Super-servers as they are set up by the samples in ``deploy/inetd``: each accepts connections and
starts ``ddns-inetd`` for every one. Only paths, ports, addresses and the user are other ones."""

from __future__ import annotations

import os
import pwd
import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.processes import Server, eventually, free_port
from tests.programs import PATIENCE, program, script, unpacked

SAMPLES = Path(__file__).parents[1] / "deploy" / "inetd"
PORTS = {"miniupdate": 9120, "http": 80, "https": 443}
"""Where the samples listen."""

SUPERSERVERS = ("inetd", "xinetd", "tcpserver")


class SuperServer:
    """One that runs, for a server's database; ``ports`` are where it listens."""

    def __init__(self, name: str, server: Server) -> None:
        self.name = name
        self.ports = {service: free_port() for service in PORTS}
        self._server = server
        self._folder = server.folder / name
        self._folder.mkdir(exist_ok=True)
        self._processes: list[subprocess.Popen[bytes]] = []

    @property
    def log(self) -> str:
        """What it, and what it has started, have to say."""
        return "".join(file.read_text() for file in sorted(self._folder.glob("*log")))

    def start(self) -> None:
        """Start it, and wait until it listens."""
        match self.name:
            case "inetd":
                self._spawn([program("inetd"), "-i", str(self._sample("inetd.conf"))])
            case "xinetd":
                xinetd = unpacked("xinetd", self._folder)
                sample = str(self._sample("ddns.xinetd"))
                pidfile = str(self._folder / "pid")
                self._spawn([xinetd, "-dontfork", "-f", sample, "-pidfile", pidfile])
            case "tcpserver":
                program("tcpserver")
                for service in PORTS:
                    self._spawn([str(self._sample("tcpserver-run", service))])
        eventually(lambda: listening() >= set(self.ports.values()), "it listens")

    def stop(self) -> None:
        """End it, but not what it has started."""
        for process in self._processes:
            process.send_signal(signal.SIGTERM)
            process.wait(PATIENCE)
        self._processes.clear()

    def _spawn(self, command: list[str]) -> None:
        with open(self._folder / "superserver.log", "ab") as log:
            self._processes.append(
                subprocess.Popen(command, cwd="/", stdout=log, stderr=log, stdin=subprocess.DEVNULL)
            )

    def _sample(self, name: str, service: str = "miniupdate") -> Path:
        """A sample, for this machine."""
        text = (SAMPLES / name).read_text()
        user = pwd.getpwuid(os.getuid()).pw_name
        folder = str(self._folder)
        for of, port in PORTS.items():
            text = re.sub(rf"^{port} ", f"127.0.0.1:{self.ports[of]} ", text, flags=re.MULTILINE)
            text = re.sub(
                rf"\bport\t\t= {port}$",
                f"port = {self.ports[of]}\n\tbind = 127.0.0.1",
                text,
                flags=re.MULTILINE,
            )
        if os.getuid() != 0:
            text = re.sub(r" -u .* -g \S* \S* ddns\)\"", "", text)  # only root may change them
        text = text.replace(" 0 9120 ", f" 127.0.0.1 {self.ports[service]} ")
        text = re.sub(r"miniupdate$", service, text) if name == "tcpserver-run" else text
        for old, new in (
            ("/opt/ddns/bin/ddns-inetd", script("ddns-inetd")),
            ("/var/lib/ddns/ddns.sqlite", str(self._server.database)),
            ("/etc/ddns/ddns.toml", str(self._server.config)),
            ("/var/lib/ddns/inetd.log", f"{folder}/inetd.log"),
            (" ddns /", f" {user} /"),
            ("= ddns\n", f"= {user}\n"),
            (" ddns)", f" {user})"),
        ):
            text = text.replace(old, new)
        file = self._folder / f"{name}-{service}"
        file.write_text(text)
        file.chmod(0o700)
        return file


def listening() -> set[int]:
    """The TCP ports on which somebody listens; to connect would begin to be served."""
    found = set()
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        _, local, _, state, *_ = line.split()
        if state == "0A":
            found.add(int(local.rpartition(":")[2], 16))
    return found


@contextmanager
def superserver(name: str, server: Server) -> Iterator[SuperServer]:
    """One that runs, for a server's database."""
    running = SuperServer(name, server)
    with keeping(Path("/run/inetd.pid")):
        running.start()
        try:
            yield running
        finally:
            running.stop()


@contextmanager
def keeping(file: Path) -> Iterator[None]:
    """The pid file of an inetd that runs on this machine has to be afterwards what it was before:
    inetd has no option to leave it alone. That of one that has ended meanwhile is not put back."""
    before = file.read_text() if file.exists() else ""
    try:
        yield
    finally:
        if before and Path(f"/proc/{before.strip()}").exists():
            file.write_text(before)
