"""The configurations that pages show: programs are run with them, and what routers make of them is
sent, until DNS has the address."""

from __future__ import annotations

import base64
import http.client
import json
import re
import shlex
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from ddns.pages.clients import Setup, setups, values
from tests.clients.documented import (
    LOOPBACK,
    RESOLVING,
    Place,
    ddclient_arguments,
    inadyn_arguments,
)
from tests.conftest import ACCOUNT, HOST
from tests.programs import PATIENCE, program, run

V4, V6 = "198.51.100.7", "2001:db8::7"
NAS = "nas.example.net"

ONCE = ["-daemon=0", "-noquiet", "-verbose"]

Runs = Callable[[Setup, Place, Path], None]


def filled(name: str, place: Place) -> Setup:
    url = f"http://{LOOPBACK}:{place.server.http_port}"
    return setups()[name].filled(values(url, HOST, ACCOUNT, place.key))


def block(setup: Setup) -> str:
    (only,) = setup.blocks
    return only.text


# Programs --------------------------------------------------------------------------------------


def run_shell(setup: Setup, place: Place, folder: Path) -> None:
    line = block(setup).strip().removeprefix("*/5 * * * * ")
    port = place.server.dns_port
    noipy = shlex.join([sys.executable, str(RESOLVING), str(port), "noipy.main"])
    program(shlex.split(line)[0].replace("noipy", "curl"))
    done = run(["sh", "-c", re.sub("^noipy", noipy, line)], folder=folder)
    assert done.returncode == 0, done.stderr


def run_unit(setup: Setup, place: Place, folder: Path) -> None:
    service, timer = setup.blocks
    (line,) = re.findall(r"(?m)^ExecStart=(.*)$", service.text)
    _, *arguments = shlex.split(line)
    assert run([program("curl"), *arguments], folder=folder).returncode == 0
    assert timer.name.rpartition(".")[0] == service.name.rpartition(".")[0]


def run_merlin(setup: Setup, place: Place, folder: Path) -> None:
    program("curl")
    script = folder / "ddns-start"
    script.write_text(block(setup).replace("/sbin/ddns_custom_updated", "echo told"))
    assert run(["sh", str(script), V4], folder=folder).stdout.endswith("told 1\n")


def run_ddclient(setup: Setup, place: Place, folder: Path) -> None:
    command = [program("ddclient"), *ddclient_arguments(block(setup), folder), *ONCE]
    done = run(command, folder=folder)
    assert "SUCCESS:" in done.stdout + done.stderr


def run_inadyn(setup: Setup, place: Place, folder: Path) -> None:
    command = [program("inadyn"), *inadyn_arguments(block(setup), folder), "-1", "--force"]
    assert run(command, folder=folder).returncode == 0


def ask_as_powershell(setup: Setup, place: Place, folder: Path) -> None:
    (login,) = re.findall(r"GetBytes\('(.*?)'\)", block(setup))
    (url,) = re.findall(r"-Uri '(.*?)'", block(setup))
    assert ask(place, url, login).startswith("good ")


def ask_as_ddns_updater(setup: Setup, place: Place, folder: Path) -> None:
    (settings,) = json.loads(block(setup))["settings"]
    assert settings["domain"] == HOST
    answer = ask(place, f"{settings['url']}&{settings['ipv4key']}={V4}", "")
    assert re.search(settings["success_regex"], answer)


PROGRAMS: dict[str, Runs] = {
    "asus": run_merlin,
    "cron": run_shell,
    "curl": run_shell,
    "ddclient3": run_ddclient,
    "ddclient4": run_ddclient,
    "ddns-updater": ask_as_ddns_updater,
    "inadyn": run_inadyn,
    "noipy": run_shell,
    "powershell": ask_as_powershell,
    "systemd": run_unit,
    "wget": run_shell,
}


def forget(place: Place) -> None:
    """Give the host another address."""
    place.server.call("record_set", owner=HOST, type="A", rdatas=["192.0.2.1"])


def test_programs(place: Place, tmp_path: Path) -> None:
    for name, perform in PROGRAMS.items():
        folder = tmp_path / name
        folder.mkdir()
        forget(place)
        perform(filled(name, place), place, folder)
        place.assert_holds(V4 if name in ("asus", "ddns-updater") else LOOPBACK)


# Routers ---------------------------------------------------------------------------------------

FILLED_IN = {
    **dict.fromkeys(("<domain>", "[DOMAIN]", "__HOSTNAME__", "%h"), HOST),
    **dict.fromkeys(("<ipaddr>", "[IP]", "__MYIP__", "%i", "%IP%", "###IP###"), V4),
    **dict.fromkeys(("[USERNAME]", "__USERNAME__"), ACCOUNT),
    "<ip6addr>": V6,
    "<ip6lanprefix>": "2001:db8:1::/64",
    "\\3F": "?",  # RouterOS
}
"""What routers put in place of parts of a form; the password is to come."""

URL = re.compile(r"(?:https?://)?(?:([^\s/'\"@]+)@)?[^\s/'\"@]*(/nic/update\?[^\s'\"]*)")

COMPOSED = f"/nic/update?hostname={HOST}&myip={V4}"
"""What those ask for that are told the server only."""


def requests(setup: Setup, key: str) -> Iterator[tuple[str, str]]:
    """The login, if any, and what a router asks for."""
    texts = [one.text for one in (*setup.fields, *setup.blocks)]
    for text in texts:
        for there, here in {**FILLED_IN, "[PASSWORD]": key, "__PASSWORD__": key}.items():
            text = text.replace(there, here)
        for login, target in URL.findall(text):
            query = parse_qs(urlsplit(target).query)
            if target.endswith("?"):  # DD-WRT
                target += HOST
            yield "" if "password" in query else login or f"{ACCOUNT}:{key}", target


def ask(place: Place, url: str, login: str) -> str:
    """What the server answers."""
    connection = http.client.HTTPConnection(LOOPBACK, place.server.http_port, timeout=PATIENCE)
    parts = urlsplit(url)
    headers = {"User-Agent": "router"}
    if login:
        headers["Authorization"] = f"Basic {base64.b64encode(login.encode()).decode()}"
    connection.request("GET", f"{parts.path}?{parts.query}", headers=headers)
    answer = connection.getresponse().read().decode()
    connection.close()
    return answer


def test_routers(place: Place) -> None:
    names = [name for name in setups() if name not in PROGRAMS]
    server = f"{LOOPBACK}:{place.server.http_port}"
    place.server.call("host_add", name=NAS, account=ACCOUNT)
    place.server.call("host_set", name=NAS, interface_id="::a", follows=HOST)
    for name in names:
        setup = filled(name, place)
        shown = "\n".join(one.text for one in (*setup.fields, *setup.blocks))
        for needed in (server, HOST, ACCOUNT, place.key):
            assert needed in shown, name
        asked = list(requests(setup, place.key)) or [(f"{ACCOUNT}:{place.key}", COMPOSED)]
        for login, target in asked:
            forget(place)
            assert ask(place, target, login).startswith("good "), (name, target)
            place.assert_holds(V4 if V4 in target else LOOPBACK)
            if V6 in target:  # what a FRITZ!Box looks for in DNS afterwards
                place.assert_holds(V4, V6)
            if "/64" in target:
                assert place.server.answers(NAS, "AAAA") == ["2001:db8:1::a"]
    assert place.server.answers(NAS, "AAAA")
