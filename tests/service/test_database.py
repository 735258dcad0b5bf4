"""The file that a running server has open: by other names, lost, or open to everybody."""

from __future__ import annotations

import functools
import re
from pathlib import Path

import pytest

from ddns.system.files import lock_path, socket_path
from tests.conftest import ACCOUNT, HOST, ZONE, Launch
from tests.forked import run_forked
from tests.processes import Server
from tests.programs import PATIENCE, run
from tests.service.dialects import Secrets, Update, filled, keys
from tests.service.test_dialects import every_dialect
from tests.service.watching import page


@pytest.fixture
def server(make_server: Launch) -> Server:
    """One that speaks every dialect and is watched."""
    server = make_server().with_miniupdate().with_metrics()
    filled(server)
    return server


@pytest.fixture
def secrets(server: Server) -> Secrets:
    return keys(server)


def second(server: Server, database: Path) -> Server:
    """A server of its own settings on the same database, by another name."""
    (folder := server.folder / "second").mkdir()
    return Server(folder, "--no-sample", database=database)


def refusal(other: Server) -> str:
    other.spawn()
    assert other.process is not None
    try:
        assert other.process.wait(PATIENCE) == 1
    finally:
        other.clean_up()
    return [line for line in other.log.splitlines() if line.startswith("ddns: ")][-1]


def test_another_server_by_another_name(server: Server, tmp_path: Path) -> None:
    link, hard = tmp_path / "link.sqlite", tmp_path / "hard.sqlite"
    link.symlink_to(server.database)
    other = second(server, link)
    assert f"{server.database} is in use by process" in refusal(other)
    for command in (["host", "list"], ["status"]):
        done = run_forked("ddns", [*command, "--database", str(link)], folder=tmp_path)
        assert done.returncode == 0, "it finds the server"
    hard.hardlink_to(server.database)
    other.database = hard
    assert f"{hard} has 2 names (hard links)" in refusal(other)
    done = run_forked("ddns", ["host", "list", "--database", str(hard)], folder=tmp_path)
    assert (done.returncode, "has 2 names" in done.stderr) == (1, True)
    assert {path.name for path in tmp_path.glob("*.sqlite.*")} == {
        *("ddns.sqlite.lock", "ddns.sqlite.sock", "hard.sqlite.lock")
    }


def test_another_server_once_the_lock_file_has_gone(server: Server, secrets: Secrets) -> None:
    lock_path(server.database).unlink()
    assert "or whose lock file was removed" in refusal(second(server, server.database))
    assert socket_path(server.database).exists()
    assert server.ddns("host", "list")["hosts"]
    assert server.update(f"{ACCOUNT}:{secrets.update}", HOST, "198.51.100.7").status == 200


@every_dialect
def test_a_database_that_was_removed(server: Server, secrets: Secrets, update: Update) -> None:
    assert update(server, secrets, "198.51.100.1")[0]
    for path in server.folder.glob("ddns.sqlite*"):
        path.unlink()
    for address in ("198.51.100.1", "198.51.100.2"):
        done, said = update(server, secrets, address)
        assert not done, said
    assert server.answers(HOST) == ["198.51.100.1"]
    lost = f"{server.database} was removed or replaced while it was open"
    ready = page(server, "/readyz")
    assert (ready.status, ready.body.strip()) == (503, lost)
    assert page(server, "/healthz").status == 200, "a restart would begin with nothing"
    assert "\nddns_ready 0.0\n" in page(server, "/metrics").body
    said_so = [line for line in server.log.splitlines() if "removed or replaced" in line]
    assert len(said_so) == 1, said_so
    assert f"#critical] {lost}" in said_so[0]


def test_what_was_removed_can_be_saved(server: Server, secrets: Secrets) -> None:
    """As docs/operating.md has it."""
    login = f"{ACCOUNT}:{secrets.update}"
    server.update(login, HOST, "198.51.100.1")
    for path in server.folder.glob("ddns.sqlite*"):
        if path.suffix != ".key":
            path.unlink()
    assert server.process is not None
    document = Path(__file__).parents[2].joinpath("docs", "operating.md").read_text()
    (saving,) = re.findall(
        r"^    for file in /proc/.*?^    done$", document, re.MULTILINE | re.DOTALL
    )
    saving = f"PID={server.process.pid}\n{saving}"
    assert run(["sh", "-ec", saving], folder=server.folder).returncode == 0
    assert server.terminate() == 0
    assert server.try_ddns("restore", "saved.sqlite").returncode == 0
    server.start()
    assert server.answers(HOST) == ["198.51.100.1"]
    assert server.update(login, HOST, "198.51.100.2").status == 200


def test_the_successor_on_a_database_that_was_removed(server: Server) -> None:
    """It has another database, and its control socket stays when the former server ends."""
    for path in server.folder.glob("ddns.sqlite*"):
        path.unlink()
    other = second(server, server.database).start()
    try:
        other.call("zone_add", origin=ZONE)
        assert server.terminate() == 0
        assert socket_path(server.database).exists()
        assert [zone["origin"] for zone in other.ddns("zone", "list")["zones"]] == [ZONE]
        assert other.terminate() == 0
        assert not socket_path(server.database).exists()
    finally:
        other.clean_up()


def test_files_that_are_open_to_everybody(server: Server, secrets: Secrets) -> None:
    key = server.database.with_name("ddns.sqlite.key")
    told = f"{key} holds secrets and is open to everybody: its mode is 0644"
    key.chmod(0o644)
    server.config.write_text(f'database = "{server.database}"\n{server.config.read_text()}')
    server.config.chmod(0o644)
    assert server.call("status")["warnings"] == [told]
    command = functools.partial(run_forked, "ddns", folder=server.folder)
    done = command(["status", "--database", str(server.database)])
    assert done.stdout.splitlines()[2:] == [f"warning: {told}"]
    done = command(["check", "--database", str(server.database)])
    assert (done.returncode, done.stdout) == (1, f"{told}\n")
    check = ["config", "check", str(server.config)]
    assert command(check).stdout.splitlines()[1:] == [f"warning: {told}"]
    server.restart()
    assert key.stat().st_mode & 0o777 == 0o640
    assert f"{key} was open to everybody, with mode 0644; now it is not" in server.log
    assert server.call("status")["warnings"] == []
    assert command(check).stdout.splitlines()[1:] == []
    server.config.chmod(0o646)
    assert command(check).stdout.splitlines()[1:] == [
        f"warning: {server.config} can be changed by everybody: its mode is 0646"
    ]
    server.config.write_text(f'{server.config.read_text()}[mail]\npassword = "canary"\n')
    for mode in (0o644, 0o602):
        server.config.chmod(mode)
        assert command(check).stdout.splitlines()[1:] == [
            f"warning: {server.config} holds secrets and is open to everybody:"
            f" its mode is {mode:04o}"
        ]
