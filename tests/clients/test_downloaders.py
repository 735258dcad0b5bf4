"""curl and wget, which most update scripts are built on."""

from __future__ import annotations

import subprocess

import pytest

from tests.clients.outcome import assert_holds
from tests.conftest import ACCOUNT, HOST
from tests.processes import Server
from tests.programs import program, run


def curl(server: Server, *arguments: str) -> subprocess.CompletedProcess[str]:
    return run([program("curl"), "--silent", "--show-error", *arguments], folder=server.folder)


def wget(server: Server, *arguments: str) -> subprocess.CompletedProcess[str]:
    flags = ["--no-netrc", "--tries=1", "--output-document=-", "--server-response"]
    return run([program("wget"), *flags, *arguments], folder=server.folder)


def url(server: Server, query: str, credentials: str = "") -> str:
    return f"http://{credentials}127.0.0.1:{server.http_port}/nic/update{query}"


@pytest.mark.parametrize("version", ["--http1.0", "--http1.1"])
def test_curl_with_a_get(server: Server, login: str, version: str) -> None:
    query = f"?hostname={HOST}&myip=198.51.100.7"
    done = curl(server, version, "--fail", "-u", login, url(server, query))
    assert (done.returncode, done.stdout) == (0, "good 198.51.100.7\n")
    assert_holds(server, HOST, "198.51.100.7")


def test_curl_with_a_post(server: Server, login: str) -> None:
    form = ["-d", f"hostname={HOST}", "-d", "myip=198.51.100.8"]
    done = curl(server, "--fail", "-u", login, *form, url(server, ""))
    assert (done.returncode, done.stdout) == (0, "good 198.51.100.8\n")
    assert_holds(server, HOST, "198.51.100.8")


def test_curl_with_credentials_in_the_url(server: Server, login: str) -> None:
    query = f"?hostname={HOST}&myip=198.51.100.9"
    done = curl(server, "--fail", url(server, query, f"{login}@"))
    assert (done.returncode, done.stdout) == (0, "good 198.51.100.9\n")
    assert_holds(server, HOST, "198.51.100.9")


def test_curl_without_an_address_sets_its_own(server: Server, login: str) -> None:
    done = curl(server, "--fail", "-u", login, url(server, f"?hostname={HOST}"))
    assert (done.returncode, done.stdout) == (0, "good 127.0.0.1\n")
    assert_holds(server, HOST, "127.0.0.1")


def test_curl_with_both_families(server: Server, login: str) -> None:
    query = f"?hostname={HOST}&myip=198.51.100.7,2001:db8::7"
    done = curl(server, "--fail", "-u", login, url(server, query))
    assert (done.returncode, done.stdout) == (0, "good 198.51.100.7,2001:db8::7\n")
    assert_holds(server, HOST, "198.51.100.7")
    assert_holds(server, HOST, "2001:db8::7")


def test_curl_with_a_wrong_password(server: Server) -> None:
    query = f"?hostname={HOST}&myip=198.51.100.7"
    done = curl(server, "-u", f"{ACCOUNT}:wrong", "-w", "%{http_code}", url(server, query))
    assert (done.returncode, done.stdout) == (0, "badauth\n401")
    assert server.dig(HOST) == []


def test_wget_sends_credentials_only_when_asked(server: Server, login: str) -> None:
    """That is why a request without them is answered 401 with a challenge."""
    user, _, secret = login.partition(":")
    query = f"?hostname={HOST}&myip=198.51.100.7"
    done = wget(server, f"--user={user}", f"--password={secret}", url(server, query))
    assert (done.returncode, done.stdout) == (0, "good 198.51.100.7\n"), done.stderr
    answers = [line.split()[1] for line in done.stderr.splitlines() if line.startswith("  HTTP/")]
    assert answers == ["401", "200"]
    assert_holds(server, HOST, "198.51.100.7")


def test_wget_with_a_wrong_password(server: Server) -> None:
    query = f"?hostname={HOST}&myip=198.51.100.7"
    done = wget(server, f"--user={ACCOUNT}", "--password=wrong", url(server, query))
    assert done.returncode == 6, "wget's status for a refused login"
    assert server.dig(HOST) == []
