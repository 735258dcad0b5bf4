"""PowerDNS's API: what each key sees and changes, and how what cannot be done is refused."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import pytest

from tests.conftest import ACCOUNT, HOST, ZONE
from tests.processes import Server
from tests.service.power_dns import Tool, rrset

OWN = "alice.example"
"""A zone that alice has; :data:`ZONE` is the operator's, and she has a host there."""

CHALLENGE = f"_acme-challenge.{HOST}"
MANY = 130
"""Names of a zone that is read in pieces."""


class House(NamedTuple):
    """A server, and tools with keys: of one host, of all that alice has, for TXT records alone, of
    an operator, and one that only updates hosts."""

    server: Server
    host: Tool
    alice: Tool
    texts: Tool
    operator: Tool
    router: Tool


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    server = Server(tmp_path_factory.mktemp("powerdns"), "--no-sample").start()
    try:
        for name in (ACCOUNT, "bob", "olga"):
            server.call("account_add", name=name)
        server.call("account_set", name="olga", operator=True)
        server.call("zone_add", origin=ZONE)
        server.call("zone_add", origin=OWN, account=ACCOUNT)
        server.call("zone_add", origin="other.example", account="bob")
        server.call("zone_add", origin="catalog.example", catalog=True)
        server.call("host_add", name=HOST, account=ACCOUNT)
        server.call("host_add", name=f"bobs.{ZONE}", account="bob")
        server.call("record_set", owner=HOST, type="A", rdatas=["192.0.2.1"])
        server.call("record_set", owner=f"bobs.{ZONE}", type="A", rdatas=["192.0.2.2"])

        def tool(account: str = ACCOUNT, **terms: object) -> Tool:
            return Tool(server, server.call("key_add", account=account, **terms)["key"])

        yield House(
            server,
            tool(hosts=[HOST]),
            tool(),
            tool(hosts=[HOST], types=["TXT"]),
            tool("olga", rights=["operator"]),
            tool(rights=["update"]),
        )
    finally:
        server.clean_up()


def test_what_there_is_to_find(house: House) -> None:
    assert house.host("GET", "/api").value == [{"url": "/api/v1", "version": 1}]
    (server,) = house.host("GET", "/api/v1/servers").value
    assert house.host("GET", "/api/v1/servers/anything").value == server
    assert house.host("GET", "/api/v1/servers/localhost/config").value == []
    assert house.host("GET", f"/{ZONE}./cryptokeys").value == []
    assert house.host("PUT", f"/{ZONE}./notify").value == {"result": "Notification queued"}


def test_the_versions_are_for_everybody(house: House) -> None:
    """lego asks for them first, and hides what is wrong with its key where it is refused them."""
    expected = house.host("GET", "/api").value
    for tool in (Tool(house.server, ""), Tool(house.server, "x"), house.router):
        assert tool("GET", "/api").value == expected
    assert house.host("POST", "/api").status == 404


@pytest.mark.parametrize("path", ["/api", "/api/v1/servers/localhost/zones"])
def test_a_url_that_has_the_path_of_the_api_already(house: House, path: str) -> None:
    for tool in (house.host, Tool(house.server, "x")):
        answer = tool("GET", f"/api/v1{path}")
        assert (answer.status, "ends before /api/v1" in answer.error) == (404, True)


def test_our_own_api_is_where_it_was(house: House) -> None:
    answer = house.operator("GET", "/api/v1/zones")
    assert (answer.status, answer.value["error"]["code"]) == (401, "unauthenticated")
    assert house.server.get("/api/openapi.json").status == 200


def listed(tool: Tool, query: str = "") -> list[str]:
    return [zone["name"] for zone in tool("GET", query).value]


def test_the_zones_that_each_key_sees(house: House) -> None:
    assert listed(house.host) == listed(house.texts) == [f"{ZONE}."]
    assert listed(house.alice) == [f"{OWN}.", f"{ZONE}."]
    assert {f"{OWN}.", f"{ZONE}.", "other.example."} <= set(listed(house.operator))
    assert "catalog.example." not in listed(house.operator)
    assert listed(house.host, f"?zone={ZONE}.&dnssec=false") == [f"{ZONE}."]
    for unseen in (OWN, HOST, "catalog.example"):
        assert listed(house.host, f"?zone={unseen}.") == []
        assert house.host("GET", f"/{unseen}.").status == 404
    assert house.host("GET", f"/{ZONE}.?rrsets=false").value.keys() >= {"kind", "serial"}
    assert "rrsets" not in house.host("GET", f"/{ZONE}.?rrsets=false").value


def test_the_records_that_each_key_sees(house: House) -> None:
    apex = {(f"{ZONE}.", "SOA"), (f"{ZONE}.", "NS")}
    address = (f"{HOST}.", "A")
    seen = house.host("GET", f"/{ZONE}.").rrsets
    assert set(seen) == {*apex, address}
    assert seen[address] == ["192.0.2.1"]
    assert int(seen[f"{ZONE}.", "SOA"][0].split()[2]) == house.server.serial(ZONE)
    assert set(house.texts("GET", f"/{ZONE}.").rrsets) == apex
    assert set(house.operator("GET", f"/{ZONE}.").rrsets) > {*apex, address}
    assert {kind for _, kind in house.alice("GET", f"/{OWN}.").rrsets} == {"SOA", "NS"}
    one = house.host("GET", f"/{ZONE}.?rrset_name={HOST}.&rrset_type=A").rrsets
    assert one == {address: ["192.0.2.1"]}
    assert house.host("GET", f"/{ZONE}.?rrset_name=bobs.{ZONE}.").rrsets == {}
    assert house.host("GET", f"/{ZONE}.?rrset_name={HOST}.&rrset_type=TXT").rrsets == {}


def test_changes_of_each_kind(house: House) -> None:
    texts, server = house.texts, house.server
    before = server.serial(ZONE)
    assert texts.patch(ZONE, rrset(CHALLENGE, "TXT", "REPLACE", '"one"')).status == 204
    assert server.answers(CHALLENGE, "TXT") == ['"one"']
    assert server.serial(ZONE) == before + 1
    assert texts("GET", f"/{ZONE}.").rrsets[f"{CHALLENGE}.", "TXT"] == ['"one"']
    assert texts.patch(ZONE, rrset(CHALLENGE, "TXT", "EXTEND", '"two"')).status == 204
    assert server.answers(CHALLENGE, "TXT") == ['"one"', '"two"']
    assert texts.patch(ZONE, rrset(CHALLENGE, "TXT", "PRUNE", '"one"')).status == 204
    assert server.answers(CHALLENGE, "TXT") == ['"two"']
    assert texts.patch(ZONE, rrset(CHALLENGE, "TXT", "DELETE")).status == 204
    assert server.answers(CHALLENGE, "TXT") == []
    assert texts.patch(ZONE, rrset(CHALLENGE, "TXT", "DELETE")).status == 204
    assert texts.patch(ZONE).status == 204
    (asked, *_) = server.call("host_show", name=HOST)["requests"]
    assert (asked["dialect"], asked["asked"], asked["answer"]) == (
        "powerdns",
        f"PATCH /api/v1/servers/localhost/zones/{ZONE}.: DELETE {CHALLENGE}. TXT",
        "done",
    )


def test_an_owner_changes_the_zone_and_sees_it_as_a_master_file(house: House) -> None:
    names = [f"mail.{OWN}", f"www.{OWN}"]
    changes = [
        rrset(names[0], "MX", "REPLACE", f"10 {names[0]}.", f"20 {names[1]}."),
        rrset(names[1], "CNAME", "REPLACE", f"{names[0]}."),
        rrset(OWN, "CAA", "REPLACE", '0 issue "ca.example"'),
    ]
    assert house.alice.patch(OWN, *changes).status == 204
    exported = house.alice("GET", f"/{OWN}./export")
    assert exported.headers.get_content_type() == "text/plain"
    lines = exported.value.decode().splitlines()
    assert f"{names[1]}.\t60\tIN\tCNAME\t{names[0]}." in lines
    assert sorted(line.split("\t")[4] for line in lines if "\tMX\t" in line) == [
        *(f"10 {names[0]}.", f"20 {names[1]}.")
    ]
    gone = [rrset(name, kind, "DELETE") for name, kind in zip(names, ("MX", "CNAME"), strict=True)]
    assert house.alice.patch(OWN, *gone, rrset(OWN, "CAA", "DELETE")).status == 204


@pytest.mark.parametrize(
    ("change", "status", "words"),
    [
        (rrset(f"bobs.{ZONE}", "A", "REPLACE", "::1"), 422, "is not A rdata"),
        (
            rrset(f"bobs.{ZONE}", "A", "REPLACE", "192.0.2.9"),
            403,
            f"may not change A of bobs.{ZONE}",
        ),
        (rrset(f"new.{ZONE}", "TXT", "REPLACE", '"x"'), 403, f"may not change TXT of new.{ZONE}"),
        (rrset(ZONE, "NS", "DELETE"), 403, f"the key may not change NS of {ZONE}"),
        (rrset("www.example.org", "A", "REPLACE", "192.0.2.9"), 422, "is out of zone"),
        (rrset(HOST, "A", "REPLACE", "nonsense"), 422, "is not A rdata"),
    ],
)
def test_one_change_that_cannot_be_refuses_all(
    house: House, change: dict[str, object], status: int, words: str
) -> None:
    before = house.server.serial(ZONE)
    refused = house.host.patch(ZONE, rrset(CHALLENGE, "TXT", "REPLACE", '"x"'), change)
    assert (refused.status, words in refused.error) == (status, True)
    assert house.server.answers(CHALLENGE, "TXT") == []
    assert house.server.serial(ZONE) == before


def test_what_no_zone_can_hold(house: House) -> None:
    for change in (
        rrset(OWN, "CNAME", "REPLACE", f"www.{OWN}."),
        rrset(OWN, "NS", "DELETE"),
        rrset(f"www.{OWN}", "SOA", "REPLACE", "a. b. 1 2 3 4 5"),
    ):
        assert house.alice.patch(OWN, change).status == 422
    both = [rrset(f"x.{OWN}", kind, "REPLACE", to) for kind, to in (("A", "::1"), ("CNAME", "a."))]
    assert (
        house.alice.patch(OWN, *both[1:], rrset(f"x.{OWN}", "TXT", "REPLACE", '"x"')).status == 422
    )
    assert house.alice.patch(OWN, both[0]).status == 422


def test_a_key_that_is_not_good_for_it(house: House) -> None:
    server = house.server
    for tool, status in ((Tool(server, ""), 401), (Tool(server, "x"), 401), (house.router, 403)):
        for method, path in (
            ("GET", ""),
            ("PATCH", f"/{ZONE}."),
            ("DELETE", "/x."),
        ):
            answer = tool(method, path)
            assert (answer.status, bool(answer.error)) == (status, True)


def test_requests_that_make_no_sense(house: House) -> None:
    tool = house.alice
    assert tool("GET", "/..").status == 404
    assert tool("GET", f"/{OWN}./nothing").status == 404
    assert tool("GET", "?zone=example").status == 422
    assert tool("GET", f"/{OWN}.?rrset_name={OWN}.&rrset_type=NOTHING").status == 422
    assert tool("PATCH", f"/{OWN}.", b"{").status == 400
    assert tool("PATCH", f"/{OWN}.", b"[]").status == 400
    assert tool("PATCH", f"/{OWN}.", {}).status == 422
    refused = tool("POST", f"/{OWN}.")
    assert (refused.status, refused.headers["allow"]) == (405, "GET, PATCH, PUT, DELETE")
    assert tool("PATCH", f"/{OWN}.", b" " * 2_000_000).status == 413
    assert tool("PATCH", f"/{OWN}.", b" " * 1_000_000).status == 422


def test_zones_are_made_changed_and_removed_by_operators(house: House) -> None:
    operator, server = house.operator, house.server
    given = {
        "name": "made.example.",
        "kind": "Native",
        "nameservers": ["ns1.made.example."],
        "rrsets": [{**rrset("ns1.made.example", "A", "REPLACE", "192.0.2.5"), "changetype": ""}],
    }
    made = operator("POST", "", given)
    assert made.status == 201
    assert made.value["url"] == "/api/v1/servers/localhost/zones/made.example."
    assert made.rrsets["ns1.made.example.", "A"] == ["192.0.2.5"]
    assert server.answers("made.example", "NS") == ["ns1.made.example."]
    assert operator("POST", "", given).status == 409
    assert operator("PUT", "/made.example.", {"kind": "Master", "account": ACCOUNT}).status == 204
    assert house.alice("GET", "/made.example.?rrsets=false").value["account"] == ACCOUNT
    assert operator("PUT", "/made.example.", {"account": "nobody-here"}).status == 404
    assert operator("PUT", "/made.example.", {"rrsets": [{}]}).status == 422
    for method, path, body in (
        ("POST", "", {"name": "mine.example."}),
        ("PUT", "/made.example.", {}),
        ("DELETE", "/made.example.", None),
    ):
        refused = house.alice(method, path, body)
        assert (refused.status, "operator" in refused.error) == (403, True)
    assert operator("DELETE", "/made.example.").status == 204
    assert operator("GET", "/made.example.").status == 404
    assert operator("DELETE", "/made.example.").status == 404


def test_a_zone_is_made_with_all_of_its_records_or_not_at_all(house: House) -> None:
    bad = [rrset("x.half.example", kind, "", to) for kind, to in (("CNAME", "a."), ("TXT", '"x"'))]
    for rrsets, status in ((bad, 422), ([rrset("x.half.example", "A", "", "x")], 422)):
        refused = house.operator("POST", "", {"name": "half.example.", "rrsets": rrsets})
        assert (refused.status, bool(refused.error)) == (status, True)
        assert house.operator("GET", "/half.example.").status == 404
    assert house.operator("POST", "", {"name": "half.example"}).status == 422


def test_an_operators_key_is_good_for_as_long_as_the_account_is_one(house: House) -> None:
    assert house.operator("GET", "/other.example.").status == 200
    house.server.call("account_set", name="olga", operator=False)
    try:
        assert house.operator("GET", "/other.example.").status == 403
    finally:
        house.server.call("account_set", name="olga", operator=True)


def test_a_zone_that_is_read_in_pieces(house: House) -> None:
    names = [f"n{number}.{OWN}" for number in range(MANY)]
    added = [rrset(name, "TXT", "REPLACE", f'"{name}"') for name in names]
    assert house.alice.patch(OWN, *added).status == 204
    seen = house.alice("GET", f"/{OWN}.")
    assert seen.headers["transfer-encoding"] == "chunked"
    assert [seen.rrsets[f"{name}.", "TXT"] for name in names] == [[f'"{name}"'] for name in names]
    assert len(seen.value["rrsets"]) == MANY + 2
    lines = house.alice("GET", f"/{OWN}./export").value.decode().splitlines()
    assert len(lines) == MANY + 2
    assert house.alice.patch(OWN, *(rrset(name, "TXT", "DELETE") for name in names)).status == 204


def test_what_the_server_keeps_by_itself_is_not_shown_to_tools(house: House) -> None:
    """They keep zones as they have them in files, and would delete it."""
    server, challenge = house.server, f"_acme-challenge.foo.{OWN}"
    persistent = f"_validation-persist.foo.{OWN}"
    server.call("record_set", owner=persistent, type="TXT", rdatas=['"x"'])
    added = rrset(f"*.{OWN}", "A", "REPLACE", "192.0.2.3")
    challenged = rrset(challenge, "TXT", "REPLACE", f'"{"x" * 43}"')
    assert house.alice.patch(OWN, added, challenged).status == 204
    assert server.answers(f"foo.{OWN}") == ["192.0.2.3"]
    for tool in (house.alice, house.operator):
        names = {name for name, _ in tool("GET", f"/{OWN}.").rrsets}
        assert names == {f"{OWN}.", f"*.{OWN}.", f"{challenge}."}
        refused = tool.patch(OWN, rrset(persistent, "TXT", "DELETE"))
        assert (refused.status, "persist" in refused.error) == (403, True)
    gone = [rrset(f"*.{OWN}", "A", "DELETE"), rrset(challenge, "TXT", "DELETE")]
    assert house.alice.patch(OWN, *gone).status == 204
    server.call("record_delete", owner=persistent)


def test_a_key_of_many_hosts(house: House) -> None:
    hosts = [f"h{number}.{ZONE}" for number in range(MANY)]
    house.server.call("account_set", name="bob", hosts=1000)
    for host in hosts:
        house.server.call("host_add", name=host, account="bob")
    bobs = [
        house.server.call("key_add", account="bob", hosts=only)["key"] for only in (None, hosts)
    ]
    for key in bobs:
        tool = Tool(house.server, key)
        changes = (rrset(f"_acme-challenge.{host}", "TXT", "REPLACE", '"x"') for host in hosts)
        assert tool.patch(ZONE, *changes).status == 204
        seen = tool("GET", f"/{ZONE}.").rrsets
        assert sum(kind == "TXT" for _, kind in seen) == MANY
        assert (f"{HOST}.", "A") not in seen
        for host in hosts[:3]:
            assert tool.patch(ZONE, rrset(f"_acme-challenge.{host}", "TXT", "DELETE")).status == 204
