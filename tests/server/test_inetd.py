"""What serves without a server: it listens nowhere, whatever the settings say."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from twisted.python.usage import UsageError

from ddns.config.load import load_settings
from ddns.config.settings import MiniupdateSettings, Settings
from ddns.config.tls_settings import HttpsSettings
from ddns.server.inetd import Options, listening_nowhere

LISTENERS = ("dns", "http", "https", "dot", "miniupdate")


def listens(of: Settings) -> list[str]:
    found: list[str] = []
    for name in LISTENERS:
        found += getattr(of, name).listen
    return [*found, *of.miniupdate.udp]


def test_it_listens_nowhere_and_keeps_everything_else(tmp_path: Path) -> None:
    file = tmp_path / "ddns.toml"
    file.write_text(
        '[miniupdate]\nudp = ["127.0.0.1:9121"]\nconnections = 7\n'
        '[https]\nlisten = ["tcp:443"]\ncertificate = "c.pem"\n'
        '[dot]\nlisten = ["tcp:853"]\n[abuse]\nrefusals = 3\n'
    )
    settings = load_settings(file)
    assert len(listens(settings)) == 6
    nowhere = listening_nowhere(settings)
    assert listens(nowhere) == []
    assert not nowhere.sample
    assert nowhere.miniupdate == MiniupdateSettings(listen=(), udp=(), connections=7)
    assert nowhere.https.certificate == "c.pem"
    assert (
        dataclasses.replace(
            nowhere,
            **{name: getattr(settings, name) for name in LISTENERS},
            sample=True,
        )
        == settings
    )


def test_it_orders_no_certificates(tmp_path: Path) -> None:
    file = tmp_path / "ddns.toml"
    file.write_text(
        '[https]\nlisten = ["tcp:443"]\n[https.acme]\ndirectory = "https://ca.example/"\n'
        'names = ["ddns.example.net"]\n'
    )
    assert listening_nowhere(load_settings(file)).https == HttpsSettings()


def test_the_command_line(tmp_path: Path) -> None:
    file = tmp_path / "ddns.toml"
    file.write_text('database = "one"\n[inetd]\nlinger_time = 0.5\n')
    options = Options()
    options.parseOptions([f"--config={file}", "--connection=5", "--lock=6", "http"])
    assert (options["service"], options["connection"], options["lock"]) == ("http", 5, 6)
    assert (options.settings.database, options.settings.inetd.linger_time) == ("one", 0.5)
    options = Options()
    options.parseOptions([f"--config={file}", "--database=two", "http"])
    assert (options["connection"], options["lock"]) == (None, None)
    assert options.settings.database == "two"


@pytest.mark.parametrize(
    "given", [[], ["a", "b"], ["--lock=x", "http"], ["--config=/none", "http"]]
)
def test_command_lines_that_make_no_sense(given: list[str]) -> None:
    with pytest.raises(UsageError):
        Options().parseOptions(given)
