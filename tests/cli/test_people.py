"""The command: registration, and what has become of a host."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from ddns.model.records import AAAA, A
from ddns.model.update import Remove
from tests.cli.commands import Run, error_of
from tests.house import House, change, update


def test_a_zone_that_is_opened(house: House, run: Run) -> None:
    assert run("zone", "add", "dyn.example", "--registration", "open").status == 0
    assert run("zone", "list").out.splitlines()[1].split() == [
        *("dyn.example", "1", "-", "public", "open")
    ]
    run("zone", "set", "dyn.example", "--registration", "invitation", "--addresses", "any")
    assert run("zone", "list").out.splitlines()[1].split() == [
        *("dyn.example", "1", "-", "any", "invitation")
    ]


def test_invitations_and_members(house: House, run: Run) -> None:
    house.fill()
    code = run("zone", "invite", "example.net", "--uses", "2", "--days", "1").out.strip()
    assert len(code) == 24
    house.person("alice", "invitation_redeem", code=code)
    assert run("zone", "invitations", "example.net").out == (
        "NUMBER  USES-LEFT  EXPIRES                  BY\n"
        "1       1          1970-01-02 01:16:40 CET  operator\n"
    )
    assert run("zone", "members", "example.net").out == (
        "ACCOUNT  SINCE\nalice    1970-01-01 01:16:40 CET\n"
    )
    assert run("zone", "members", "example.net", "--remove", "alice").out == (
        "account alice is no longer a member of zone example.net\n"
    )
    assert run("zone", "invitations", "example.net", "--revoke", "1").out == (
        "revoked invitation 1 to zone example.net\n"
    )
    assert run("zone", "invitations", "example.net").out == ""
    assert "no invitation 1" in error_of(run("zone", "invitations", "example.net", "--revoke", "1"))
    assert "no member bob" in error_of(run("zone", "members", "example.net", "--remove", "bob"))


def test_how_many_hosts(house: House, run: Run) -> None:
    house.fill()
    set_ = ("account", "set", "alice", "--hosts")
    assert run(*set_, "3").out == "account alice may register 3 hosts\n"
    assert "Host limit: 3\n" in run("account", "show", "alice").out
    assert run(*set_, "default").out == "account alice may register 10 hosts\n"
    assert "expected 0 to" in error_of(run(*set_, "-1"))


def test_who_is_an_operator(house: House, run: Run) -> None:
    house.fill()
    assert run("account", "set", "alice", "--operator").out == "account alice is an operator\n"
    assert "Operator:   yes\n" in run("account", "show", "alice").out
    assert run("account", "set", "alice", "--no-operator").out == "account alice is no operator\n"
    assert "nothing to set" in error_of(run("account", "set", "alice"))


def test_who_has_lost_a_second_factor(house: House, run: Run, tmp_path: Path) -> None:
    house.fill()
    with closing(sqlite3.connect(tmp_path / "ddns.sqlite")) as connection, connection:
        connection.execute("insert into totp values ('alice', x'01', 0, 1, 0)")
    ran = run("account", "set", "alice", "--no-second-factor")
    assert ran.out == "account alice has no second factor\n"
    assert house.running.call(house.store.read, lambda reading: reading.totps()) == []


def test_all_that_is_kept_of_an_account(house: House, run: Run) -> None:
    house.fill()
    whole = json.loads(run("account", "export", "alice").out)
    assert whole == run("account", "export", "alice", "--json").json
    assert whole["account"][0]["name"] == "alice"
    assert [host["name"] for host in whole["hosts"]] == ["home.example.net"]
    assert len(whole["keys"]) == 1
    assert "no account bob" in error_of(run("account", "export", "bob"))


def test_a_host_that_changes(house: House, run: Run) -> None:
    key = house.fill()
    house.update(update("alice", key, change("home.example.net", "192.0.2.1")))
    assert run("host", "set", "home.example.net", "--ttl", "60", "--wildcard").out == (
        "changed host home.example.net\n"
    )
    records = "home.example.net. 60 IN A 192.0.2.1\n"
    wildcard = "*.home.example.net. 60 IN CNAME home.example.net.\n"
    assert run("record", "show", "home.example.net").out == records
    assert run("host", "show", "home.example.net").out == (
        "Addresses:  192.0.2.1\n"
        "Last heard: no request on record\n"
        "Name:       home.example.net\n"
        "Zone:       example.net\n"
        "Account:    alice\n"
        "TTL:        60\n"
        "Wildcard:   yes\n"
        "\n"
        f"Records:\n{records}{wildcard}"
    )
    run("host", "set", "home.example.net", "--no-wildcard")
    assert wildcard not in run("host", "show", "home.example.net").out
    house.api("account_add", name="bob")
    run("host", "set", "home.example.net", "--account", "bob")
    assert run("host", "list").out.endswith("\nhome.example.net  bob      60\n")
    assert run("host", "history", "home.example.net").out == (
        "TIME                     WHO       VIA      NAME              TYPE  CHANGE\n"
        "1970-01-01 01:16:40 CET  operator  command  home.example.net  host"
        "  nothing -> account bob, TTL 60\n"
    )
    run("record", "set", "home.example.net", "A", "192.0.2.2", "192.0.2.3")
    assert run("host", "history", "home.example.net", "--limit", "1").out == (
        "TIME                     WHO       VIA      NAME              TYPE  CHANGE\n"
        "1970-01-01 01:16:40 CET  operator  command  home.example.net  A"
        "     192.0.2.1 (TTL 60) -> 192.0.2.2, 192.0.2.3 (TTL 60)\n"
    )


def test_a_host_with_a_wildcard_in_the_letters_of_its_people(house: House, run: Run) -> None:
    house.fill()
    run("host", "add", "bücher.example.net", "--account", "alice", "--wildcard")
    lines = run("host", "show", "bücher.example.net").out.splitlines()
    assert lines[2:4] == [
        "Name:       xn--bcher-kva.example.net",
        "Unicode:    bücher.example.net",
    ]
    assert "Wildcard:   yes" in lines


def test_the_command_alone_forgets_no_released_name(alone: Run, tmp_path: Path) -> None:
    """Only the server knows for how long they are kept."""
    alone("zone", "add", "example.net")
    alone("account", "add", "alice")
    for name in ("a", "b"):
        alone("host", "add", f"{name}.example.net", "--account", "alice")
    assert alone("host", "remove", "a.example.net").status == 0
    with sqlite3.connect(tmp_path / "ddns.sqlite") as connection:
        connection.execute("update released set at = 0.0")
    connection.close()
    assert alone("host", "remove", "b.example.net").status == 0
    with sqlite3.connect(tmp_path / "ddns.sqlite") as connection:
        (count,) = connection.execute("select count(*) from released").fetchone()
    connection.close()
    assert count == 2


def test_going_offline_in_the_history(house: House, run: Run) -> None:
    house.fill()
    key = house.api("key_add", account="alice")["key"]
    house.update(update("alice", key, change("home.example.net", "198.51.100.7")))
    offline = replace(change("home.example.net", "1.1.1.1"), edits=(Remove(A), Remove(AAAA)))
    house.update(update("alice", key, offline))
    assert (
        "TTL 10 -> account alice, TTL 10, offline (A)\n"
        in run("host", "history", "home.example.net").out
    )


def test_hosts_are_listed_by_their_first_labels(house: House, run: Run) -> None:
    house.fill()
    for name in ("www.garden", "nas", "cam", "attic"):
        house.api("host_add", name=f"{name}.example.net", account="alice")
    for given in ((), ("--zone", "example.net")):
        listed = [line.split()[0] for line in run("host", "list", *given).out.splitlines()[1:]]
        assert [name.partition(".")[0] for name in listed] == ["attic", "cam", "home", "nas", "www"]
