"""The command: registrations of acme-dns."""

from __future__ import annotations

import json

from tests.cli.commands import Run, error_of
from tests.house import House


def test_from_adding_to_removing(house: House, run: Run) -> None:
    house.fill()
    assert run("acme-dns", "list").err.startswith("ddns: no registrations yet")
    add = ("acme-dns", "add", "alice", "--zone", "example.net")
    added = run(*add, "--allowfrom", "192.0.2.0/24", "--allowfrom", "::1", "--note", "a b")
    made = json.loads(added.out)
    assert made["allowfrom"] == ["192.0.2.0/24", "::1/128"]
    alias = f"_acme-challenge.NAME. CNAME {made['fulldomain']}."
    assert added.err == f"ddns: the domain needs the record: {alias}\n"
    subdomain = made["subdomain"]
    line = run("acme-dns", "list", "alice").out.splitlines()[1]
    assert line.split() == [made["fulldomain"], "alice", "-", "192.0.2.0/24,::1/128", "a", "b"]
    noted = run("acme-dns", "note", subdomain, "c d")
    assert noted.out == f"noted of {made['fulldomain']}: c d\n"
    assert run("acme-dns", "list", "--json").json["registrations"][0]["note"] == "c d"
    assert run("acme-dns", "remove", subdomain).out == f"removed {made['fulldomain']}\n"
    assert "no registration" in error_of(run("acme-dns", "remove", subdomain))


def test_a_file_of_several(house: House, run: Run) -> None:
    house.fill()
    ran = run("acme-dns", "add", "--zone", "example.net", "--domain", "www.example.org")
    made = json.loads(ran.out)["www.example.org"]
    assert f"_acme-challenge.www.example.org. CNAME {made['fulldomain']}." in ran.err
    (one,) = run("acme-dns", "list", "--json").json["registrations"]
    assert (one["note"], one["account"]) == ("www.example.org", None)


def test_all_pages_are_listed(house: House, run: Run) -> None:
    house.fill()
    for _ in range(101):
        house.api("acme_dns_add", zone="example.net")
    assert len(run("acme-dns", "list").out.splitlines()) == 102


def test_where_there_is_no_zone(house: House, run: Run) -> None:
    assert "set acme_dns.zone, or give --zone" in error_of(run("acme-dns", "add"))
