"""The command through a running server: what people and programs read, and what errors say."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest

from ddns import __version__
from ddns.cli import main as command
from tests.api.coming import NOTHING_SPECIAL
from tests.cli.commands import ZONE, Run, error_of
from tests.house import House, change, update

# People ----------------------------------------------------------------------------------------


def test_a_first_host_as_the_readme_has_it(house: House, run: Run) -> None:
    assert run("zone", "add", "example.net").out == "added zone example.net\n"
    assert run("account", "add", "alice").out == "added account alice\n"
    assert run("host", "add", "home.example.net", "--account", "alice").out == (
        "added host home.example.net for account alice\n"
    )
    key = run("key", "add", "alice").out.strip()
    (outcome,) = house.update(update("alice", key, change("home.example.net", "198.51.100.7")))
    assert outcome.refusal is None
    assert run("host", "show", "home.example.net").out == (
        "Addresses:  198.51.100.7\n"
        "Last heard: no request on record\n"
        "Name:       home.example.net\n"
        "Zone:       example.net\n"
        "Account:    alice\n"
        "TTL:        10\n"
        "Wildcard:   no\n"
        "\n"
        "Records:\n"
        "home.example.net. 10 IN A 198.51.100.7\n"
    )


def test_a_diagnosis(house: House, run: Run) -> None:
    house.fill()
    house.api("account_block", name="alice", reason="a reason")
    state, sentence, blank, why, change, *more = run(
        "host", "diagnose", "home.example.net"
    ).out.splitlines()
    assert state == "home.example.net: trouble"
    assert sentence.endswith("the first finding says what.")
    assert why.startswith("error: Account alice is blocked: a reason. (blocked, ")
    assert (blank, change) == (
        "",
        "  Stop what has led to it, and ask the operator to lift the block.",
    )
    assert more[1].startswith("warning: No request for home.example.net has ever arrived. ")


def test_tables(house: House, run: Run) -> None:
    house.fill()
    assert run("zone", "list").out == (
        "ORIGIN       SERIAL  OWNER  ADDRESSES  REGISTRATION\n"
        "example.net  1       -      any        closed\n"
    )
    assert run("account", "list").out == (
        "NAME   PASSWORD  EMAIL  OPERATOR  BLOCKED\nalice  no        -      no        no\n"
    )
    assert run("key", "list", "alice").out == (
        "NUMBER  ACCOUNT  KIND    ENABLED  RIGHTS          HOSTS  ZONES  TYPES\n"
        "1       alice    update  yes      records,update  all    all    -\n"
    )
    limits = ("--host", "home.example.net", "--type", "TXT", "--right", "records")
    run("key", "add", "alice", *limits, "--zone", "example.net")
    for shown in (run("key", "list", "alice").out, run("account", "show", "alice").out):
        (line,) = [line.split() for line in shown.splitlines() if line.startswith("2 ")]
        assert line[4:] == ["records", "home.example.net", "example.net", "TXT"]
    assert run("host", "list", "--zone", "example.net").out == (
        "NAME              ACCOUNT  TTL\nhome.example.net  alice    10\n"
    )


def test_nothing_to_list(house: House, run: Run) -> None:
    """Standard output stays empty, for scripts that read it."""
    for noun in ("zone", "account", "key", "host"):
        ran = run(noun, "list")
        assert (ran.status, ran.out) == (0, "")
        assert ran.err.startswith(f"ddns: no {noun}s")
        assert f"ddns {noun} add" in ran.err
        assert run(noun, "list", "--json").err == ""
    house.fill()
    for what in ("members", "invitations"):
        ran = run("zone", what, "example.net")
        assert ran.out == ""
        assert ran.err.startswith(f"ddns: no {what}; ")
    assert run("record", "show", "www.example.net").err == "ddns: no records at www.example.net\n"


def test_the_addresses_of_a_host(house: House, run: Run) -> None:
    house.fill()

    def addresses() -> list[str]:
        shown = run("host", "show", "home.example.net").out
        return shown.partition("Last heard:")[0].removeprefix("Addresses:").split("\n")[:-1]

    assert addresses() == ["  no address (offline)"]
    run("record", "set", "home.example.net", "A", "192.0.2.1")
    run("record", "set", "home.example.net", "AAAA", "2001:db8::1", "2001:db8::2")
    run("record", "set", "_acme-challenge.home.example.net", "A", "192.0.2.9")
    assert [one.strip() for one in addresses()] == ["192.0.2.1", "2001:db8::1", "2001:db8::2"]
    run("record", "delete", "home.example.net")
    run("record", "set", "home.example.net", "CNAME", "www.example.net")
    assert addresses() == ["  those of www.example.net."]


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (("zone", "remove", "none.example"), "ddns zone list"),
        (("zone", "add", "b.example", "--account", "nobody"), "ddns account list"),
        (("host", "show", "none.example.net"), "ddns host list"),
        (("key", "revoke", "99"), "ddns key list"),
        (("key", "revoke", "alice", "--kind", "dondns"), "ddns key list alice"),
        (("zone", "members", "example.net", "--remove", "bob"), "ddns zone members"),
        (("zone", "invitations", "example.net", "--revoke", "9"), "ddns zone invitations"),
    ],
)
def test_errors_say_what_to_do_next(
    house: House, run: Run, arguments: tuple[str, ...], hint: str
) -> None:
    house.fill()
    _, line = run(*arguments).err.splitlines()
    assert line.startswith("ddns: hint: ")
    assert hint in line
    assert len(run(*arguments, "--json").err.splitlines()) == 1


def test_records(house: House, run: Run) -> None:
    house.fill()
    set_ = run("record", "set", "www.example.net", "mx", "10 a.b", "20 c.d", "--ttl", "5")
    assert set_.out == "set www.example.net MX\n"
    assert run("record", "delete", "www.example.net", "MX").out == "deleted www.example.net MX\n"
    error = error_of(run("record", "delete", "www.example.net"))
    assert error == "www.example.net has no such records"


def test_removals(house: House, run: Run) -> None:
    house.fill()
    assert run("key", "revoke", "1").out == "revoked key 1 of account alice\n"
    assert run("host", "remove", "home.example.net").out == "removed host home.example.net\n"
    assert run("account", "remove", "alice").out == "removed account alice\n"
    assert run("zone", "remove", "example.net").out == "removed zone example.net\n"


def test_a_password_from_standard_input(
    house: House, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.fill()
    monkeypatch.setattr("sys.stdin", io.StringIO("päss word\r\nsecond line\n"))
    assert run("account", "add", "carol", "--password-stdin").status == 0
    host = change("home.example.net", "192.0.2.1")
    right, wrong = house.update(update("carol", "päss word", host), update("carol", "päss", host))
    assert right.refusal is None
    assert wrong.refusal is not None
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    ran = run("account", "add", "dave", "--password-stdin")
    assert error_of(ran) == "an empty password is not possible"


def test_keys_by_number_or_by_account_and_kind(house: House, run: Run) -> None:
    house.fill()
    made = run("key", "add", "alice", "--kind", "dondns").out.strip()
    assert run("key", "disable", "alice", "--kind", "dondns").out == (
        "disabled key 2 of account alice\n"
    )
    assert "DonDNS:     API disabled" in run("account", "show", "alice").out
    assert run("key", "enable", "2").out == "enabled key 2 of account alice\n"
    assert "DonDNS:     API enabled" in run("account", "show", "Alice").out
    new = run("key", "regenerate", "alice", "--kind", "dondns").out.strip()
    assert len(new) == len(made) == 24
    assert new != made
    assert "several keys" in error_of(run("key", "disable", "alice"))
    assert "no key of kind miniupdate" in error_of(
        run("key", "revoke", "alice", "--kind", "miniupdate")
    )
    assert "nobody" in error_of(run("key", "enable", "nobody"))
    assert run("key", "revoke", "1").status == 0
    assert run("key", "revoke", "alice").out == "revoked key 2 of account alice\n"


# Programs --------------------------------------------------------------------------------------


def test_json(house: House, run: Run, tmp_path: Path) -> None:
    file = tmp_path / "zone"
    file.write_text(ZONE)
    zone = {"origin": "example.net", "serial": 7, "account": None, "addresses": "any"}
    zone["registration"] = "closed"
    host = {"name": "a.example.net", "zone": "example.net", "account": "alice", "ttl": 5}
    key = {
        "id": 1,
        "account": "alice",
        "kind": "update",
        "enabled": True,
        "hosts": ["a.example.net"],
        "rights": ["records", "update"],
        "zones": None,
        "types": None,
    }
    done = {"origin": "example.net", "written": 4, "removed": 0, "skipped": 0}
    record = {"owner": "www.example.net", "type": "TXT", "ttl": 60, "rdatas": ['"x"']}

    def says(*arguments: str) -> Any:
        ran = run(*arguments, "--json")
        assert (ran.status, ran.err) == (0, "")
        return ran.json

    assert says("zone", "import", str(file)) == {
        "zones": [{"file": str(file), **done, "ignored": 0}]
    }
    assert says("zone", "list") == {"zones": [zone]}
    alice = {"name": "alice", "password": False, "email": None, **NOTHING_SPECIAL}
    assert says("account", "add", "alice") == alice
    assert says("account", "list") == {"accounts": [alice]}
    assert says("host", "add", "a.example.net", "--account", "alice", "--ttl", "5") == host
    assert says("host", "list", "--account", "alice") == {"hosts": [host]}
    assert says("host", "show", "a.example.net") == {
        **host,
        "wildcard": False,
        "records": [],
        "requests": [],
    }
    made = says("key", "add", "alice", "--host", "a.example.net")
    assert made == {"key": made["key"], **key}
    assert says("key", "list") == {"keys": [key]}
    assert says("key", "revoke", "1") == key
    assert says("record", "set", "www.example.net", "TXT", "x") == record
    assert says("record", "delete", "www.example.net") == {"deleted": [record]}
    exported = says("zone", "export", "example.net")
    assert exported["origin"] == "example.net"
    assert len(exported["records"]) == 3
    assert says("host", "remove", "a.example.net") == host
    assert says("account", "remove", "alice") == alice
    assert says("zone", "remove", "example.net")["origin"] == "example.net"


def test_errors_in_json_have_a_line_as_well(house: House, run: Run) -> None:
    ran = run("zone", "remove", "none.example", "--json")
    message = error_of(ran)
    assert ran.json == {"error": {"code": "not_found", "message": message}}
    assert "none.example" in message


@pytest.mark.parametrize(
    ("arguments", "about"),
    [
        (("zone", "add", "example.net"), "exists already"),
        (("zone", "add", ""), "''"),
        (("zone", "add", "b.example", "--ns", "ns.b.example=x"), "'x' is not an address"),
        (("zone", "add", "b.example", "--account", "nobody"), "nobody"),
        (("zone", "remove", "none.example"), "none.example"),
        (("zone", "export", "none.example"), "none.example"),
        (("zone", "import", "/nonexistent"), "/nonexistent: No such file"),
        (("account", "add", "a b"), "'a b' is not an account name"),
        (("account", "remove", "nobody"), "nobody"),
        (("key", "add", "nobody"), "nobody"),
        (("key", "list", "nobody"), "nobody"),
        (("key", "revoke", "99"), "99"),
        (("key", "revoke", "9" * 40), "9999"),
        (("host", "add", "home.example.net", "--account", "alice"), "exists already"),
        (("host", "add", "\udcff.example.net", "--account", "alice"), "expected a string"),
        (("host", "show", "none.example.net"), "none.example.net"),
        (("host", "list", "--zone", "none.example"), "none.example"),
        (("record", "set", "www.example.net", "A", "x"), "'x' is not A rdata"),
        (("record", "set", "www.example.net", "NOPE", "x"), "'NOPE' is not a record type"),
        (("record", "set", "www.example.net", "A", "192.0.2.1", "--ttl", "-5"), "TTL"),
    ],
)
def test_errors_are_one_line(
    house: House, run: Run, arguments: tuple[str, ...], about: str
) -> None:
    house.fill()
    ran = run(*arguments)
    assert about in error_of(ran)
    assert ran.out == ""


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("zone",),
        ("zone", "nonsense"),
        ("host", "add"),
        ("key", "revoke", "x", "--kind", "nonsense"),
        ("record", "set", "a.b", "A"),
        ("zone", "import"),
        ("host", "add", "a", "--ttl", "x"),
    ],
)
def test_what_is_no_command(arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as raised:
        command.main(arguments)
    assert raised.value.code == 2
    assert "usage: ddns" in capsys.readouterr().err


def test_the_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as raised:
        command.main(["--version"])
    assert raised.value.code == 0
    assert capsys.readouterr().out == f"ddns {__version__}\n"
