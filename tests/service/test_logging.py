"""The log of a real server: where twistd would have it, in the form that was asked for, with
nothing in it that is secret or that a client has forged."""

from __future__ import annotations

import http.client
import json
import os
import signal
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from tests import certificates
from tests.conftest import ACCOUNT, HOST, ZONE, Launch
from tests.processes import Server, basic, eventually, update_path
from tests.programs import PATIENCE, run, script
from tests.service import dialects
from tests.service.dialects import PASSWORD, UPDATES, WRONG, Secrets, filled, locked

FORGED = f"h.{ZONE}\n2026-11-22T14:34:03+0000 [ddns.service#info] forged\r\x1b[31m\x85\u202e"


def with_log(server: Server, **settings: str) -> Server:
    with open(server.config, "a") as file:
        file.write("[log]\n")
        file.writelines(f'{key} = "{value}"\n' for key, value in settings.items())
    return server


def events(text: str) -> list[dict[str, Any]]:
    """Each line of a log in JSON."""
    return [json.loads(line) for line in text.splitlines()]


Start = Callable[..., Server]


@pytest.fixture
def daemon(make_server: Launch, tmp_path: Path) -> Iterator[Start]:
    """Starts a server in the background, with these options for twistd."""
    pidfile = tmp_path / "twistd.pid"

    def start(*options: str, **settings: str) -> Server:
        server = with_log(make_server(), **settings)
        given = server.command()[server.command().index("ddns") :]
        command = [script("twistd"), f"--pidfile={pidfile}", *options, *given]
        done = run(command, folder=tmp_path)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
        eventually(server.is_ready, "the daemon answers")
        return server

    yield start
    if pidfile.exists():
        os.kill(int(pidfile.read_text()), signal.SIGTERM)
        eventually(lambda: not pidfile.exists(), "the daemon has ended")


def test_json_from_the_first_line_to_the_last(make_server: Launch) -> None:
    server = with_log(make_server(), format="json").start()
    assert server.terminate() == 0
    found = events(server.log)
    assert found[0]["message"].startswith("twistd ")
    (answering,) = [one for one in found if one["message"].startswith("answering DNS on")]
    assert answering["namespace"] == "ddns.server.service.DdnsService"
    assert answering["level"] == "info"
    assert answering["zones"] == 0
    assert answering["dns"] == f"127.0.0.1:{server.dns_port}"
    assert found[-1]["message"] == "Server Shut Down."
    assert [one["time"] for one in found] == sorted(one["time"] for one in found)


def test_only_what_matters(make_server: Launch) -> None:
    server = with_log(make_server(), level="warn").start()
    server.call("zone_add", origin=ZONE)
    assert server.terminate() == 0
    assert server.log == ""


def test_a_daemon_writes_where_twistd_would(daemon: Start, tmp_path: Path) -> None:
    daemon(format="json")
    assert events((tmp_path / "twistd.log").read_text())


def test_a_daemon_writes_where_it_is_told(daemon: Start, tmp_path: Path) -> None:
    """And begins another file when it gets SIGUSR1, be it that somebody else has moved the old."""
    file = tmp_path / "server.log"
    daemon(f"--logfile={file}", format="json")
    assert not (tmp_path / "twistd.log").exists()
    assert events(file.read_text())
    pid = int((tmp_path / "twistd.pid").read_text())
    os.kill(pid, signal.SIGUSR1)
    rotated = tmp_path / "server.log.1"
    eventually(rotated.exists, "the file is rotated")
    assert events(rotated.read_text())
    eventually(file.exists, "there is a new one")
    assert file.read_text() == ""
    file.rename(tmp_path / "moved")
    os.kill(pid, signal.SIGUSR1)
    eventually(file.exists, "there is a new one")
    os.kill(pid, signal.SIGTERM)
    eventually(lambda: "Server Shut Down." in file.read_text(), "it goes on there")
    assert (tmp_path / "moved").read_text() == ""
    assert len(list(tmp_path.glob("server.log*"))) == 2


def test_an_observer_of_somebody_elses(make_server: Launch, tmp_path: Path) -> None:
    """``--logger`` comes before everything."""
    server = with_log(make_server(), format="json", level="critical")
    (tmp_path / "mine.py").write_text(
        "import sys\nfrom twisted.logger import FileLogObserver\n"
        "def observer():\n"
        "    return FileLogObserver(sys.stdout, lambda event: 'mine\\n')\n"
    )
    command = server.command()
    command[1:1] = ["--logger=mine.observer"]
    server.command = lambda: ["env", f"PYTHONPATH={tmp_path}", *command]  # type: ignore[method-assign]
    server.start()
    assert set(server.log.splitlines()) == {"mine"}


def test_twist_has_options_of_its_own(make_server: Launch, tmp_path: Path) -> None:
    server = with_log(make_server(), format="json", level="critical")
    given = server.command()[server.command().index("ddns") :]
    with open(tmp_path / "log", "wb") as log:
        command = [script("twist"), "--log-format=text", *given]
        server.process = subprocess.Popen(command, cwd=tmp_path, stdout=log)
    server.wait_until_ready()
    eventually(lambda: "#info] answering DNS on" in server.log, "it says so in twist's form")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('format = "xml"', "log.format: expected one of text, json, got 'xml'"),
        (
            'level = "loud"',
            "log.level: expected one of debug, info, warn, error, critical, got 'loud'",
        ),
    ],
)
def test_settings_that_cannot_be(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "ddns.toml").write_text(f"[log]\n{text}\n")
    done = run([script("twistd"), "-n", "ddns", "--config", "ddns.toml"], folder=tmp_path)
    assert done.returncode == 1
    assert said in done.stdout + done.stderr


@pytest.mark.parametrize("format", ["text", "json"])
def test_clients_forge_nothing_and_secrets_are_nowhere(make_server: Launch, format: str) -> None:
    """With everything in the log that there is; right secrets and wrong ones, through every
    dialect and the API, while all is well, while the store fails, and while a mistake of ours
    leaves tracebacks."""
    server = make_server().with_miniupdate().with_metrics()
    pair = certificates.make(server.folder)
    server.with_https(pair.certificate, pair.private_key)
    with open(server.config, "a") as file:
        file.write("[store]\npatience = 0.2\n")
    with_log(server, format=format, level="debug")
    filled(server)
    secrets = dialects.keys(server)
    password = Secrets(PASSWORD, PASSWORD, PASSWORD)
    tokens = []

    def everything(address: str) -> None:
        for update in UPDATES.values():
            for given in (secrets, WRONG, password):
                update(server, given, address)
        for secret in (PASSWORD, WRONG.update):
            body = json.dumps({"name": ACCOUNT, "password": secret})
            answer = post(server, "/api/v1/sessions", body)
            tokens.extend(answer.get("token", "").split())
        for host in (FORGED, f"{HOST},{FORGED}"):
            server.get(update_path(host, FORGED), login=f"{ACCOUNT}:{secrets.update}")
            server.get(update_path(host, FORGED), login=f"{FORGED}:{secrets.update}")
            server.get(f"/json?user={quote(FORGED)}&apikey={secrets.dondns}&host={quote(host)}")

    everything("198.51.100.1")
    with locked(server.database):
        everything("198.51.100.2")
    set_ttl(server, -1)
    everything("198.51.100.3")
    eventually(lambda: "Traceback" in server.log, "a mistake has left a traceback")
    set_ttl(server, 10)
    for before, after in (
        ("change_interval = 0", "change_interval = 1000"),
        ("[abuse]", "[abuse]\nchange_burst = 1\nrefusals = 5\nfailures_noticed = 1"),
    ):
        assert before in server.config.read_text()
        server.config.write_text(server.config.read_text().replace(before, after))
    server.restart()
    for number in range(4, 9):
        everything(f"198.51.100.{number}")
    assert "locked" in server.log
    assert "is blocked" in server.log
    assert "wrong credentials for account" in server.log
    assert server.terminate() == 0
    assert tokens
    for line in server.log.splitlines():
        assert "forged" not in line or not line.startswith("2026-11-22T14:34:03")
        assert line.removeprefix("\t").isprintable()
    if format == "json":
        assert events(server.log)
    clear = [secrets.update, secrets.dondns, secrets.miniupdate, PASSWORD, *tokens]
    clear += WRONG.all
    for secret in clear:
        assert secret not in server.log
        assert basic(f"{ACCOUNT}:{secret}").split()[1] not in server.log
    assert pair.private_key.read_text().split("\n")[1] not in server.log


def set_ttl(server: Server, ttl: int) -> None:
    """Behind the server's back."""
    with closing(sqlite3.connect(server.database)) as connection:
        connection.execute("update rrset set ttl = ? where of_host = 1", (ttl,))
        connection.commit()


def post(server: Server, path: str, body: str) -> dict[str, Any]:
    connection = http.client.HTTPConnection("127.0.0.1", server.http_port, timeout=PATIENCE)
    try:
        connection.request("POST", path, body)
        found: dict[str, Any] = json.loads(connection.getresponse().read())
        return found
    finally:
        connection.close()
