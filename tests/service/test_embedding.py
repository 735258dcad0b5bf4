"""The application of docs/embedding.md, as it stands there."""

from __future__ import annotations

import re
from pathlib import Path

from tests.conftest import Launch
from tests.processes import Server, eventually
from tests.programs import script

PAGE = (Path(__file__).parents[2] / "docs" / "embedding.md").read_text()
(APPLICATION,) = re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
HOST = "home.dyn.example"


def started(make_server: Launch, folder: Path) -> Server:
    """Its ports are free ones, everything else is the page's."""
    server = make_server()
    settings = (
        f'Settings(database="ddns.sqlite", dns=DnsSettings(("127.0.0.1:{server.dns_port}",)),'
        f' http=HttpSettings(("tcp:{server.http_port}:interface=127.0.0.1",)),'
        " miniupdate=MiniupdateSettings(()))"
    )
    text = APPLICATION.replace('Settings(database="ddns.sqlite")', settings)
    assert settings in text
    names = "DnsSettings, HttpSettings, MiniupdateSettings, Settings"
    file = folder / "duckdns.tac"
    file.write_text(text.replace("import Settings", f"import {names}"))
    command = [script("twistd"), "-n", "--pidfile=", "-y", str(file)]
    server.command = lambda: command  # type: ignore[method-assign]
    return server.start()


def test_a_dialect_of_ones_own(make_server: Launch, tmp_path: Path) -> None:
    server = started(make_server, tmp_path)
    eventually(lambda: "a sample host was made" in server.log, "the sample is there")
    token = server.ddns("key", "add", "sample", "--host", HOST)["key"]

    def said(query: str) -> str:
        return server.get(f"/update?{query}").body

    assert said(f"domains=home&token={token}&ip=198.51.100.7") == "OK"
    assert server.answers(HOST) == ["198.51.100.7"]
    assert said(f"domains=home&token={token}") == "OK"
    assert server.answers(HOST) == ["127.0.0.1"]
    for query in (
        f"domains=other&token={token}&ip=198.51.100.8",
        "domains=home&token=wrong&ip=198.51.100.8",
        f"domains=home&token={token}&ip=x",
        "",
    ):
        assert said(query) == "KO"
    assert server.answers(HOST) == ["127.0.0.1"]
    login = f"sample:{server.ddns('key', 'add', 'sample')['key']}"
    assert server.update(login, HOST, "198.51.100.9").body == "good 198.51.100.9\n"
