"""dig, kdig and dnsperf: what those who wrote other name servers think of our answers."""

from __future__ import annotations

import re

import pytest

from tests.conftest import HOST, ZONE
from tests.processes import Server
from tests.programs import program, run

TOOLS = ["dig", "kdig"]
WAYS = ["+notcp", "+tcp"]


@pytest.fixture
def asked(server: Server, login: str) -> Server:
    """The server with something to ask for."""
    assert server.update(login, HOST, "198.51.100.7,2001:db8::7").body.startswith("good ")
    server.call(
        "record_set", owner=f"big.{ZONE}", type="TXT", rdatas=[f'"{n:0200}"' for n in range(40)]
    )
    server.call("record_set", owner=f"alias.{ZONE}", type="CNAME", rdatas=[HOST])
    return server


def answer(tool: str, server: Server, *question: str) -> str:
    """All that the tool prints; it must find nothing to warn of, but that it has to use TCP."""
    where = ["@127.0.0.1", "-p", str(server.dns_port), "+norecurse"]
    done = run([program(tool), *where, *question])
    assert done.returncode == 0, done.stdout + done.stderr
    lines = (done.stdout + done.stderr).lower().splitlines()
    assert not [line for line in lines if "warning" in line and "truncated reply" not in line]
    return done.stdout


def status(said: str) -> str:
    (found,) = re.findall(r"status: (\w+)", said)
    return str(found)


def flags(said: str) -> set[str]:
    (found,) = re.findall(r";; flags: ([a-z ]*);", said, re.IGNORECASE)
    return set(found.lower().split())


@pytest.mark.parametrize("tool", TOOLS)
@pytest.mark.parametrize("way", WAYS)
def test_an_address(asked: Server, tool: str, way: str) -> None:
    said = answer(tool, asked, HOST, "A", way)
    assert status(said) == "NOERROR"
    assert flags(said) == {"qr", "aa"}
    assert re.search(rf"^{HOST}\.\s+10\s+IN\s+A\s+198\.51\.100\.7$", said, re.MULTILINE)


@pytest.mark.parametrize("tool", TOOLS)
@pytest.mark.parametrize("way", WAYS)
def test_names_that_are_not_there_or_not_ours(asked: Server, tool: str, way: str) -> None:
    said = answer(tool, asked, f"nobody.{ZONE}", "A", way)
    assert status(said) == "NXDOMAIN"
    assert re.search(rf"^{ZONE}\.\s+10\s+IN\s+SOA\s", said, re.MULTILINE)
    said = answer(tool, asked, "example.org", "A", way, "+edns=0")
    assert status(said) == "REFUSED"
    assert "(Not Authoritative)" in said or "20 (not authoritative)" in said


@pytest.mark.parametrize("tool", TOOLS)
def test_a_big_answer_is_asked_for_again_over_tcp(asked: Server, tool: str) -> None:
    said = answer(tool, asked, f"big.{ZONE}", "TXT", "+notcp", "+ignore")
    assert "tc" in flags(said)
    said = answer(tool, asked, f"big.{ZONE}", "TXT")
    assert "tc" not in flags(said)
    assert len(re.findall(r'\sIN\s+TXT\s+"', said)) == 40


@pytest.mark.parametrize("tool", TOOLS)
@pytest.mark.parametrize("option", ["+dnssec", "+noedns", "+bufsize=512", "+nsid"])
def test_an_alias_whatever_is_asked_for_with_it(asked: Server, tool: str, option: str) -> None:
    said = answer(tool, asked, f"alias.{ZONE}", "AAAA", option)
    assert status(said) == "NOERROR"
    assert re.search(rf"^alias\.{ZONE}\.\s+\d+\s+IN\s+CNAME\s+{HOST}\.$", said, re.MULTILINE)
    assert re.search(rf"^{HOST}\.\s+10\s+IN\s+AAAA\s+2001:db8::7$", said, re.MULTILINE)


@pytest.mark.parametrize("mode", ["udp", "tcp"])
def test_dnsperf_loses_nothing(asked: Server, mode: str) -> None:
    questions = asked.folder / "questions"
    questions.write_text(f"{HOST} A\n{HOST} AAAA\nalias.{ZONE} A\n{ZONE} SOA\n")
    where = ["-s", "127.0.0.1", "-p", str(asked.dns_port), "-m", mode, "-d", str(questions)]
    done = run([program("dnsperf"), *where, "-n", "1000", "-c", "4", "-q", "40", "-t", "20"])
    assert done.returncode == 0, done.stderr
    (completed,) = re.findall(r"Queries completed: +(\d+) ", done.stdout)
    assert int(completed) == 4000
    assert re.search(r"Response codes: +NOERROR 4000 \(100\.00%\)$", done.stdout, re.MULTILINE)
