"""Operations on accounts, keys, hosts and records, and their refusals."""

from __future__ import annotations

import hashlib
import sqlite3
from hashlib import md5
from pathlib import Path
from typing import Any

import pytest

from ddns.api.errors import ApiError, Conflict, Forbidden, Invalid, NotFound
from ddns.model import names
from ddns.model.account import Grant, KeyKind
from ddns.model.update import ChallengeResponse, Credentials, Status
from ddns.policy import secrets
from tests.api.coming import NOTHING_SPECIAL
from tests.api.refusing import refused
from tests.house import House

# Accounts and keys -----------------------------------------------------------------------------


def test_an_account(house: House) -> None:
    assert house.api("account_add", name=" Alice ") == {
        "name": "alice",
        "password": False,
        "email": None,
        **NOTHING_SPECIAL,
    }
    assert house.api("account_add", name="bob", password="secret") == {
        "name": "bob",
        "password": True,
        "email": None,
        **NOTHING_SPECIAL,
    }
    assert house.api("account_list") == {
        "accounts": [
            {"name": "alice", "password": False, "email": None, **NOTHING_SPECIAL},
            {"name": "bob", "password": True, "email": None, **NOTHING_SPECIAL},
        ]
    }
    assert house.api("account_remove", name="ALICE") == {
        "name": "alice",
        "password": False,
        "email": None,
        **NOTHING_SPECIAL,
    }


@pytest.mark.parametrize(
    ("arguments", "kind"),
    [
        ({"name": "alice"}, Conflict),
        ({"name": "Alice"}, Conflict),
        ({"name": ""}, Invalid),
        ({"name": "a b"}, Invalid),
        ({"name": "new", "password": ""}, Invalid),
        ({"name": "new", "password": "\udcff"}, Invalid),
    ],
)
def test_accounts_that_cannot_be(filled: House, arguments: dict[str, Any], kind: type) -> None:
    refused(filled, kind, "account_add", **arguments)


def test_the_owner_of_a_zone_stays(filled: House) -> None:
    filled.api("account_add", name="bob")
    filled.api("zone_add", origin="bob.example", account="bob")
    assert "bob.example" in refused(filled, Conflict, "account_remove", name="bob")
    refused(filled, NotFound, "account_remove", name="nobody")


def test_rights_and_limits_of_a_key(filled: House) -> None:
    limits = {"zones": ["example.net"], "types": ["TXT"], "rights": ["records", "persist"]}
    added = filled.api("key_add", account="alice", **limits)
    assert added.items() >= {**limits, "rights": ["persist", "records"]}.items()
    operators = filled.api("key_add", account="alice", rights=["operator"])
    assert operators["rights"] == ["operator"]
    with pytest.raises(Forbidden):
        filled.person("alice", "key_add", rights=["operator"])


def test_a_key_is_shown_once(filled: House) -> None:
    added = filled.api("key_add", account="alice", hosts=["home.example.net"])
    secret = added.pop("key")
    assert added == {
        "id": 2,
        "account": "alice",
        "kind": "update",
        "enabled": True,
        "hosts": ["home.example.net"],
        "rights": ["records", "update"],
        "zones": None,
        "types": None,
    }
    assert filled.directory.by_key(Credentials("alice", secret)) is not None
    assert secret not in str(filled.api("key_list"))
    assert filled.api("key_list", account="alice")["keys"][1] == added
    assert filled.api("key_revoke", number=2) == added
    assert filled.directory.by_key(Credentials("alice", secret)) is None
    assert [key["id"] for key in filled.api("key_list")["keys"]] == [1]


@pytest.mark.parametrize(
    ("operation", "arguments", "kind"),
    [
        ("key_add", {"account": "nobody"}, NotFound),
        ("key_add", {"account": "alice", "hosts": ["none.example.net"]}, NotFound),
        ("key_add", {"account": "alice", "hosts": ["-"]}, Invalid),
        ("key_add", {"account": "alice", "kind": "dondns", "types": ["A"]}, Invalid),
        ("key_add", {"account": "alice", "kind": "dondns", "rights": ["records"]}, Invalid),
        ("key_add", {"account": "alice", "kind": "tsig", "rights": ["records"]}, Invalid),
        ("key_add", {"account": "alice", "rights": ["transfer"]}, Invalid),
        ("key_add", {"account": "alice", "zones": []}, Invalid),
        *(
            ("key_add", {"account": "alice", "rights": ["records", "operator"], **limit}, Invalid)
            for limit in (
                {"hosts": ["home.example.net"]},
                {"zones": ["example.net"]},
                {"types": ["TXT"]},
            )
        ),
        ("key_add", {"account": "alice", "zones": ["none.example"]}, NotFound),
        ("key_add", {"account": "alice", "name": "a-key"}, Invalid),
        ("key_list", {"account": "nobody"}, NotFound),
        ("key_revoke", {"number": 99}, NotFound),
        ("key_revoke", {"number": 0}, NotFound),
        ("key_revoke", {"number": -(10**30)}, NotFound),
        ("key_revoke", {"number": 10**30}, NotFound),
    ],
)
def test_keys_that_cannot_be(
    filled: House, operation: str, arguments: dict[str, Any], kind: type
) -> None:
    refused(filled, kind, operation, **arguments)


def test_a_key_for_a_host_of_somebody_else(filled: House) -> None:
    filled.api("account_add", name="bob")
    refused(filled, NotFound, "key_add", account="bob", hosts=["home.example.net"])


# Hosts -----------------------------------------------------------------------------------------


def test_a_host(filled: House) -> None:
    host = {"name": "b.example.net", "zone": "example.net", "account": "alice", "ttl": 60}
    assert filled.api("host_add", name="B.example.net", account="alice", ttl=60) == host
    assert filled.api("host_list", account="alice", zone="example.net")["hosts"][0] == host
    filled.api("record_set", owner="*.b.example.net", type="TXT", rdatas=["x"])
    assert filled.api("host_show", name="b.example.net") == {
        **host,
        "wildcard": False,
        "records": [{"owner": "*.b.example.net", "type": "TXT", "ttl": 60, "rdatas": ['"x"']}],
        "requests": [],
    }
    assert filled.api("host_remove", name="b.example.net") == host
    assert filled.in_memory() == filled.on_disk()
    assert len(filled.in_memory()[1]) == 2  # type: ignore[index]


@pytest.mark.parametrize(
    ("operation", "arguments", "kind"),
    [
        ("host_add", {"name": "home.example.net", "account": "alice"}, Conflict),
        ("host_add", {"name": "new.example.net", "account": "nobody"}, NotFound),
        ("host_add", {"name": "new.other.example", "account": "alice"}, NotFound),
        ("host_add", {"name": "example.net", "account": "alice"}, Invalid),
        ("host_add", {"name": "*.example.net", "account": "alice"}, Invalid),
        ("host_add", {"name": "new.example.net", "account": "alice", "ttl": -1}, Invalid),
        ("host_add", {"name": "new.example.net", "account": "alice", "ttl": 2**31}, Invalid),
        ("host_show", {"name": "none.example.net"}, NotFound),
        ("host_show", {"name": "-"}, Invalid),
        ("host_remove", {"name": "none.example.net"}, NotFound),
        ("host_list", {"account": "nobody"}, NotFound),
        ("host_list", {"zone": "none.example"}, NotFound),
    ],
)
def test_hosts_that_cannot_be(
    filled: House, operation: str, arguments: dict[str, Any], kind: type
) -> None:
    refused(filled, kind, operation, **arguments)


def test_no_host_where_the_operator_has_records(filled: House) -> None:
    filled.api("record_set", owner="www.example.net", type="A", rdatas=["192.0.2.1"])
    refused(filled, Conflict, "host_add", name="www.example.net", account="alice")


# Records ---------------------------------------------------------------------------------------


def test_records(filled: House) -> None:
    given = {"owner": "www.example.net", "type": "mx", "rdatas": ["10 a.b", "20 c.d", "10 a.b"]}
    assert filled.api("record_set", **given) == {
        "owner": "www.example.net",
        "type": "MX",
        "ttl": 3600,
        "rdatas": ["10 a.b.", "20 c.d."],
    }
    assert filled.api("record_set", **given, ttl=5)["ttl"] == 5
    assert filled.api("record_set", **given)["ttl"] == 5
    filled.api("record_set", owner="www.example.net", type="TYPE65280", rdatas=[r"\# 1 0a"])
    gone = filled.api("record_delete", owner="www.example.net", type="MX")
    assert [record["type"] for record in gone["deleted"]] == ["MX"]
    gone = filled.api("record_delete", owner="www.example.net")
    assert [record["type"] for record in gone["deleted"]] == ["TYPE65280"]
    assert filled.in_memory() == filled.on_disk()


def test_a_record_of_a_host_gets_its_ttl(filled: House) -> None:
    for owner in ("home", "_acme-challenge.home"):
        record = filled.api("record_set", owner=f"{owner}.example.net", type="TXT", rdatas=["x"])
        assert record["ttl"] == 10


def test_all_of_an_origin_leaves_the_zone_whole(filled: House) -> None:
    filled.api("record_set", owner="example.net", type="TXT", rdatas=["x"])
    gone = filled.api("record_delete", owner="example.net")
    assert [record["type"] for record in gone["deleted"]] == ["TXT"]
    refused(filled, NotFound, "record_delete", owner="example.net")


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        ({"owner": "a.other.example"}, NotFound),
        ({"owner": "a..b"}, Invalid),
        ({"type": "NOPE"}, Invalid),
        ({"type": "ANY"}, Invalid),
        ({"rdatas": ["x"]}, Invalid),
        ({"rdatas": []}, Invalid),
        ({"rdatas": ["192.0.2.1\n192.0.2.2"]}, Invalid),
        ({"ttl": -1}, Invalid),
        ({"ttl": 2**31}, Invalid),
        ({"type": "SOA", "rdatas": ["a. b. 1 2 3 4 5"]}, Invalid),
        ({"type": "CNAME", "rdatas": ["a.", "b."]}, Invalid),
        ({"type": "CNAME", "rdatas": ["a."], "owner": "example.net"}, Invalid),
        ({"type": "CNAME", "rdatas": ["a."], "owner": "text.example.net"}, Conflict),
        ({"owner": "alias.example.net"}, Conflict),
    ],
)
def test_records_that_cannot_be(filled: House, given: dict[str, Any], kind: type) -> None:
    filled.api("record_set", owner="text.example.net", type="TXT", rdatas=["x"])
    filled.api("record_set", owner="alias.example.net", type="CNAME", rdatas=["a."])
    call = {"owner": "www.example.net", "type": "A", "rdatas": ["192.0.2.1"], **given}
    refused(filled, kind, "record_set", **call)


@pytest.mark.parametrize(
    ("arguments", "kind"),
    [
        ({"owner": "none.example.net"}, NotFound),
        ({"owner": "a.other.example"}, NotFound),
        ({"owner": "example.net", "type": "SOA"}, Invalid),
        ({"owner": "example.net", "type": "NS"}, Invalid),
        ({"owner": "example.net", "type": "A"}, NotFound),
        ({"owner": "example.net", "type": "NOPE"}, Invalid),
    ],
)
def test_deletions_that_cannot_be(filled: House, arguments: dict[str, Any], kind: type) -> None:
    refused(filled, kind, "record_delete", **arguments)


def test_the_soa_may_be_changed_but_for_its_serial(filled: House) -> None:
    serial = filled.in_memory()[0]  # type: ignore[index]
    soa = "ns.example.net. me.example.net. {} 1 2 3 4"
    given = {"owner": "example.net", "type": "SOA", "rdatas": [soa.format(5)]}
    answer = filled.api("record_set", **given)
    assert filled.in_memory()[0] == serial + 1  # type: ignore[index]
    assert answer["rdatas"] == [soa.format(serial + 1)]
    shown = filled.api("record_show", owner="example.net")["records"]
    assert answer in shown
    assert filled.in_memory() == filled.on_disk()


def test_at_is_the_origin_of_the_zone(filled: House) -> None:
    for owner, kind, text, shown in (
        ("example.net", "MX", "10 @", "10 example.net."),
        ("example.net", "NS", "@", "example.net."),
        ("a.b.example.net", "CNAME", "@", "example.net."),
    ):
        done = filled.api("record_set", owner=owner, type=kind, rdatas=[text])
        assert done["rdatas"] == [shown]
    given = {"name": "mail.example.net", "account": "alice"}
    filled.api("host_add", **given, records=[{"type": "MX", "rdata": "10 @"}])
    (record,) = filled.api("record_show", owner="mail.example.net")["records"]
    assert record["rdatas"] == ["10 example.net."]
    said = refused(filled, Invalid, "record_set", owner="example.net", type="MX", rdatas=["10 mx"])
    assert "mx is a relative name" in said


def test_records_that_differ_in_case_only_are_one(filled: House) -> None:
    given = {
        "owner": "a.example.net",
        "type": "CNAME",
        "rdatas": ["B.example.net.", "b.example.net."],
    }
    assert filled.api("record_set", **given)["rdatas"] == ["B.example.net."]


# A store that cannot do it ---------------------------------------------------------------------


def test_a_locked_database(filled: House, tmp_path: Path) -> None:
    other = sqlite3.connect(tmp_path / "ddns.sqlite", isolation_level=None)
    other.execute("begin immediate")
    assert "locked" in refused(filled, ApiError, "zone_add", origin="new.example")
    other.close()
    filled.api("zone_add", origin="new.example")


def test_a_closed_store(filled: House) -> None:
    filled.running.call(filled.store.close)
    for operation in ("zone_list", "account_list"):
        with pytest.raises(ApiError, match="closed"):
            filled.api(operation)


def test_a_host_with_records_from_the_start(filled: House) -> None:
    given = [("A", "127.0.0.1"), ("A", "192.0.2.1"), ("MX", "10 mail.example.org")]
    filled.api(
        "host_add",
        name="new.example.net",
        account="alice",
        records=[{"type": kind, "rdata": rdata} for kind, rdata in given],
    )
    shown = filled.api("host_show", name="new.example.net")["records"]
    assert [(one["type"], one["ttl"], one["rdatas"]) for one in shown] == [
        ("A", 10, ["127.0.0.1", "192.0.2.1"]),
        ("MX", 10, ["10 mail.example.org."]),
    ]
    assert filled.answers(names.from_text("new.example.net")) == ["127.0.0.1", "192.0.2.1"]


@pytest.mark.parametrize(
    ("records", "kind"),
    [
        ([{"type": "A", "rdata": "x"}], Invalid),
        ([{"type": "A"}], Invalid),
        ([{"type": "A", "rdata": "192.0.2.1", "ttl": "5"}], Invalid),
        ([{"type": "A", "rdata": None}], Invalid),
        ([{"type": "NOSUCH", "rdata": "x"}], Invalid),
        ([{"type": "NS", "rdata": "ns1.example.org."}], Invalid),
        ([{"type": "CNAME", "rdata": "a."}, {"type": "A", "rdata": "192.0.2.1"}], Conflict),
        ([{"type": "CNAME", "rdata": "a."}, {"type": "CNAME", "rdata": "b."}], Invalid),
    ],
)
def test_records_that_a_host_cannot_begin_with(
    filled: House, records: list[dict[str, Any]], kind: type
) -> None:
    refused(filled, kind, "host_add", name="new.example.net", account="alice", records=records)
    assert [host["name"] for host in filled.api("host_list")["hosts"]] == ["home.example.net"]


# Kinds of keys ---------------------------------------------------------------------------------


def test_a_key_opens_what_its_kind_is_for(filled: House) -> None:
    for kind in set(KeyKind) - {KeyKind.FREEDNS}:
        added = filled.api("key_add", account="alice", kind=kind)
        assert added["kind"] == kind
        for other in KeyKind:
            found = filled.directory.by_key(Credentials("alice", added["key"], other))
            right = kind is other is not KeyKind.TSIG  # which is for messages, and not sent
            assert (found == Grant("alice")) is right, (kind, other)


def test_a_freedns_key_is_what_is_sent_in_its_place(filled: House) -> None:
    refused(filled, Invalid, "key_add", account="alice", kind="freedns")
    hosts = ["home.example.net"]
    added = filled.api("key_add", account="alice", kind="freedns", hosts=hosts)
    regenerated = filled.api("key_regenerate", number=added["id"])
    sent = [secrets.freedns_login("alice", one["key"]) for one in (added, regenerated)]
    assert sent[1] == hashlib.sha1(f"alice|{regenerated['key']}".encode()).hexdigest()

    def found(secret: str, kind: KeyKind = KeyKind.FREEDNS) -> Grant | Status | None:
        return filled.directory.by_key(Credentials("", secret, kind, nameless=True))

    assert found(sent[1]) == Grant("alice", frozenset(map(names.from_text, hosts)))
    assert found(sent[0]) == found(regenerated["key"]) == Status.BADAUTH
    assert found(sent[1], KeyKind.UPDATE) == Status.BADAUTH
    assert found(regenerated["key"], KeyKind.UPDATE) == Status.BADAUTH


def test_a_key_is_disabled_and_enabled(filled: House) -> None:
    added = filled.api("key_add", account="alice")
    credentials = Credentials("alice", added["key"])
    assert filled.api("key_disable", number=added["id"])["enabled"] is False
    assert filled.directory.by_key(credentials) is Status.DISABLED
    assert filled.api("key_enable", number=added["id"])["enabled"] is True
    assert filled.directory.by_key(credentials) == Grant("alice")


def test_a_regenerated_key_replaces_the_former(filled: House) -> None:
    former = filled.api("key_add", account="alice", hosts=["home.example.net"])
    filled.api("key_disable", number=former["id"])
    new = filled.api("key_regenerate", number=former["id"])
    assert new["key"] != former["key"]
    assert new["id"] == former["id"]
    assert new["enabled"] is True
    assert filled.directory.by_key(Credentials("alice", former["key"])) is None
    grant = Grant("alice", frozenset({names.from_text("home.example.net")}))
    assert filled.directory.by_key(Credentials("alice", new["key"])) == grant


def test_an_account_has_one_dondns_key(filled: House) -> None:
    assert filled.api("account_show", name="alice")["dondns"] is False
    first = filled.api("key_add", account="alice", kind="dondns")
    assert filled.api("account_show", name="alice")["dondns"] is True
    assert str(first["id"]) in refused(filled, Conflict, "key_add", account="alice", kind="dondns")
    filled.api("key_disable", number=first["id"])
    assert filled.api("account_show", name="alice")["dondns"] is False
    filled.api("key_revoke", number=first["id"])
    filled.api("key_add", account="alice", kind="dondns")


def test_a_miniupdate_key_answers_challenges(filled: House) -> None:
    added = filled.api("key_add", account="alice", kind="miniupdate")
    assert len(added["key"]) == 15  # what the client in C has room for
    challenge = "0e2950658c15c2c5e25aafe5c90c0000"
    digest = md5(added["key"].encode()).hexdigest()
    response = md5((digest + challenge).encode()).hexdigest()
    for given in (response, response.upper()):
        answer = ChallengeResponse("Alice", challenge, given)
        assert filled.directory.by_response(answer) == Grant("alice")
    for wrong in (
        ChallengeResponse("alice", challenge, digest),
        ChallengeResponse("alice", challenge[::-1], response),
        ChallengeResponse("nobody", challenge, response),
        ChallengeResponse("alice", challenge, "\udcff"),
    ):
        assert filled.directory.by_response(wrong) is Status.BADAUTH
    filled.api("key_disable", number=added["id"])
    answer = ChallengeResponse("alice", challenge, response)
    assert filled.directory.by_response(answer) is Status.DISABLED
    filled.api("key_revoke", number=added["id"])
    assert filled.directory.by_response(answer) is Status.BADAUTH


def test_what_answers_challenges_is_not_in_the_database(filled: House, tmp_path: Path) -> None:
    secret = filled.api("key_add", account="alice", kind="miniupdate")["key"]
    digest = md5(secret.encode()).hexdigest()
    written = b"".join(path.read_bytes() for path in tmp_path.glob("ddns.sqlite*"))
    assert b"miniupdate" in written
    for clear in (secret.encode(), digest.encode(), bytes.fromhex(digest)):
        assert clear not in written


def test_a_lost_key_file_is_not_made_anew(filled: House) -> None:
    filled.api("key_add", account="alice", kind="miniupdate")
    filled.forget_secret_box()
    assert "key" in refused(filled, ApiError, "key_add", account="alice", kind="miniupdate")


@pytest.mark.parametrize("operation", ["key_disable", "key_enable", "key_regenerate"])
@pytest.mark.parametrize("number", [0, 99, 10**30])
def test_keys_that_are_not_there(filled: House, operation: str, number: int) -> None:
    refused(filled, NotFound, operation, number=number)


def test_an_account_is_shown_with_all_it_has(filled: House) -> None:
    filled.api("zone_add", origin="alice.example", account="alice")
    shown = filled.api("account_show", name="Alice")
    assert shown["hosts"] == ["home.example.net"]
    assert shown["zones"] == ["alice.example"]
    assert [key["id"] for key in shown["keys"]] == [1]
    refused(filled, NotFound, "account_show", name="nobody")
    refused(filled, Invalid, "key_add", account="alice", kind="other")
