"""The container's files: as their linters want them, and its commands with no more privileges than
the compose file leaves them."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.booting import DEPLOY, Machine
from tests.conftest import ACCOUNT, HOST, ZONE
from tests.processes import Server, eventually
from tests.programs import program, run, script

FILES = DEPLOY / "container"
CONTAINERFILE = (FILES / "Containerfile").read_text()
JOINED = CONTAINERFILE.replace("\\\n", "")
UID = 990


def command(instruction: str) -> list[str]:
    """The words of an instruction in its exec form."""
    (found,) = re.findall(rf"^{instruction} (?:.*CMD )?(\[.*\])$", JOINED, re.MULTILINE)
    words: list[str] = json.loads(found)
    return words


def service() -> dict[str, Any]:
    text = (FILES / "compose.yaml").read_text()
    found: dict[str, Any] = yaml.safe_load(text)["services"]["ddns"]
    return found


def test_the_linters_find_nothing() -> None:
    done = run([script("hadolint"), str(FILES / "Containerfile")])
    assert (done.returncode, done.stdout) == (0, "")
    compose = [program("docker-compose"), "-f", str(FILES / "compose.yaml"), "config", "--quiet"]
    done = run(compose, folder=FILES)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_what_is_named_is_there() -> None:
    build = service()["build"]
    context = (FILES / build["context"]).resolve()
    assert (context / build["dockerfile"]).samefile(FILES / "Containerfile")
    for source in re.findall(r"^COPY (?!--from)(\S+) ", CONTAINERFILE, re.MULTILINE):
        assert (context / source).exists()
    ignored = (context / ".dockerignore").read_text().split()
    for needed in ("bin", "ddns", "twisted", "deploy", "setup.cfg", "pyproject.toml", "README.md"):
        assert needed not in ignored
        assert (context / needed).exists()


@pytest.fixture
def container(machine: Machine, tmp_path: Path) -> Iterator[tuple[Server, list[str]]]:
    """A server on the image's volume, not started, and what gives a command the container's
    privileges."""
    group, passwd = machine.root / "etc" / "group", machine.root / "etc" / "passwd"
    group.write_text(group.read_text() + f"ddns:x:{UID}:\n")
    passwd.write_text(passwd.read_text() + f"ddns:x:{UID}:{UID}::/var/lib/ddns:/bin/sh\n")
    volume = machine.root / "var" / "lib" / "ddns"
    volume.mkdir()
    os.chown(volume, UID, UID)
    kept = ",".join(f"+{name.lower()}" for name in service()["cap_add"])
    assert service()["cap_drop"] == ["ALL"]
    limited = ["setpriv", "--no-new-privs", f"--bounding-set=-all,{kept}", "--inh-caps=-all"]
    server = Server(tmp_path, database=volume / "ddns.sqlite")
    server.dns_port, server.http_port = 53, 80
    yield server, limited
    machine.run("pkill", "-KILL", "-f", "twistd")
    eventually(lambda: not machine.run("pgrep", "-f", "twistd").stdout, "nothing is left")
    shutil.rmtree(volume)


def test_it_serves_with_few_privileges(
    machine: Machine, container: tuple[Server, list[str]]
) -> None:
    server, limited = container
    words = [*limited, *command("ENTRYPOINT"), *command("CMD")]
    machine.run("sh", "-c", '"$@" >/run/container.log 2>&1 &', "sh", *words)
    eventually(server.is_ready, "it answers")
    server.call("zone_add", origin=ZONE)
    server.call("account_add", name=ACCOUNT)
    server.call("host_add", name=HOST, account=ACCOUNT)
    login = f"{ACCOUNT}:{server.call('key_add', account=ACCOUNT)['key']}"
    assert server.update(login, HOST, "198.51.100.7").body == "good 198.51.100.7\n"
    assert server.dig(HOST) == ["198.51.100.7"]
    health = [*limited, *command("HEALTHCHECK")]
    done = machine.run(*health)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[0].endswith("answers for 1 zone")
    assert machine.run("pkill", "-TERM", "-f", "twistd").returncode == 0
    log = machine.root / "run" / "container.log"
    eventually(lambda: "Server Shut Down" in log.read_text(), "it has ended in order")
    assert "Traceback" not in log.read_text()
    assert machine.run(*health).returncode == 1
