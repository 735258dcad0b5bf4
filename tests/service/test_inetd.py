"""``ddns-inetd``, started as super-servers start it: the server it hands its connection to, what it
becomes without one, and how the two follow each other."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from ddns.system.files import lock_path, socket_path
from tests.conftest import ACCOUNT, HOST, ZONE, Launch
from tests.processes import Server, basic, eventually, free_port, update_path
from tests.programs import PATIENCE, run, script
from tests.service.dialects import Secrets, keys
from tests.starting import Client, Started, start, starter

LINGER = 0.3


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Filled]:
    """A server that listens for miniupdate as well; its settings hold for who serves without it."""
    server = Server(tmp_path_factory.mktemp("inetd"), "--no-sample").with_miniupdate()
    server.config.write_text(
        server.config.read_text()
        + "[miniupdate]\nconnections_per_address = 3\n"
        + f"[inetd]\nlinger_time = {LINGER}\n"
    )
    server.start()
    server.call("zone_add", origin=ZONE)
    server.call("account_add", name=ACCOUNT)
    server.call("host_add", name=HOST, account=ACCOUNT)
    yield Filled(server, keys(server))
    server.clean_up()


@dataclass
class Filled:
    server: Server
    secrets: Secrets


@pytest.fixture
def server(filled: Filled) -> Server:
    """The server, which runs."""
    if filled.server.process is None:
        filled.server.start()
    return filled.server


@pytest.fixture
def secrets(filled: Filled) -> Secrets:
    return filled.secrets


@pytest.fixture
def inetd(server: Server, tmp_path: Path) -> Iterator[Inetd]:
    inetd = Inetd(server, tmp_path / "inetd.log")
    yield inetd
    assert "Traceback" not in inetd.log + server.log


class Inetd:
    """Starts ``ddns-inetd`` for connections to a server's database."""

    def __init__(self, server: Server, log: Path) -> None:
        self.server = server
        self._log = log

    @property
    def log(self) -> str:
        return self._log.read_text() if self._log.exists() else ""

    def start(self, *more: str, source: str = "127.0.0.1") -> Started:
        return start(starter(self.server, f"--log={self._log}", *more), source=source)

    def serves(self) -> bool:
        """Whether somebody does, a server or another."""
        return socket_path(self.server.database).exists()

    def update(self, secrets: Secrets, address: str) -> str:
        with self.start() as started:
            return update(started.client(), secrets, address)


def update(client: Client, secrets: Secrets, address: str) -> str:
    assert client.login(ACCOUNT, secrets.miniupdate) == "OK Authenticated"
    return client.update(HOST, address)


def mapped(address: str) -> str:
    return f"OK {HOST.upper()} mapped to {address}"


@contextmanager
def locked(server: Server) -> Iterator[sqlite3.Connection]:
    """The database is in somebody else's hands: updates wait, until a rollback."""
    with closing(sqlite3.connect(server.database, isolation_level=None)) as locker:
        locker.execute("begin immediate")
        yield locker


@contextmanager
def begun(inetd: Inetd, secrets: Secrets) -> Iterator[tuple[Started, Client, sqlite3.Connection]]:
    """A client whose update has been read and waits for a database that is locked. Without a server
    its connection is served by the program that was started for it."""
    with inetd.start() as started, locked(inetd.server) as locker:
        client = started.client()
        assert client.login(ACCOUNT, secrets.miniupdate) == "OK Authenticated"
        client.send(f"A_UPDATE online {HOST} 198.51.100.7\n".encode())
        with inetd.start() as another:
            assert another.client().version().startswith("ERR"), "who reads this has read that"
        yield started, client, locker


# With a server ---------------------------------------------------------------------------------


def test_the_starter_ends_when_the_connection_is_handed_over(
    server: Server, inetd: Inetd, secrets: Secrets
) -> None:
    with inetd.start() as started:
        client = started.client()
        assert started.status() == 0
        assert update(client, secrets, "198.51.100.7") == mapped("198.51.100.7")
    assert server.answers(HOST) == ["198.51.100.7"]
    assert inetd.log == ""


def test_limits_count_both_kinds(server: Server, inetd: Inetd) -> None:
    with ExitStack() as exit:
        started = [exit.enter_context(inetd.start()) for _ in range(3)]
        for one in started:
            assert not one.client().banner.startswith("ERR")
        with inetd.start() as fourth, inetd.start(source="127.0.0.2") as elsewhere:
            assert fourth.read_all().startswith(b"ERR")
            assert not elsewhere.client().banner.startswith("ERR")


def test_http_over_a_connection_that_is_kept(
    server: Server, inetd: Inetd, secrets: Secrets
) -> None:
    login = basic(f"{ACCOUNT}:{secrets.update}")
    with inetd.start("http", source="127.0.0.44") as started:
        file = started.socket.makefile("rb")
        for address in ("198.51.100.1", "198.51.100.2", ""):
            request = (
                f"GET {update_path(HOST, address)} HTTP/1.1\r\nHost: x\r\n"
                f"User-Agent: test/1.0\r\nAuthorization: {login}\r\n\r\n"
            )
            started.socket.sendall(request.encode())
            while file.readline() != b"\r\n":
                pass
            said = address or "127.0.0.44"
            assert file.readline().decode() == f"good {said}\n"
            assert server.answers(HOST) == [said]
        assert started.status() == 0


def test_beside_a_listener_for_proxies(make_server: Launch) -> None:
    """What inetd has accepted is no proxy, and says nothing before its request."""
    listen = f"haproxy:tcp:{free_port()}:interface=127.0.0.1"
    server = make_server("--http", listen).with_settings('[proxies]\ntrusted = ["127.0.0.1"]\n')
    server.start()
    with start(starter(server, "http"), source="127.0.0.66") as started:
        started.socket.sendall(b"GET /ip HTTP/1.0\r\n\r\n")
        assert started.read_all().endswith(b"\r\n\r\n127.0.0.66\n")


def test_no_descriptor_is_left(server: Server, inetd: Inetd) -> None:
    assert server.process is not None
    folder = f"/proc/{server.process.pid}/fd"
    before = len(os.listdir(folder))
    for _ in range(5):
        with inetd.start() as started:
            started.client()
        with inetd.start("nothing") as started:
            assert started.read_all() == b""
            assert started.status() == 1
        with inetd.start("http") as started:
            started.socket.close()
    eventually(lambda: len(os.listdir(folder)) <= before, "all are closed")
    assert inetd.log.count("nothing is not served here") == 5


def test_a_server_that_stands_still(server: Server, inetd: Inetd) -> None:
    """Nobody can tell whether it will serve the connection, so nobody else does."""
    assert server.process is not None
    server.process.send_signal(signal.SIGSTOP)
    try:
        with inetd.start("--patience=0.2") as started:
            assert started.status() == 1
            server.process.send_signal(signal.SIGCONT)
            assert started.client().version().startswith("ERR"), "it does after all"
    finally:
        server.process.send_signal(signal.SIGCONT)
    assert "does not answer" in inetd.log


def test_sigterm_finishes_a_command_that_has_begun(
    server: Server, inetd: Inetd, secrets: Secrets
) -> None:
    assert server.process is not None
    with begun(inetd, secrets) as (_, client, locker), inetd.start() as idle:
        idle.client()
        server.process.send_signal(signal.SIGTERM)
        assert idle.read_all() == b""
        locker.execute("rollback")
        assert client.read() == mapped("198.51.100.7")
        assert client.ended()
        assert server.process.wait(PATIENCE) == 0
        server.process = None
    server.start()
    assert server.answers(HOST) == ["198.51.100.7"]


# Without a server ------------------------------------------------------------------------------


def test_it_serves_by_itself_and_ends(server: Server, inetd: Inetd, secrets: Secrets) -> None:
    assert server.terminate() == 0
    with inetd.start() as started:
        assert update(started.client(), secrets, "198.51.100.7") == mapped("198.51.100.7")
        assert lock_path(server.database).read_text() == f"{started.process.pid}\n"
        assert server.ddns("host", "list")["hosts"], "the command goes through it"
        with inetd.start() as another:
            assert another.status() == 0, "handed to the first"
            assert update(another.client(), secrets, "198.51.100.8") == mapped("198.51.100.8")
        assert started.process.poll() is None
        started.socket.close()
        assert started.status() == 0
    assert {file.name for file in server.folder.glob("ddns.sqlite*")} == {
        "ddns.sqlite", "ddns.sqlite.lock", "ddns.sqlite.key"
    }  # fmt: skip
    server.start()
    assert server.answers(HOST) == ["198.51.100.8"]


def test_it_listens_nowhere(server: Server, inetd: Inetd) -> None:
    assert server.terminate() == 0
    with inetd.start() as started:
        started.client()
        folder = Path(f"/proc/{started.process.pid}")
        links = [file.readlink().name for file in (folder / "fd").iterdir()]
        bound = []
        for kind in ("tcp", "tcp6", "udp", "udp6"):
            for line in (folder / "net" / kind).read_text().splitlines()[1:]:
                fields = line.split()
                if f"socket:[{fields[9]}]" in links:
                    bound.append(fields[3])
        assert bound == ["01"], "the client's connection"


def test_only_one_serves_however_many_come(server: Server, inetd: Inetd, secrets: Secrets) -> None:
    assert server.terminate() == 0
    with ExitStack() as exit:
        started = [exit.enter_context(inetd.start(source=f"127.0.1.{n}")) for n in range(12)]
        for number, one in enumerate(started):
            address = f"198.51.100.{number}"
            client = one.client()
            assert update(client, secrets, address) == mapped(address)
            client.exit()
            one.socket.close()
        assert {one.status() for one in started} == {0}
    assert inetd.log.count("starting up") == 1


def test_none_is_lost_that_comes_when_it_ends(
    server: Server, inetd: Inetd, secrets: Secrets
) -> None:
    """Whoever comes at that moment finds it, or becomes the next."""
    assert server.terminate() == 0
    with ExitStack() as exit:
        for number in range(6):
            address = f"198.51.100.{number}"
            started = exit.enter_context(inetd.start())
            assert update(started.client(), secrets, address) == mapped(address)
            started.socket.close()
            # not to wait for something, but to come at every moment of its end
            time.sleep(LINGER + number * 0.03)
    assert inetd.log.count("starting up") > 1


def test_sigterm_ends_it_in_order(server: Server, inetd: Inetd, secrets: Secrets) -> None:
    assert server.terminate() == 0
    with begun(inetd, secrets) as (started, client, locker):
        started.process.send_signal(signal.SIGTERM)
        locker.execute("rollback")
        assert client.read() == mapped("198.51.100.7")
        assert client.ended()
        assert started.status() == 0
    assert not inetd.serves()


def test_after_a_kill_the_next_one_serves(server: Server, inetd: Inetd, secrets: Secrets) -> None:
    server.kill()
    assert inetd.serves(), "the socket that nobody has removed"
    with inetd.start() as started:
        assert update(started.client(), secrets, "198.51.100.7") == mapped("198.51.100.7")
        started.process.kill()
        assert started.read_all() == b""
    assert inetd.update(secrets, "198.51.100.8") == mapped("198.51.100.8")
    server.start()
    assert server.answers(HOST) == ["198.51.100.8"]


# One after the other ---------------------------------------------------------------------------


def test_a_server_waits_for_a_command_that_has_begun(
    server: Server, inetd: Inetd, secrets: Secrets
) -> None:
    assert server.terminate() == 0
    with begun(inetd, secrets) as (started, client, locker):
        server.spawn()
        eventually(lambda: "a server takes over" in inetd.log, "it is asked to end")
        locker.execute("rollback")
        assert client.read() == mapped("198.51.100.7")
        server.wait_until_ready()
        assert started.status() == 0
    assert server.process is not None
    assert lock_path(server.database).read_text() == f"{server.process.pid}\n"
    assert server.answers(HOST) == ["198.51.100.7"]


def test_a_server_starts_while_connections_go_on_coming(
    server: Server, inetd: Inetd, secrets: Secrets
) -> None:
    """Those that wait for the lock do not get it before the server."""
    assert server.terminate() == 0
    with ExitStack() as exit:
        started = [exit.enter_context(inetd.start(source=f"127.0.1.{n}")) for n in range(15)]
        started[0].client()
        server.spawn()
        started += [exit.enter_context(inetd.start(source=f"127.0.2.{n}")) for n in range(15)]
        server.wait_until_ready()
        for one in started[15:]:
            one.socket.sendall(b"EXIT\n")
            assert one.read_all().endswith((b"OK Bye!\n", b" server 0.1.0\n", b""))
            one.socket.close()
    assert inetd.log.count("starting up") == 1
    assert inetd.update(secrets, "198.51.100.7") == mapped("198.51.100.7")
    assert server.answers(HOST) == ["198.51.100.7"]


def test_both_begin_at_the_same_moment(server: Server, inetd: Inetd, secrets: Secrets) -> None:
    for number in range(2):
        assert server.terminate() == 0
        with inetd.start() as started:
            server.spawn()
            greeting = started.socket.recv(100)
            assert greeting == b"" or b" server " in greeting
            server.wait_until_ready()
        address = f"198.51.100.{number}"
        assert inetd.update(secrets, address) == mapped(address)
        assert server.answers(HOST) == [address]


# What goes wrong -------------------------------------------------------------------------------


def test_nothing_but_the_protocol_gets_to_the_client(server: Server, inetd: Inetd) -> None:
    """Whatever is wrong: the client reads the end, and somebody else why."""
    assert server.terminate() == 0
    missing = server.folder / "missing"
    broken = server.folder / "broken.toml"
    broken.write_text("[dns")
    nonsense = server.folder / "letter"
    nonsense.write_text("Dear Sir or Madam, " * 100)
    for more, said in (
        ([f"--database={missing}"], f"there is no database {missing}"),
        ([f"--database={missing}/x"], f"there is no database {missing}/x"),
        ([f"--database={nonsense}"], "file is not a database"),
        ([f"--config={missing}"], f"{missing}: No such file or directory"),
        ([f"--config={broken}"], f"{broken}: not TOML"),
        (["nothing"], "nothing is not served here"),
        (["https"], "https is not served here"),
        (["--nonsense"], ""),
        (["two", "words"], ""),
        (["not a name"], ""),
        (["--patience=x"], ""),
        (["--patience"], ""),
    ):
        with inetd.start(*more) as started:
            assert started.read_all() == b"", more
            assert started.status() in (1, 2)
        assert said in inetd.log


@pytest.mark.parametrize("log", [[], ["--log=/nonexistent/log"]])
def test_without_a_log_it_is_the_systems(server: Server, inetd: Inetd, log: list[str]) -> None:
    """There may be nobody who reads it; the client does not."""
    assert server.terminate() == 0
    for database in (server.folder / "missing", server.database):
        with start(starter(server, f"--database={database}", *log)) as started:
            if log or database != server.database:
                assert started.read_all() == b""
                assert started.status() == 1
            else:
                assert started.client().version() == "ERR Use AGENT first"


def test_standard_error_is_the_log_where_it_is_not_the_client(server: Server) -> None:
    """As under tcpserver."""
    missing = server.folder / "missing"
    assert server.terminate() == 0
    for database, said in ((missing, "there is no database"), (server.database, "starting up")):
        ours, theirs = os.pipe()
        with start(starter(server, f"--database={database}"), stderr=theirs) as started:
            os.close(theirs)
            if database == missing:
                assert started.read_all() == b""
            else:
                assert started.client().exit() == "OK Bye!"
            started.socket.close()
            with open(ours) as errors:
                assert said in errors.read()


def test_without_standard_output_and_error(server: Server, secrets: Secrets) -> None:
    script_ = f"exec {' '.join(starter(server))} >&- 2>&-"
    for number in (1, 2):
        with start(["sh", "-c", script_]) as started:
            address = f"198.51.100.{number}"
            assert update(started.client(), secrets, address) == mapped(address)
        if number == 1:
            assert server.terminate() == 0


def test_what_is_no_connection(server: Server, inetd: Inetd) -> None:
    """With a server and without one."""
    for _ in range(2):
        done = run([*starter(server), "--patience=5"])
        assert "the descriptor is no socket" in done.stderr
        if server.process is not None:
            assert server.terminate() == 0


def test_a_path_longer_than_a_socket_address(
    make_server: Launch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("p") / ("f" * 200)
    folder.mkdir()
    server = make_server(database=folder / "ddns.sqlite").start()
    server.call("zone_add", origin=ZONE)
    server.call("account_add", name=ACCOUNT)
    server.call("host_add", name=HOST, account=ACCOUNT)
    made = keys(server)
    for number in (1, 2):
        address = f"198.51.100.{number}"
        with start(starter(server)) as started:
            assert update(started.client(), made, address) == mapped(address)
        if number == 1:
            assert server.terminate() == 0


def test_help_says_what_there_is() -> None:
    help_ = [script("ddns-inetd"), "--help"]
    said = run(help_).stdout
    for option in ("--database", "--config", "--log", "--patience"):
        assert f"  {option} " in said
    with start(help_) as started:
        assert (started.read_all(), started.status()) == (b"", 0), "not even that"


def test_on_a_terminal_it_says_what_is_wrong() -> None:
    """There descriptor 0 and standard error are the same, and no client."""
    ours, theirs = os.openpty()
    with subprocess.Popen(
        [script("ddns-inetd"), "--database=/nonexistent", "http"],
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    ) as process:
        assert b"there is no database /nonexistent" in os.read(ours, 1000)
        assert process.wait(PATIENCE) == 1
    os.close(ours)
    os.close(theirs)
