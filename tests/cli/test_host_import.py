"""Lists of hosts that the command imports."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ddns.cli import host_import
from ddns.cli.client import CallFailed
from tests.cli.commands import Run, error_of
from tests.house import House


@pytest.fixture(autouse=True)
def zone(house: House) -> None:
    house.api("zone_add", origin="dyn.example.net")
    house.api("account_add", name="alice")


def written(folder: Path, text: str, name: str = "hosts.txt") -> str:
    path = folder / name
    path.write_text(text)
    return str(path)


def test_a_list(run: Run, tmp_path: Path) -> None:
    file = written(tmp_path, "home 198.51.100.7 2001:db8::7\nnas\nno_host\n")
    given = ("host", "import", file, "--from", "list", "--zone=dyn.example.net", "--account=alice")
    ran = run(*given)
    assert ran.status == 0
    assert ran.out.splitlines() == [
        "home.dyn.example.net: added with 2 RRsets",
        "nas.dyn.example.net: added, no records in the files",
        "left out: no_host: 'no_host.dyn.example.net' is not a host name",
    ]
    again = run(*given, "--json").json
    assert [(one["added"], one["rrsets"]) for one in again["hosts"]] == [(False, 0)] * 2
    assert run(*given).out.startswith("home.dyn.example.net: there already, 0 RRsets more\n")
    assert "198.51.100.7" in run("host", "show", "home.dyn.example.net").out


def test_names_of_one_label_and_of_more(run: Run, tmp_path: Path) -> None:
    file = written(tmp_path, "home\ntwo.labels\n")
    given = ("host", "import", file, "--from=list", "--account=alice")
    ran = run(*given)
    assert "left out: home: a name of one label is in no zone; --zone ORIGIN says which" in ran.out
    assert "completes" not in ran.err
    ran = run(*given, "--zone=dyn.example.net")
    assert "home.dyn.example.net: added" in ran.out
    assert ran.err == "ddns: --zone completes names of one label only\n"


def test_the_operator_names_the_account(run: Run, tmp_path: Path) -> None:
    file = written(tmp_path, "home.dyn.example.net\n")
    for given in (("host", "import", file, "--from=list"), ("notice", "show"), ("notice", "set")):
        assert "hint: --account NAME is needed" in run(*given).err


def test_a_dry_run(run: Run, house: House, tmp_path: Path) -> None:
    file = written(tmp_path, "home\n")
    ran = run(
        "host",
        "import",
        file,
        "--from=list",
        "--zone=dyn.example.net",
        "--account=alice",
        "--dry-run",
    )
    assert ran.out == "home.dyn.example.net: would be added, no records in the files\n"
    assert house.api("host_list")["hosts"] == []


def test_several_files_and_new_ends(run: Run, tmp_path: Path) -> None:
    zones = written(
        tmp_path, '[{"id": 1, "name": "home.dynv6.net", "ipv4address": "198.51.100.7"}]', "zones"
    )
    nas = '[{"zoneID": 1, "name": "nas", "type": "AAAA", "data":"", "expandedData": "2001:db8::a"}]'
    ran = run(
        *("host", "import", written(tmp_path, nas, "records"), zones, "--from=dynv6"),
        *("--rename=dynv6.net=dyn.example.net", "--account=alice", "--ttl=60"),
    )
    assert ran.status == 0
    shown = run("host", "show", "nas.home.dyn.example.net", "--json").json
    assert (shown["follows"], shown["ttl"]) == ("home.dyn.example.net", 60)


@pytest.mark.parametrize(
    ("given", "why"),
    [
        (
            ["--from=duckdns"],
            "--from duckdns: expected one of list, csv, desec, dynv6, nsupdate.info",
        ),
        (["--from=list", "--rename=a.example"], "'a.example' is not OLD=NEW, the ends of names"),
        (["--from=desec"], "hosts.txt: this is not JSON: "),
        (["--from=csv"], "hosts.txt: no column of it is called "),
        (["--from=list", "--account=nobody"], "there is no account nobody"),
        (["--from=list", "--account=alice", "--ttl=-1"], "a TTL is "),
        (["--from=list"], "account: missing"),
        (["--from=list", "--account=alice"], "no host could be imported"),
    ],
)
def test_what_cannot_be(run: Run, tmp_path: Path, given: list[str], why: str) -> None:
    file = written(tmp_path, "home.example.org\n")
    assert why in error_of(run("host", "import", file, *given))


def test_files_that_are_not_there(run: Run, tmp_path: Path) -> None:
    for path in (tmp_path / "none", tmp_path):
        ran = run("host", "import", str(path), "--from=list", "--account=alice")
        assert str(path) in error_of(ran)


def test_control_characters_are_shown_as_escapes(run: Run, tmp_path: Path) -> None:
    file = written(tmp_path, "home.dyn.example.net \x1b[31mEVIL\nbad\x1b[2J.example 10.0.0.1\n")
    ran = run("host", "import", file, "--from=list", "--account=alice")
    assert ran.status == 0
    assert "\\x1b[31mEVIL" in ran.out
    assert "\x1b" not in ran.out + ran.err


def test_of_much_that_is_left_out_the_first_is_shown(run: Run, tmp_path: Path) -> None:
    lines = ["home.dyn.example.net", *(f"h{number}.example.org" for number in range(200))]
    given = (
        "host",
        "import",
        written(tmp_path, "\n".join(lines)),
        "--from=list",
        "--account=alice",
    )
    assert run(*given).out.splitlines()[-1] == "left out: 150 more, which --json shows"
    assert len(run(*given, "--json").json["left_out"]) == 200


class Server:
    """Imports all that it is given, until it has been called so often."""

    def __init__(self, good: int) -> None:
        self.good = good
        self.calls: list[list[dict[str, Any]]] = []

    def call(
        self, operation: str, *, hosts: list[dict[str, Any]], **arguments: Any
    ) -> dict[str, Any]:
        if len(self.calls) == self.good:
            raise CallFailed("failed", "the server went away")
        self.calls.append(hosts)
        named = dict.fromkeys(one["host"] for one in hosts)
        return {
            "hosts": [{"name": one, "added": True, "rrsets": 1} for one in named],
            "left_out": [],
        }


def parsed(*given: str) -> Any:
    from ddns.cli.main import parser

    return parser().parse_args(["host", "import", *given])


def test_long_lists_go_in_parts_that_a_server_takes(tmp_path: Path) -> None:
    lines = [f"h{number}.dyn.example.net 198.51.100.7 198.51.100.8" for number in range(300)]
    server = Server(99)
    file = written(tmp_path, "\n".join(lines))
    result = host_import.host_import(server, parsed(file, "--from=list"))  # type: ignore[arg-type]
    assert len(result.answer["hosts"]) == 300
    assert len(server.calls) > 5
    assert all(len(json.dumps(items)) < 8000 for items in server.calls)
    for one, other in zip(server.calls, server.calls[1:], strict=False):
        assert one[-1]["host"] != other[0]["host"], "the records of a host are together"


def test_what_was_imported_before_a_failure_is_shown(tmp_path: Path) -> None:
    lines = [f"h{number}.dyn.example.net 198.51.100.7 198.51.100.8" for number in range(300)]
    file = written(tmp_path, "\n".join(lines))
    result = host_import.host_import(Server(2), parsed(file, "--from=list"))  # type: ignore[arg-type]
    assert result.answer["error"]["message"] == "the server went away"
    assert 10 < len(list(result.lines)) < 200
    with pytest.raises(CallFailed, match="went away"):
        host_import.host_import(Server(0), parsed(file, "--from=list"))  # type: ignore[arg-type]
