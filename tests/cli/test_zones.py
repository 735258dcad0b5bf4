"""The command: zones in and out, and with the database in its own hands."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ddns.cli import main as command
from ddns.system.files import socket_path
from tests.cli.commands import ZONE, Ran, Run, error_of
from tests.house import House, change, update
from tests.net.reactors import PATIENCE

# Zones in and out ------------------------------------------------------------------------------


def test_what_was_exported_can_be_imported(house: House, run: Run, tmp_path: Path) -> None:
    house.fill()
    for kind, rdata in (("TXT", '"a;\\"b" \\255'), ("MX", "5 m.x"), ("TYPE65280", "\\# 1 0a")):
        run("record", "set", "www.example.net", kind, rdata)
    file = tmp_path / "out"
    file.write_text(run("zone", "export", "example.net").out)
    before = house.on_disk()
    assert file.read_text().split("\t")[3] == "SOA"
    ran = run("zone", "import", str(file))
    assert ran.out == (f"imported zone example.net from {file}: 0 RRsets written, 0 removed\n")
    assert house.on_disk() == before == house.in_memory()


def test_the_serial_of_an_export_is_the_one_that_is_answered(house: House, run: Run) -> None:
    house.fill()
    run("record", "set", "www.example.net", "A", "192.0.2.1")
    soa = run("zone", "export", "example.net").out.splitlines()[0]
    assert int(soa.split()[6]) == house.in_memory()[0]  # type: ignore[index]


def test_a_wrong_file_keeps_no_other_back(house: House, run: Run, tmp_path: Path) -> None:
    good, bad, last = tmp_path / "good", tmp_path / "bad", tmp_path / "last"
    good.write_text(ZONE)
    bad.write_text(ZONE.replace("192.0.2.1", "192.0.2"))
    last.write_text(ZONE.replace("example.net", "last.example") + "out.example. A 192.0.2.1\n")
    ran = run("zone", "import", str(good), str(bad), str(last))
    assert f"{bad}:5" in error_of(ran)
    assert ran.out.splitlines() == [
        f"imported zone example.net from {good}: 4 RRsets written, 0 removed",
        f"imported zone last.example from {last}: 4 RRsets written, 0 removed,"
        " 1 outside the zone ignored",
    ]
    ran = run("zone", "import", str(bad), str(good), "--json")
    assert ran.status == 1
    assert [zone["file"] for zone in ran.json["zones"]] == [str(good)]
    assert [one["file"] for one in ran.json["error"]["files"]] == [str(bad)]
    assert ran.json["error"]["code"] == "invalid"


def test_an_origin_that_the_file_does_not_tell(house: House, run: Run, tmp_path: Path) -> None:
    file = tmp_path / "db.example.net"
    file.write_text(ZONE.partition("\n")[2])
    assert (
        "@ is relative, and nothing before it says the origin: give it with --origin"
        in error_of(run("zone", "import", str(file)))
    )
    ran = run("zone", "import", "--origin", "Example.NET.", str(file))
    assert ran.out == f"imported zone example.net from {file}: 4 RRsets written, 0 removed\n"
    assert (ran.status, ran.err) == (0, "")
    assert "one by one" in error_of(run("zone", "import", "--origin=a.b", str(file), str(file)))
    assert "'a..b'" in error_of(run("zone", "import", "--origin=a..b", str(file)))


def test_folders_of_included_files(house: House, run: Run, tmp_path: Path) -> None:
    file = tmp_path / "zones" / "example.net"
    (tmp_path / "zones").mkdir()
    (tmp_path / "common").mkdir()
    (tmp_path / "common" / "txt").write_text("txt TXT x\n")
    file.write_text(ZONE + "$INCLUDE common/txt\n")
    assert f"{file}:7: " in error_of(run("zone", "import", str(file)))
    ran = run("zone", "import", str(file), "--include", "/nowhere", "--include", str(tmp_path))
    assert "5 RRsets written" in ran.out


def test_a_zone_without_servers(house: House, run: Run, tmp_path: Path) -> None:
    file = tmp_path / "zone"
    file.write_text(ZONE.replace("@ NS ns1\n", ""))
    ran = run("zone", "import", str(file))
    assert (ran.status, ran.err) == (
        0,
        "ddns: warning: zone example.net has no NS records of its own\n",
    )
    ran = run("zone", "import", str(file), "--json")
    assert ran.json["zones"][0]["warnings"] == ["zone example.net has no NS records of its own"]


def test_an_soa_is_shown_with_its_serial(house: House, run: Run) -> None:
    house.fill()
    ran = run("record", "set", "example.net", "SOA", "@ hm.example.org. 2030010101 1 2 3 4")
    serial = house.in_memory()[0]  # type: ignore[index]
    assert ran.out == f"set example.net SOA with serial {serial}, which the server counts\n"
    assert (
        f"SOA example.net. hm.example.org. {serial} 1 2 3 4"
        in run("record", "show", "example.net").out
    )


def test_the_root_zone(house: House, run: Run, tmp_path: Path) -> None:
    file = tmp_path / "root"
    text = ". 60 IN SOA a. b. 7 1 2 3 4\n. 60 IN NS a.\na. 60 IN A 192.0.2.1\n"
    file.write_text(text)
    assert "imported zone . from" in run("zone", "import", str(file)).out
    assert sorted(run("zone", "export", ".").out.replace("\t", " ").splitlines()) == sorted(
        text.splitlines()
    )
    assert run("record", "show", ".").out.splitlines()[0].startswith(". 60 IN ")


def test_hosts_are_left_alone_or_replaced(house: House, run: Run, tmp_path: Path) -> None:
    key = house.fill()
    house.update(update("alice", key, change("home.example.net", "198.51.100.7")))
    file = tmp_path / "zone"
    file.write_text(ZONE + "home A 192.0.2.99\n")
    assert "1 left to hosts" in run("zone", "import", str(file)).out
    assert house.answers() == ["198.51.100.7"]
    run("zone", "import", str(file), "--replace-hosts")
    assert house.answers() == ["192.0.2.99"]


def test_a_zone_of_many_pieces(
    house: House, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ddns.cli.zones.CHUNK", 100)
    file = tmp_path / "zone"
    file.write_text(ZONE + "".join(f"h{number} A 192.0.2.1\n" for number in range(995)))
    assert "999 RRsets written" in run("zone", "import", str(file)).out
    assert len(house.in_memory()[1]) == 999  # type: ignore[index]


def test_progress_is_shown_on_a_terminal(tmp_path: Path) -> None:
    (tmp_path / "zone").write_text(ZONE + "".join(f"h{n} A 192.0.2.1\n" for n in range(6000)))
    controller, terminal = os.openpty()
    arguments = (sys.executable, "-m", "ddns.cli.main", "zone", "import", "zone")
    with open(controller, "rb") as shown:
        for options in ((), ("--json",)):
            subprocess.run([*arguments, *options], cwd=tmp_path, stderr=terminal, check=True)
            os.write(terminal, b"end")
            said = b""
            while not said.endswith(b"end"):
                said += os.read(shown.fileno(), 1024)
            if options:
                assert said == b"end"
            else:
                assert b"\rimporting:  " in said
                assert said.endswith(b"\r" + b" " * 15 + b"\rend")
    os.close(terminal)


# Without a server ------------------------------------------------------------------------------


def test_without_a_server(alone: Run, tmp_path: Path) -> None:
    (tmp_path / "zone").write_text(ZONE)
    assert alone("zone", "import", "zone").out.startswith("imported zone example.net from zone: 4")
    assert alone("account", "add", "alice", "--password-stdin", text="secret\n").status == 0
    ran = alone("host", "add", "home.example.net", "--account", "alice", "--json")
    assert ran.json["zone"] == "example.net"
    assert alone("zone", "export", "example.net").out.splitlines()[0].startswith("example.net.\t60")
    assert error_of(alone("zone", "add", "example.net")) == "zone example.net exists already"
    assert error_of(alone("zone", "export", "none.example")) == "there is no zone none.example"
    assert {file.name for file in tmp_path.iterdir()} == {
        "zone",
        "ddns.sqlite",
        "ddns.sqlite.lock",
    }


@pytest.mark.parametrize("arguments", [("zone", "list"), ("key", "revoke", "1")])
def test_only_what_adds_makes_a_database(alone: Run, tmp_path: Path, arguments: tuple[str]) -> None:
    assert error_of(alone(*arguments)) == "there is no database ddns.sqlite"
    assert list(tmp_path.iterdir()) == []


def test_databases_that_cannot_be_used(alone: Run, tmp_path: Path) -> None:
    (tmp_path / "ddns.sqlite").write_text("not a database" * 100)
    ran = alone("zone", "list", "--json")
    assert "not a database" in error_of(ran)
    assert ran.json["error"]["code"] == "failed"
    assert "No such file" in error_of(alone("zone", "add", "a.b", "--database", "missing/x"))


def test_a_database_that_somebody_has_who_does_not_answer(
    house: House,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(command, "STARTING", 0.2)
    socket_path(tmp_path / "ddns.sqlite").unlink()
    status = command.main(["zone", "list", "--database", str(tmp_path / "ddns.sqlite"), "--json"])
    ran = Ran(status, *capsys.readouterr())
    assert f"in use by process {os.getpid()}" in error_of(ran)
    assert ran.json["error"]["code"] == "in_use"


def test_a_reader_that_has_read_enough(alone: Run, tmp_path: Path) -> None:
    (tmp_path / "zone").write_text(ZONE + "".join(f"h{n} A 192.0.2.1\n" for n in range(5000)))
    assert alone("zone", "import", "zone").status == 0
    script = f"{sys.executable} -m ddns.cli.main zone export example.net | head -n 1"
    done = subprocess.run(
        script, shell=True, capture_output=True, text=True, cwd=tmp_path, timeout=PATIENCE * 3
    )
    assert done.stdout.startswith("example.net.\t60\tIN\tSOA")
    assert done.stderr == ""
