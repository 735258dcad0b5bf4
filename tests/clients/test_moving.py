"""docs/moving: the way from each service, line by line. Its client's blocks are those of
docs/clients.md, or are run together with them."""

from __future__ import annotations

import http.server
import json
import re
import shlex
import threading
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ddns.cli import main as command
from tests.clients.documented import BLOCKS, MOVING, blocks_of
from tests.conftest import Launch
from tests.programs import program, run

ROOT = Path(__file__).parents[2]
CASES = tomllib.loads((ROOT / "tests/cases/moving/services.toml").read_text())["case"]
PAGES = [page for page in MOVING if not page.endswith("README.md")]
CLIENTS = ("ddclient", "inadyn", "OpenWrt", "FRITZ!Box", "curl")

ZONE_FILE = """$ORIGIN example.net.
@ 300 IN SOA get.desec.io. get.desec.io. 2024 86400 3600 2419200 3600
@ 3600 IN NS ns1.desec.io.
home 3600 IN A 198.51.100.7
_443._tcp.home 3600 IN TLSA 3 1 0 00
"""


def files_of(why: str) -> list[str]:
    (found,) = [case["files"] for case in CASES if case["why"] == why]
    return list(found)


OF_DYNV6 = files_of("dynv6: a zone with its address, and records that follow its prefix")
DEDYN = "/api/v1/domains/home.dedyn.io/rrsets/"
ANSWERS = {
    "/api/v1/domains/": files_of("deSEC: the list of domains")[0],
    DEDYN: files_of("deSEC: a dedyn.io domain with its records")[0],
    "/api/v1/domains/example.net/zonefile/": ZONE_FILE,
    "/api/v2/zones": OF_DYNV6[1],
    "/api/v2/zones/1/records": OF_DYNV6[0],
}
"""What the services answer, by path."""

DUMP = files_of("nsupdate.info: hosts, and related hosts that follow them")[0]

HOSTS = {
    "moving/duckdns.md": {"home.example.net", "nas.example.net"},
    "moving/no-ip.md": {"home.example.net", "nas.example.net"},
    "moving/dynv6.md": {
        *("home.example.net", "nas.home.example.net", "www.home.example.net"),
        *("txt.home.example.net", "bare.home.example.net"),
    },
    "moving/desec.md": {"home.example.net"},
    "moving/nsupdate-info.md": {"home.example.net", "nas.example.net", "nas.home.example.net"},
}


@contextmanager
def service() -> Iterator[str]:
    """Stands in for the services; its URL. Who has no token gets no answer."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer = ANSWERS.get(self.path, "")
            known = self.headers["Authorization"] in ("Token TOKEN", "Bearer TOKEN")
            self.send_response(200 if answer and known else 403)
            self.send_header("Content-Length", str(len(answer.encode())))
            self.end_headers()
            self.wfile.write(answer.encode())

        def log_message(self, *args: object) -> None:
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def test_there_is_a_page_for_each_service() -> None:
    assert set(PAGES) == HOSTS.keys()
    index = (ROOT / "docs/moving/README.md").read_text()
    for page in PAGES:
        assert f"({Path(page).name})" in index


@pytest.mark.parametrize("page", PAGES)
def test_its_clients_are_configured_as_tested(page: str) -> None:
    found = blocks_of(page)
    of_clients = {title: block for title, block in found.items() if title.startswith(CLIENTS)}
    for client in CLIENTS:
        assert any(title.startswith(client) for title in of_clients), client
    for title, block in of_clients.items():
        assert BLOCKS[title] == block, title
    others = {title for title in found.keys() - of_clients.keys() if title != "hosts.txt"}
    assert all(title.startswith(("deSEC: ", "dynv6: ")) for title in others)


@pytest.mark.parametrize("page", PAGES)
def test_the_way_from_there(
    page: str,
    make_server: Launch,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("ddns.cli.zones.give_way", lambda: lambda: None)
    server = make_server().start()
    found = blocks_of(page)
    if "hosts.txt" in found:
        (tmp_path / "hosts.txt").write_text(found["hosts.txt"][1])
    (tmp_path / "dump.json").write_text(DUMP)
    with service() as url:
        for title, (_, text) in found.items():
            if title.startswith(("deSEC: ", "dynv6: ")):
                program("curl")
                for line in text.splitlines():
                    local = re.sub(r"https://(desec\.io|dynv6\.com)", url, line)
                    assert local != line
                    done = run(shlex.split(local), folder=tmp_path)
                    assert done.returncode == 0, f"{line}: {done.stderr}"
    lines = re.findall(r"^    ddns (.*)$", (ROOT / "docs" / page).read_text(), re.MULTILINE)
    assert sum(line.startswith("host import") for line in lines) >= 2
    for line in lines:
        status = command.main([*shlex.split(line), "--database", str(server.database)])
        told = capsys.readouterr()
        assert status == 0, f"{line}: {told.err}"
        if line.endswith("--dry-run"):
            assert ": would be added with" in told.out
            assert server.call("host_list")["hosts"] == []
    hosts = {host["name"] for host in server.call("host_list", account="alice")["hosts"]}
    assert hosts == HOSTS[page]
    if page != "moving/nsupdate-info.md":
        assert server.answers("home.example.net") == ["198.51.100.7"]
    keys = server.call("key_list", account="alice")["keys"]
    assert [key["hosts"] for key in keys] == [["home.example.net"], None]


def test_the_services_answers_are_json() -> None:
    for path, answer in ANSWERS.items():
        if "zonefile" not in path:
            assert isinstance(json.loads(answer), list)
