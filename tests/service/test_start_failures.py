"""A server that cannot start says why in one line, ends with a status, and leaves nothing behind:
in the foreground, daemonized, and under ``twist``."""

from __future__ import annotations

import socket
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from ddns.store.sqlite.migrations import STEPS
from ddns.system.files import socket_path
from tests import certificates
from tests.conftest import Launch
from tests.forked import run_forked
from tests.processes import can_bind, eventually, free_port
from tests.programs import run, script

Fail = Callable[..., str]


@pytest.fixture(params=["foreground", "daemon", "twist"])
def fail(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Fail]:
    """Starts a server that cannot start; gives the line that says why."""
    pidfile = tmp_path / "twistd.pid"
    logfile = tmp_path / "twistd.log"
    ports = free_port(), free_port()
    program, *how = {
        "foreground": ["twistd", "-n", f"--pidfile={pidfile}", f"--logfile={logfile}"],
        "daemon": ["twistd", f"--pidfile={pidfile}", f"--logfile={logfile}"],
        "twist": ["twist", f"--log-file={logfile}"],
    }[request.param]

    def start(database: Path, **given: str) -> str:
        listen = ["--dns", given.pop("dns", f"127.0.0.1:{ports[0]}")]
        listen += ["--http", given.pop("http", f"tcp:{ports[1]}:interface=127.0.0.1")]
        listen += ["--miniupdate", given.pop("miniupdate", "off")]
        for option, value in given.items():
            listen += [f"--{option.replace('_', '-')}", value]
        options = ["ddns", "--database", str(database), *listen]
        if request.param == "daemon":  # which is about forking itself
            done = run([script(program), *how, *options], folder=tmp_path)
        else:
            done = run_forked(program, [*how, *options], folder=tmp_path)
        assert done.returncode == 1, done.stderr
        assert not pidfile.exists()
        assert "Traceback" not in done.stderr
        lines = [line for line in done.stderr.splitlines() if line.startswith("ddns: ")]
        assert len(lines) == 1, done.stderr
        if request.param != "daemon":  # there twistd's own two lines follow
            assert done.stderr == f"{lines[0]}\n"
        return lines[0].removeprefix("ddns: ")

    yield start
    for port in ports:
        # twistd goes before the daemon that it has started
        eventually(partial(can_bind, "127.0.0.1", port), "nobody listens any more")


def test_certificates_that_cannot_be_used(
    fail: Fail, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    pair, other = certificates.make(tmp_path, "one"), certificates.make(tmp_path, "two")
    sealed = certificates.make(tmp_path, "sealed", b"password").private_key
    nothing = tmp_path / "nothing.pem"
    cases = [
        (nothing, pair.private_key, f"{nothing}: No such file or directory"),
        (pair.certificate, nothing, f"{nothing}: No such file or directory"),
        (pair.private_key, None, f"{pair.private_key}: expected certificates in PEM"),
        (pair.certificate, None, f"{pair.certificate}: expected a private key in PEM"),
        (
            pair.certificate,
            other.private_key,
            f"{other.private_key} is not the key of {pair.certificate}",
        ),
        (pair.certificate, sealed, f"{sealed}: expected a private key without a password, for TLS"),
    ]
    in_foreground = request.node.callspec.params["fail"] == "foreground"
    for certificate, key, expected in cases if in_foreground else cases[-1:]:
        given = {"https": f"tcp:{free_port()}:interface=127.0.0.1", "certificate": str(certificate)}
        if key is not None:
            given["private_key"] = str(key)
        assert fail(tmp_path / "ddns.sqlite", **given) == expected


def test_a_certificate_without_a_place_to_use_it(tmp_path: Path) -> None:
    pair = certificates.make(tmp_path)
    twistd = [script("twistd"), "-n", "--pidfile=", "ddns"]
    done = run([*twistd, "--certificate", str(pair.certificate)], folder=tmp_path)
    assert done.returncode == 1
    assert "expected --https" in done.stdout + done.stderr
    done = run([*twistd, "--https", "ssl:0", "--certificate", "x"], folder=tmp_path)
    assert done.returncode == 1
    assert "https.listen: expected a plain socket" in done.stdout + done.stderr


def test_a_certificate_to_come_without_a_place_to_use_it(fail: Fail, tmp_path: Path) -> None:
    config = tmp_path / "ddns.toml"
    config.write_text('[https.acme]\ndirectory = "https://ca.test/"\nnames = ["a.test"]\n')
    said = fail(tmp_path / "ddns.sqlite", config=str(config))
    assert said.startswith("https.acme.directory: expected https.listen or dot.listen")


def test_a_dns_port_that_is_taken_over_tcp(fail: Fail, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        said = fail(tmp_path / "ddns.sqlite", dns=f"127.0.0.1:{port}")
    assert said == f"cannot listen on 127.0.0.1:{port}: Address already in use"


def test_a_dns_port_that_is_taken_over_udp(fail: Fail, tmp_path: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        port = other.getsockname()[1]
        said = fail(tmp_path / "ddns.sqlite", dns=f"127.0.0.1:{port}")
    assert said == f"cannot listen on 127.0.0.1:{port}: Address already in use"


def test_an_http_port_that_is_taken(fail: Fail, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        said = fail(tmp_path / "ddns.sqlite", http=f"tcp:{port}:interface=127.0.0.1")
    assert said == f"cannot listen on 127.0.0.1:{port}: Address already in use"


def test_an_address_that_is_not_ours(fail: Fail, tmp_path: Path) -> None:
    said = fail(tmp_path / "ddns.sqlite", dns="192.0.2.1:5300")
    assert said == "cannot listen on 192.0.2.1:5300: Cannot assign requested address"


def test_something_that_is_no_endpoint(fail: Fail, tmp_path: Path) -> None:
    said = fail(tmp_path / "ddns.sqlite", http="carrier:pigeon")
    assert said.startswith("http.listen: 'carrier:pigeon' is no endpoint")


def test_a_directory_instead_of_a_database(fail: Fail, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    assert str(folder) in fail(folder)


def test_a_directory_that_is_missing(fail: Fail, tmp_path: Path) -> None:
    path = tmp_path / "missing" / "ddns.sqlite"
    assert fail(path) == f"cannot open database {path}: No such file or directory"


def test_a_file_that_is_no_database(fail: Fail, tmp_path: Path) -> None:
    path = tmp_path / "letter.txt"
    path.write_text("Dear Sir or Madam, " * 100)
    assert fail(path) == f"cannot use database {path}: file is not a database"
    assert path.read_text() == "Dear Sir or Madam, " * 100


def test_a_database_of_another_program(fail: Fail, tmp_path: Path) -> None:
    path = tmp_path / "other.sqlite"
    with closing(sqlite3.connect(path)) as other:
        other.execute("create table recipe (title)")
    before = path.read_bytes()
    assert fail(path) == f"{path} is a database of another program"
    assert path.read_bytes() == before


def test_a_database_of_a_newer_version(fail: Fail, make_server: Launch) -> None:
    first = make_server().start()
    assert first.terminate() == 0
    with closing(sqlite3.connect(first.database)) as future:
        future.execute(
            "insert into _sqlite_migrations (migration_set, name, applied_at)"
            " values ('ddns', 'v9999_from_the_future', '2999-01-01')"
        )
        future.commit()
    said = fail(first.database)
    latest = max(STEPS)
    assert said == (
        f"{first.database} was written by a newer version of this program:"
        f" its schema is v9999_from_the_future, and this version knows those up to {latest}"
    )


def test_a_database_that_another_server_has(fail: Fail, make_server: Launch) -> None:
    first = make_server().start()
    assert first.process is not None
    said = fail(first.database)
    assert said == f"database {first.database} is in use by process {first.process.pid}"
    assert first.call("zone_list") == {"zones": []}, "the first one goes on"


def test_a_setting_that_cannot_be(tmp_path: Path) -> None:
    command = [script("twistd"), "-n", "--pidfile=", "ddns", "--dns", "localhost"]
    done = run(command, folder=tmp_path)
    assert done.returncode == 1
    said = "dns.listen: expected ADDRESS:PORT or [IPV6]:PORT, got 'localhost'"
    assert said in done.stdout + done.stderr
    assert not (tmp_path / "ddns.sqlite").exists()


@pytest.mark.parametrize("command", ["twistd -n", "twistd", "twist"])
def test_a_control_socket_that_cannot_be_made(command: str, tmp_path: Path) -> None:
    """That is found out when the server runs already, and a daemon's parent has gone."""
    database, pidfile, logfile = (tmp_path / name for name in ("db", "pid", "log"))
    socket_path(database).mkdir()
    name, *flags = command.split()
    if name == "twistd":
        flags += [f"--pidfile={pidfile}", f"--logfile={logfile}"]
    else:
        flags += [f"--log-file={logfile}"]
    port = free_port()
    options = ["--database", str(database), "--dns", f"127.0.0.1:{port}", "--http", "off"]
    options += ["--miniupdate", "off"]
    done = run([script(name), *flags, "ddns", *options], folder=tmp_path)
    if command == "twistd":
        eventually(lambda: "the server cannot start" in logfile.read_text(), "the log says why")
    else:
        assert done.returncode == 1
        assert done.stderr.startswith("ddns: ")
        assert str(socket_path(database)) in done.stderr
        assert len(done.stderr.splitlines()) == 1
    eventually(lambda: not pidfile.exists(), "the pid file is gone")
    eventually(lambda: can_bind("127.0.0.1", port), "nobody listens any more")
