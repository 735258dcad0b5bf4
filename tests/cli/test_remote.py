"""A server far away: which URLs, whose token, and what answers when it is another server."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ddns.cli import main as command
from ddns.cli.client import CallFailed
from ddns.cli.remote import RemoteClient
from tests.processes import free_port, mode_of


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.delenv("DDNS_SERVER", raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path / "config" / "ddns"


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ("https://ddns.example.net", "https://ddns.example.net"),
        ("https://DDNS.example.net:8443/", "https://ddns.example.net:8443"),
        ("http://[::1]:8245/a/b/", "http://[::1]:8245/a/b"),
    ],
)
def test_urls(given: str, url: str) -> None:
    assert RemoteClient(given).url == url


@pytest.mark.parametrize(
    "given",
    ["", "ddns.example.net", "ftp://a", "https://", "https://a:x", "https://u:p@a", "https://a?b",
     "https://[::1"],
)  # fmt: skip
def test_what_is_no_url(given: str) -> None:
    with pytest.raises(CallFailed, match="not the URL"):
        RemoteClient(given)


def test_a_file_of_certificates_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "ca").write_text("nonsense")
    for name in ("ca", "missing"):
        with pytest.raises(CallFailed, match=name):
            RemoteClient("https://a", str(tmp_path / name))


def test_a_token_is_kept_by_server(home: Path) -> None:
    first, second = RemoteClient("https://a"), RemoteClient("https://b")
    first.remember("x1")
    second.remember("x2")
    second.remember("x3")
    assert [mode_of(path) for path in home.iterdir()] == [0o600] * 2
    assert mode_of(home) == 0o700
    headers = [RemoteClient(url)._headers for url in ("https://a/", "https://B", "https://c")]
    assert headers == [{"Authorization": "Bearer x1"}, {"Authorization": "Bearer x3"}, {}]
    first.forget()
    first.forget()
    assert RemoteClient("https://a")._headers == first._headers == {}


def test_a_token_that_cannot_be_kept_changes_nothing(home: Path) -> None:
    client = RemoteClient("https://a")
    client.remember("x1")
    (path,) = home.iterdir()
    path.unlink()
    path.mkdir()
    with pytest.raises(OSError):
        client.remember("x2")
    assert list(home.iterdir()) == [path]


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"token": "a\\r\\nX: y"}', '{"token": 5}'])
def test_a_file_that_was_changed(home: Path, text: str) -> None:
    RemoteClient("https://a").remember("x1")
    (path,) = home.iterdir()
    path.write_text(text)
    with pytest.raises(CallFailed, match="ddns"):
        RemoteClient("https://a")


@contextmanager
def answering(status: int, body: bytes) -> Iterator[tuple[str, list[str]]]:
    """A server that answers the same to everybody; its URL, and who has come."""
    asked: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(f"{self.path} {self.headers['Authorization']}")
            self.send_response(status)
            self.send_header("Location", "http://127.0.0.1:1/")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", asked
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, b"<html>"), (200, b""), (200, b"[]"), (404, b"{}"), (404, b"not found"),
        (302, b"{}"), (500, b'{"error": "x"}'), (200, b"\xff"),
    ],
)  # fmt: skip
def test_something_else_answers(status: int, body: bytes) -> None:
    with answering(status, body) as (url, _), pytest.raises(CallFailed) as raised:
        RemoteClient(url).call("zone_list")
    assert raised.value.answer["error"]["code"] == "failed"


def test_the_path_and_the_token(home: Path) -> None:
    with answering(200, b'{"zones": []}') as (url, asked):
        client = RemoteClient(url + "/below/")
        client.remember("x1")
        assert client.call("zone_list") == {"zones": []}
        assert RemoteClient(url).call("zone_list") == {"zones": []}
    assert [line.partition("?")[0] for line in asked] == ["/below/api/v1/zones", "/api/v1/zones"]
    assert asked[0].endswith(" Bearer x1")
    assert asked[1].endswith(" None")


def test_nobody_answers(capsys: pytest.CaptureFixture[str]) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    assert command.main(["--server", url, "zone", "list"]) == 1
    assert capsys.readouterr().err.startswith(f"ddns: {url} cannot be reached: ")


@pytest.mark.parametrize(
    ("code", "message", "hint"),
    [
        ("unauthenticated", "log in first", "log in with: ddns --server URL login NAME"),
        ("forbidden", "only the operator may do this", "--database FILE"),
        ("not_found", "there is no host a.example", "ddns host list"),
        ("not_found", "there is no account alice", None),
    ],
)
def test_what_to_do_next(
    code: str, message: str, hint: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    body = json.dumps({"error": {"code": code, "message": message}}).encode()
    with answering(401, body) as (url, _):
        assert command.main(["--server", url, "zone", "list"]) == 1
        error, *lines = capsys.readouterr().err.splitlines()
        assert command.main(["--server", url, "zone", "list", "--json"]) == 1
        assert capsys.readouterr().err == f"{error}\n"
    assert error == f"ddns: {message}"
    if hint is None:
        assert lines == []
    else:
        (line,) = lines
        assert line.startswith("ddns: hint: ")
        assert hint.replace("URL", url) in line


def test_where_the_server_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    with answering(200, json.dumps({"zones": []}).encode()) as (url, asked):
        assert command.main(["--server", url, "zone", "list"]) == 0
        assert command.main(["zone", "list", "--server", url]) == 0
        monkeypatch.setenv("DDNS_SERVER", url)
        assert command.main(["zone", "list"]) == 0
        assert len(asked) == 3
        assert command.main(["zone", "list", "--database", str(tmp_path / "none")]) == 1
        assert len(asked) == 3
    assert "there is no database" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        ["login", "a"], ["logout"], ["confirm", "x"], ["register", "a", "--email", "a@b.example"],
        ["password", "change"], ["password", "forgot", "a"], ["password", "reset", "x"],
        ["email", "change", "a@b.example"], ["account", "leave", "a"],
    ],
)  # fmt: skip
def test_people_say_which_server(
    arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "ddns.sqlite").touch()
    assert command.main(arguments) == 1
    assert "--server URL" in capsys.readouterr().err


def test_a_password_is_typed_without_echo(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import getpass
    import sys

    prompts: list[str] = []
    typed = iter(["one password", "another one"])

    def ask(prompt: str) -> str:
        prompts.append(prompt)
        return next(typed)

    monkeypatch.setattr(getpass, "getpass", ask)
    new = ["--server", "http://ddns.example", "register", "a", "--email", "a@b.example"]
    assert command.main(new) == 1
    assert "no terminal" in capsys.readouterr().err
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True)
    assert command.main(new) == 1
    assert prompts == ["New password: ", "New password, again: "]
    said = capsys.readouterr().err
    assert "not the same" in said
    assert "not encrypted" in said


@pytest.mark.parametrize(
    "arguments", [["confirm"], ["password", "reset", "--password-stdin"], ["zone", "join"]]
)
def test_tokens_and_codes_are_typed_without_echo(
    arguments: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Or read from standard input; where there are none, nobody is called."""
    import getpass
    import io
    import sys

    prompts: list[str] = []
    monkeypatch.setattr(getpass, "getpass", lambda prompt: prompts.append(prompt) or " \t")
    monkeypatch.setattr(sys, "stdin", io.StringIO("\n"))
    for terminal in (False, True):
        monkeypatch.setattr(sys.stdin, "isatty", lambda there=terminal: there)
        assert command.main(["--server", "http://127.0.0.1:9", *arguments]) == 1
        assert "or give it on standard input" in capsys.readouterr().err
    assert len(prompts) == 1
