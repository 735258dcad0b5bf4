"""Hosts behind a changing prefix, from the command that sets them to the answers of DNS."""

from __future__ import annotations

from tests.conftest import ACCOUNT, HOST
from tests.processes import Server

NAS = "nas.example.net"
MALFORMED = "2001:db8:1::/64fd00::1"


def test_a_router_moves_its_lan(server: Server, login: str) -> None:
    server.ddns("host", "add", NAS, "--account", ACCOUNT)
    server.ddns("host", "set", NAS, "--interface-id", "::a", "--follows", HOST)
    assert "waits-for-prefix" in server.try_ddns("host", "diagnose", NAS).stdout
    reply = server.update(login, HOST, "198.51.100.7", ipprefix="2001:db8:1::/64")
    assert reply.body == "good 198.51.100.7\n"
    assert server.answers(NAS, "AAAA") == server.stored(NAS, "AAAA") == ["2001:db8:1::a"]
    shown = server.try_ddns("host", "show", NAS).stdout.split()
    assert " ".join(shown).count(f" Interface ID: ::a Follows: {HOST} ") == 1
    shown = server.try_ddns("host", "show", HOST).stdout.split()
    assert " ".join(shown).count(f" Followed by: {NAS} Prefixes: 2001:db8:1::/64 ") == 1
    history = server.try_ddns("host", "history", NAS).stdout
    assert f"interface ID ::a, follows {HOST}" in history
    assert server.try_ddns("host", "diagnose", NAS).stdout.startswith(f"{NAS}: led\n")
    assert server.update(login, HOST, MALFORMED).body == "dnserr\n"
    found = server.try_ddns("host", "diagnose", HOST).stdout
    assert f"sends {MALFORMED}, in which a prefix and something else are one word." in found
    server.restart()
    assert server.answers(NAS, "AAAA") == ["2001:db8:1::a"]
    server.ddns("host", "set", NAS, "--follows", HOST, "--follows-address")
    server.update(login, HOST, "2001:db8:2::1")
    assert server.answers(NAS, "AAAA") == ["2001:db8:2::a"]
    server.ddns("host", "set", NAS, "--follows", "")
    server.update(login, HOST, "2001:db8:3::1")
    assert server.answers(NAS, "AAAA") == ["2001:db8:2::a"]
