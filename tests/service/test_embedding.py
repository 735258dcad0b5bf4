"""The programs of docs/embedding.md and tac/, as they stand there; what is public is listed."""

from __future__ import annotations

import doctest
import re
import signal
import subprocess
import sys
from pathlib import Path

import dns.exception
import dns.message
import dns.query

from ddns import embedding
from ddns.config import settings
from tests.conftest import Launch
from tests.processes import Server, eventually
from tests.programs import PATIENCE, run, script

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "embedding.md").read_text()
PROGRAMS = {
    re.search(r"(\w+)\.tac", text)[1]: text  # type: ignore[index]
    for text in re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
} | {path.stem: path.read_text() for path in (ROOT / "tac").glob("*.tac")}
HOST = "home.dyn.example"
STRICT = "[mypy]\nstrict = true\ndisallow_untyped_calls = false\nplugins = mypy_zope:plugin\n"


def started(make_server: Launch, name: str, **replaced: str) -> Server:
    """Its ports are free ones, everything else is the page's."""
    server = make_server()
    server.http_port = server.dns_port if "--http" in server.options else server.http_port
    usual = f'DnsSettings(("127.0.0.1:{server.dns_port}",))'
    text = PROGRAMS[name]
    for old, new in {
        'Settings(database="ddns.sqlite")': (
            f'Settings(database="ddns.sqlite", dns={usual},'
            f' http=HttpSettings(("tcp:{server.http_port}:interface=127.0.0.1",)),'
            " miniupdate=MiniupdateSettings(()))"
        ),
        "Settings(http=": f"Settings(dns={usual}, http=",
        "8080": str(server.http_port),
        "5353": str(server.dns_port),
    }.items():
        text = text.replace(old, new)
    text = text.replace(
        "\napplication =",
        "\nfrom ddns.embedding import DnsSettings, HttpSettings, MiniupdateSettings\napplication =",
        1,
    )
    head, found, rest = text.partition("from ddns.embedding import")
    assert found
    text = f"{head}from ddns.embedding import DnsSettings, HttpSettings, MiniupdateSettings\n"
    text += found + rest
    file = server.folder / f"{name}.tac"
    file.write_text(text)
    command = [script("twistd"), "-n", "--pidfile=", "-y", str(file)]
    server.command = lambda: command  # type: ignore[method-assign]
    return server


def test_a_dialect_of_ones_own(make_server: Launch) -> None:
    server = started(make_server, "dial").start()
    eventually(lambda: "a sample host was made" in server.log, "the sample is there")
    token = server.ddns("key", "add", "sample", "--host", HOST)["key"]

    def said(query: str) -> str:
        return server.get(f"/dial?{query}").body

    assert said(f"label=home&token={token}&ip=198.51.100.7") == "DONE"
    assert server.answers(HOST) == ["198.51.100.7"]
    assert said(f"label=home&token={token}") == "DONE"
    assert server.answers(HOST) == ["127.0.0.1"]
    for query in (
        f"label=other&token={token}&ip=198.51.100.8",
        "label=home&token=wrong&ip=198.51.100.8",
        f"label=home&token={token}&ip=x",
        "",
    ):
        assert said(query) == "NOT DONE"
    assert server.answers(HOST) == ["127.0.0.1"]
    login = f"sample:{server.ddns('key', 'add', 'sample')['key']}"
    assert server.update(login, HOST, "198.51.100.9").body == "good 198.51.100.9\n"


def test_an_appliance(make_server: Launch) -> None:
    """Its own page and our dialects on one site; DNS answers what came in there."""
    server = started(make_server, "embedded").start()
    eventually(lambda: "a sample host was made" in server.log, "the sample is there")
    assert server.get("/").body == "This appliance answers DNS for 1 zones.\n"
    login = f"sample:{server.ddns('key', 'add', 'sample')['key']}"
    path = f"/dyn/nic/update?hostname={HOST}&myip=198.51.100.7"
    assert server.get(path, login=login).body == "good 198.51.100.7\n"
    assert server.answers(HOST) == ["198.51.100.7"]
    assert server.get("/dyn/ip").body == "127.0.0.1\n"
    assert server.get("/nic/update").status == 404
    assert server.terminate() == -signal.SIGTERM, "as Twisted does where it is not told otherwise"
    assert "Traceback" not in server.log


def test_an_authority_beside_others(make_server: Launch) -> None:
    server = started(make_server, "names")
    server.spawn()

    def answers(name: str, kind: str) -> list[str]:
        query = dns.message.make_query(name, kind, use_edns=False)
        try:
            answer = dns.query.udp(query, "127.0.0.1", port=server.dns_port, timeout=1)
        except (OSError, dns.exception.Timeout):
            return []
        return [str(rdata) for rrset in answer.answer for rdata in rrset]

    eventually(lambda: answers("ns1.dyn.example", "A") == ["127.0.0.1"], "our zone answers")
    assert answers("www.static.example", "A") == ["203.0.113.80"]
    server.terminate()
    assert "Traceback" not in server.log


def test_a_store_of_ones_own(make_server: Launch) -> None:
    server = started(make_server, "told").start()
    eventually(lambda: "a sample host was made" in server.log, "the sample is there")
    told = server.folder / "changed.txt"
    before = len(told.read_text().splitlines())
    login = f"sample:{server.ddns('key', 'add', 'sample')['key']}"
    assert server.update(login, HOST, "198.51.100.7").body == "good 198.51.100.7\n"
    assert told.read_text().splitlines()[before:] == ["dyn.example"]
    told.unlink()
    told.mkdir()
    assert server.update(login, HOST, "198.51.100.8").body == "911\n"
    told.rmdir()
    assert server.update(login, HOST, "198.51.100.8").status == 200
    assert server.answers(HOST) == ["198.51.100.8"]


def test_examples() -> None:
    done = doctest.testfile(str(ROOT / "docs" / "embedding.md"), module_relative=False)
    assert done.attempted > 8
    assert done.failed == 0


def test_what_is_public_is_listed() -> None:
    table = PAGE.partition("## What stays")[2]
    assert set(re.findall(r"`(\w+)`", table.partition("| for |")[2])) == set(embedding.__all__)
    for name in embedding.__all__:
        assert getattr(embedding, name) is not None
    of_settings = {name for name in vars(settings) if name.endswith("Settings")}
    assert of_settings <= set(embedding.__all__)


def test_importing_it_chooses_no_reactor() -> None:
    code = "import sys, ddns.embedding as e; sys.exit('twisted.internet.reactor' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_programs_are_typed(tmp_path: Path) -> None:
    """Under mypy's strict rules, as those of an embedder who sees the package from outside."""
    for name, text in PROGRAMS.items():
        (tmp_path / f"{name}_tac.py").write_text(text)
    settings = tmp_path / "mypy.ini"
    settings.write_text(
        "[mypy]\nstrict = true\ndisallow_untyped_calls = false\nplugins = mypy_zope:plugin\n"
    )
    options = ["--config-file", str(settings), "--cache-dir", str(ROOT / ".mypy_cache")]
    done = run(
        [sys.executable, "-m", "mypy", *options, *(p.name for p in tmp_path.glob("*.py"))],
        folder=tmp_path,
        environment={"MYPYPATH": str(ROOT)},
        timeout=10 * PATIENCE,
    )
    assert done.returncode == 0, done.stdout + done.stderr


LIFE = "tests.service.embedded_life"


def test_nothing_is_left_behind(tmp_path: Path) -> None:
    """trial looks at the reactor after each start and stop."""
    done = run(
        [
            script("trial"),
            "--reactor=epoll",
            "--temp-directory",
            "t",
            LIFE,
        ],
        folder=tmp_path,
        environment={"PYTHONPATH": str(ROOT)},
        timeout=4 * PATIENCE,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "PASSED (successes=" in done.stdout
