"""The command: relays of hosts."""

from __future__ import annotations

import io

import pytest

from ddns.model.relays import OpenTo
from ddns.policy.registration import Rules
from ddns.policy.relays import RelayRules
from tests.cli.commands import Run, error_of
from tests.house import House

NAME = "home.example.net"


def test_from_adding_to_removing(house: House, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    house.fill()
    house.operations.rules = Rules(relays=RelayRules(OpenTo.OPERATOR))
    assert run("relay", "list", NAME).err.startswith("ddns: no relays yet")
    add = ("relay", "add", NAME, "duckdns", "--set", "domain=home")
    monkeypatch.setattr("sys.stdin", io.StringIO("canary\n"))
    assert "--secret-stdin" in error_of(run(*add))
    added = run(*add, "--secret-stdin")
    assert added.out == f"relay 1 passes {NAME} on to www.duckdns.org\n"
    hook = run("relay", "add", NAME, "webhook", "--set", "url=https://hook.example/")
    assert hook.out.startswith("whsec_")
    assert "passes" in hook.err
    lines = run("relay", "list", NAME).out.splitlines()
    assert lines[1].split()[:4] == ["1", "duckdns", "www.duckdns.org", "waiting"]
    assert "canary" not in run("relay", "list", NAME, "--json").out
    assert run("relay", "retry", "1").out == "relay 1 to www.duckdns.org is tried now\n"
    assert run("relay", "remove", "1").out == "removed relay 1 to www.duckdns.org\n"
    assert "no relay 1" in error_of(run("relay", "retry", "1"))
    assert "read it here" in error_of(run(*add, "--set", "token=canary"))
    assert "NAME=VALUE" in error_of(run(*add, "--set", "x"))


def test_what_cannot_be_reached_names_the_setting(house: House, run: Run) -> None:
    house.fill()
    house.operations.rules = Rules(relays=RelayRules(OpenTo.OPERATOR))
    for url, key in (
        ("https://10.0.0.1/", "outward.allow"),
        ("https://hook.example:8443/", "outward.ports"),
        ("http://hook.example/", "outward.plain_http"),
    ):
        ran = run("relay", "add", NAME, "webhook", "--set", f"url={url}")
        assert ran.err.endswith(f"ddns: hint: the setting {key} says what may be reached\n")
