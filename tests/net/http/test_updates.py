"""HTTP as clients speak it: what is asked, who asks, and what they read."""

from __future__ import annotations

import base64
import json
import socket
from collections.abc import Iterator
from ipaddress import ip_network
from typing import Any

import pytest
from twisted.internet.defer import Deferred

from ddns.dialects import DIALECTS
from ddns.dialects.base import Reply, Request
from ddns.dialects.parsing import key_alone, update_of
from ddns.model import names
from ddns.model.account import Key, KeyKind
from ddns.model.records import AAAA, A
from ddns.model.update import Credentials, Outcome, Replace, Status, Update, change_of
from ddns.net.http.updates import UpdateResource
from ddns.net.proxy.trust import Proxies
from ddns.policy.addresses import NetworkSet
from ddns.updates.pipeline import Pipeline
from tests.net.http_clients import LOGIN, TARGET, Client, Serving, request, serving, until
from tests.net.http_clients import Pipeline as Updates
from tests.net.pipelines import no_records, opened
from tests.net.reactors import PATIENCE, RunningReactor

PROXY = Proxies(NetworkSet([ip_network("127.0.0.1/32")]), header="X-Forwarded-For")


@pytest.fixture
def served(running: RunningReactor) -> Iterator[Serving]:
    with serving(running) as served:
        yield served


@pytest.fixture
def client(served: Serving) -> Iterator[Client]:
    with served.connect() as client:
        yield client


def basic(octets: bytes, scheme: str = "Basic") -> str:
    return f"Authorization: {scheme} {base64.b64encode(octets).decode()}"


def only(served: Serving) -> Update:
    (update,) = served.pipeline.updates
    return update


# Answers ---------------------------------------------------------------------------------------


def test_an_update(served: Serving, client: Client) -> None:
    answer = client.ask(TARGET, LOGIN)
    assert (answer.status, answer.body) == (200, b"good 127.0.0.1\n")
    assert answer.header("content-type") == "text/plain; charset=utf-8"
    assert answer.header("cache-control") == "no-store"
    assert answer.header("server") == "ddns"
    assert answer.header("x-content-type-options") == "nosniff"
    update = only(served)
    assert update.credentials == Credentials("alice", "right")
    assert (update.peer, update.agent, update.at) == ("127.0.0.1", "test/1.0", 1000.0)
    assert [change.host for change in update.changes] == ["home.example.net"]


def test_http_1_0_is_answered_with_a_length_and_closed(client: Client) -> None:
    client.send(f"GET {TARGET} HTTP/1.0\r\nUser-Agent: old\r\n{LOGIN}\r\n\r\n".encode())
    assert client.answer().body == b"good 127.0.0.1\n"
    assert client.ended()


def test_a_kept_connection(served: Serving, client: Client) -> None:
    for _ in range(5):
        assert client.ask(TARGET, LOGIN).status == 200
    assert len(served.pipeline.updates) == 5
    assert client.ask(TARGET, LOGIN, "Connection: close").status == 200
    assert client.ended()


def test_pipelined_requests_are_answered_in_order(served: Serving, client: Client) -> None:
    client.send(b"".join(request(path) for path in ("/ip", "/nothing", "/checkip", "/ip")))
    assert [client.answer().status for _ in range(4)] == [200, 404, 200, 200]


@pytest.mark.parametrize("last", ["/ip", TARGET])
def test_pipelined_requests_of_a_client_that_says_no_more(client: Client, last: str) -> None:
    client.send(b"".join(request(path, LOGIN) for path in ("/ip", TARGET, "/checkip", last)))
    client.socket.shutdown(socket.SHUT_WR)
    assert [client.answer().status for _ in range(4)] == [200] * 4
    assert client.ended()


def test_others_have_their_turn_before_each_request(served: Serving, client: Client) -> None:
    turns: list[int] = []
    served.site.between = lambda: turns.append(len(served.pipeline.updates))
    for _ in range(3):
        assert client.ask(TARGET, LOGIN).status == 200
    assert turns == [0, 1, 2]


def test_octet_by_octet(client: Client) -> None:
    for octet in request(TARGET, LOGIN, method="POST", body=b"x=y"):
        client.send(bytes((octet,)))
    assert client.answer().status == 200


@pytest.mark.parametrize("path", ["/other", "/nic", "/nic/update/x", "/NIC/UPDATE", "/%FF"])
def test_other_paths(served: Serving, client: Client, path: str) -> None:
    answer = client.ask(path, LOGIN)
    assert answer.status == 404
    assert b"good" not in answer.body
    assert path.encode() not in answer.body
    assert served.pipeline.updates == []


@pytest.mark.parametrize(
    "path",
    [
        "/nic/update/",
        "/v3/update",
        "/nic%2Fupdate",
        "//nic/update",
        "/nic//update",
        "///nic///update//",
        "http://x.example//nic/update",
    ],
)
def test_other_ways_to_write_a_path(served: Serving, client: Client, path: str) -> None:
    assert client.ask(path + "?hostname=home.example.net&", LOGIN).status == 200
    assert [change.host for change in only(served).changes] == ["home.example.net"]


@pytest.mark.parametrize(
    ("method", "body"),
    [("PUT", b"a=b"), ("DELETE", b""), ("OPTIONS", b""), ("get", b"")],
)
def test_other_methods(served: Serving, client: Client, method: str, body: bytes) -> None:
    answer = client.ask(TARGET, LOGIN, method=method, body=body)
    assert answer.status == 405
    assert answer.header("allow") == "GET, HEAD, POST"
    assert served.pipeline.updates == []
    assert client.ask("/ip").status == 200  # nothing of the answer was left over


@pytest.mark.parametrize("target", [TARGET, TARGET + "&x=%FF", "/ip", "/checkip", "/nothing"])
@pytest.mark.parametrize("headers", [(LOGIN,), ()])
def test_head_is_answered_as_get_without_the_body(
    served: Serving, client: Client, target: str, headers: tuple[str, ...]
) -> None:
    head = client.ask(target, *headers, method="HEAD")
    updates = list(served.pipeline.updates)
    got = client.ask(target, *headers)  # nothing of the first answer was left over
    dated = [(name, value) for name, value in got.headers if name != "date"]
    assert (head.status, head.body) == (got.status, b"")
    assert [(name, value) for name, value in head.headers if name != "date"] == dated
    assert served.pipeline.updates[len(updates) :] == updates  # and did the same


@pytest.mark.parametrize("headers", [(), ("Content-Length: 0",)])
def test_put_without_a_body_is_as_get(
    served: Serving, client: Client, headers: tuple[str, ...]
) -> None:
    assert client.ask(TARGET, LOGIN, *headers, method="PUT").body == b"good 127.0.0.1\n"
    assert client.ask(TARGET, LOGIN).status == 200
    first, second = served.pipeline.updates
    assert first == second


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("version", ["HTTP/1.0", "HTTP/1.1"])
def test_lines_may_end_in_lf_alone(served: Serving, client: Client, end: str, version: str) -> None:
    body = "hostname=home.example.net"
    lines = [f"POST /nic/update {version}", "User-Agent: x", LOGIN, "X: a", " b"]
    client.send(end.join([*lines, f"Content-Length: {len(body)}", "", body]).encode())
    assert client.answer().body == b"good 127.0.0.1\n"
    assert only(served).agent == "x"


@pytest.mark.parametrize("path", ["/ip", "/myip", "/checkip", "/ip/", "//checkip"])
def test_pages_of_other_sites_may_show_the_address(client: Client, path: str) -> None:
    answer = client.ask(path, "Origin: https://other.example")
    assert answer.header("access-control-allow-origin") == "*"


@pytest.mark.parametrize("path", [TARGET, "/json", "/areg.php", "/nothing"])
def test_pages_of_other_sites_may_show_nothing_else(client: Client, path: str) -> None:
    answer = client.ask(path, "Origin: https://other.example")
    assert answer.header("access-control-allow-origin") is None


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "localhost:8245",
        "192.0.2.1:",
        "[::1]:80",
        "[fe80::1%25eth0]",
        "evil.example",
        "a_b.example.",
        "b%C3%BCcher.example",
    ],
)
def test_the_host_header_is_not_reflected(client: Client, host: str) -> None:
    client.send(f"GET /checkip HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
    answer = client.answer()
    assert answer.status == 200
    assert host not in f"{answer.headers} {answer.body!r}".replace("ddns", "")


def test_no_host_header(client: Client) -> None:
    """Old cameras send none with HTTP/1.1; others send an empty one, for which RFC 9110 7.2 has a
    use."""
    client.send(b"GET /ip HTTP/1.1\r\n\r\nGET /ip HTTP/1.1\r\nHost:\r\n\r\n")
    assert client.answer().body == client.answer().body == b"127.0.0.1\n"


# Parameters ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "header", ["Content-Type: application/x-www-form-urlencoded", "X-Nothing: here"]
)
def test_a_form(served: Serving, client: Client, header: str) -> None:
    body = b"hostname=home.example.net&myip=198.51.100.7&"
    answer = client.ask("/nic/update", LOGIN, header, method="POST", body=body)
    assert answer.status == 200
    assert [change.host for change in only(served).changes] == ["home.example.net"]


def test_a_form_and_a_query(served: Serving, client: Client) -> None:
    body = b"myip=198.51.100.7"
    client.ask("/nic/update?hostname=a.b", LOGIN, method="POST", body=body)
    (change,) = only(served).changes
    assert (change.host, change.edits) == ("a.b", (Replace(A, (b"\xc6\x33\x64\x07",)),))


def test_a_form_in_chunks(served: Serving, client: Client) -> None:
    client.send(request("/nic/update", LOGIN, "Transfer-Encoding: chunked", method="POST"))
    client.send(b"9\r\nhostname=\r\n3\r\na.b\r\n0\r\n\r\n")
    assert client.answer().status == 200
    assert [change.host for change in only(served).changes] == ["a.b"]


def test_a_form_of_parts(served: Serving, client: Client) -> None:
    body = b'--x\r\nContent-Disposition: form-data; name="hostname"\r\n\r\na.b\r\n--x--\r\n'
    header = "Content-Type: multipart/form-data; boundary=x"
    assert client.ask("/nic/update", LOGIN, header, method="POST", body=body).status == 200
    assert [change.host for change in only(served).changes] == ["a.b"]


def test_parts_that_are_none(client: Client) -> None:
    header = "Content-Type: multipart/form-data"
    assert client.ask("/nic/update", LOGIN, header, method="POST", body=b"x").status in (200, 400)


FORM_TYPES = [
    "application/x-www-form-urlencoded",
    "application/x-www-form-urlencoded; charset=UTF-8",
    "application/x-www-form-urlencoded;charset=iso-8859-1",
    "Application/X-WWW-Form-URLEncoded",
    "",
]
UPDATES = [
    ("/dns/dynamic.html", "hostname", b"good 127.0.0.1\n"),
    ("/areg.php", "host", b"okay. home.example.net mapped to 127.0.0.1.\n"),
    ("/plain/", "host", b"OK\nUPDATE: 127.0.0.1\n"),
]
"""A path of each of these dialects, what it calls the host, and what it says of the address that
the pipeline answers with."""

SECRETS = "opcode=ADD&username=alice&user=alice&password=right"


@pytest.mark.parametrize("content_type", FORM_TYPES)
@pytest.mark.parametrize(("path", "host", "reply"), UPDATES)
def test_a_form_for_any_dialect(
    served: Serving, client: Client, content_type: str, path: str, host: str, reply: bytes
) -> None:
    form = f"{SECRETS}&{host}=home.example.net&myip=198.51.100.7&ip=198.51.100.7&".encode()
    headers = [LOGIN, *([f"Content-Type: {content_type}"] if content_type else [])]
    answer = client.ask(path, *headers, method="POST", body=form)
    assert (answer.status, answer.body) == (200, reply)
    (change,) = only(served).changes
    assert change.edits == (Replace(A, (b"\xc6\x33\x64\x07",)),)


@pytest.mark.parametrize(("path", "host", "reply"), UPDATES)
def test_a_query_for_any_dialect_with_a_trailing_ampersand(
    served: Serving, client: Client, path: str, host: str, reply: bytes
) -> None:
    query = f"?{SECRETS}&{host}=home.example.net&myip=198.51.100.7&ip=198.51.100.7&"
    answer = client.ask(path + query, LOGIN)
    assert (answer.status, answer.body) == (200, reply)
    (change,) = only(served).changes
    assert change.edits == (Replace(A, (b"\xc6\x33\x64\x07",)),)


@pytest.mark.parametrize("content_type", FORM_TYPES)
def test_secrets_in_a_form_and_the_rest_in_the_query(
    served: Serving, client: Client, content_type: str
) -> None:
    """Where both have a parameter, it is the form's that counts."""
    target = "/json/?lang=en&host=home.example.net&ip=198.51.100.7&user=nobody&"
    headers = [f"Content-Type: {content_type}"] if content_type else []
    form = b"user=alice&password=right"
    answer = client.ask(target, *headers, method="POST", body=form)
    assert (answer.status, answer.header("content-type")) == (200, "application/json")
    assert only(served).credentials == Credentials("alice", "right", KeyKind.DONDNS)
    assert json.loads(answer.body)["messages"] == ["Operation done correctly."]


@pytest.mark.parametrize("path", ["/areg.php", "/areg.php?opcode=ADD&host=a.b&ip=198.51.100.7"])
def test_areg_without_credentials_is_a_200(client: Client, path: str) -> None:
    for headers in ([], ["Authorization: Basic Og=="], [basic(b"alice:wrong")]):
        answer = client.ask(path, *headers)
        assert answer.status == 200
        assert answer.header("www-authenticate") is None
        assert answer.body == b"auth_fail. Incorrect username/password/hostname.\n"


@pytest.mark.parametrize(
    ("path", "content_type"),
    [
        ("/json", "application/json"),
        ("/xml", "application/xml; charset=utf-8"),
        ("/plain", "text/plain; charset=utf-8"),
    ],
)
@pytest.mark.parametrize("slash", ["", "/"])
def test_dondns_without_credentials_is_a_200(
    client: Client, path: str, content_type: str, slash: str
) -> None:
    for headers in ([], ["Authorization: Basic Og=="], [LOGIN]):
        answer = client.ask(f"{path}{slash}?host=home.example.net", *headers)
        assert answer.status == 200
        assert answer.header("www-authenticate") is None
        assert answer.header("content-type") == content_type
        assert "Falta el usuario o la clave DonDNS." in answer.body.decode("utf-8")


def test_a_wrong_key_of_dondns_is_a_200(client: Client) -> None:
    answer = client.ask("/plain/?user=alice&password=wrong&host=a.b&lang=en")
    assert (answer.status, answer.body) == (200, b"ERROR\nThe user or the DonDNS key is wrong.\n")


@pytest.mark.parametrize("path", ["/areg.php", "/json", "/xml", "/plain"])
def test_a_pipeline_that_fails_is_a_503_for_other_dialects_too(
    served: Serving, client: Client, path: str
) -> None:
    served.pipeline.fails = True
    answer = client.ask(f"{path}?{SECRETS}&host=home.example.net")
    assert answer.status == 503
    assert answer.header("retry-after") == "60"
    assert b"OK" not in answer.body
    assert b"okay" not in answer.body


def test_unescaped_pluses_and_slashes(served: Serving, client: Client) -> None:
    """ddclient's dondominio escapes nothing."""
    client.ask("/plain/?user=a+b@c.d&password=x/y=z:?&host=home.example.net&ip=2001:db8::7")
    update = only(served)
    assert update.credentials == Credentials("a+b@c.d", "x/y=z:?", KeyKind.DONDNS)
    assert update.changes[0].edits == (
        Replace(AAAA, (bytes.fromhex("20010db8") + bytes(11) + b"\7",)),
    )


def test_nothing_but_ampersands_separates_parameters(served: Serving, client: Client) -> None:
    client.ask("/areg.php?opcode=ADD&host=a.b&username=al;ice&password=x;y=z&ip=198.51.100.7")
    client.ask("/areg.php", method="POST", body=b"opcode=ADD&host=a.b&username=al;ice&password=x;y")
    first, second = served.pipeline.updates
    assert first.credentials == Credentials("al;ice", "x;y=z")
    assert second.credentials == Credentials("al;ice", "x;y")


def test_unescaped_and_undecodable_values(served: Serving, client: Client) -> None:
    target = "/nic/update?hostname=<domain>,b%FF.example&&=&x&myip=<ipaddr>,[::1]"
    assert client.ask(target, LOGIN).status == 200
    assert [change.host for change in only(served).changes] == ["<domain>", "b\udcff.example"]


@pytest.mark.parametrize("user", ["al ice", "älice", " ", "\u20ac"])
def test_values_with_raw_octets(served: Serving, client: Client, user: str) -> None:
    """As a router sends what somebody has typed into its form."""
    target = f"/areg.php?opcode=ADD&host=home.example.net&username={user}&password=a b&ip="
    client.send(f"GET {target} HTTP/1.0\r\n\r\n".encode())
    assert client.answer().status == 200
    assert only(served).credentials == Credentials(user.replace(" ", "+"), "a b")


# Credentials -----------------------------------------------------------------------------------


def test_without_credentials(served: Serving, client: Client) -> None:
    answer = client.ask(TARGET)
    assert (answer.status, answer.body) == (401, b"badauth\n")
    assert answer.header("www-authenticate") == 'Basic realm="Dynamic DNS", charset="UTF-8"'
    assert only(served).credentials is None
    assert client.ask(TARGET, LOGIN).status == 200  # as wget goes on, on the same connection


@pytest.mark.parametrize(
    ("header", "credentials"),
    [
        (basic(b"alice:wrong"), Credentials("alice", "wrong")),
        (basic(b"alice:a:b:"), Credentials("alice", "a:b:")),
        (basic(b"alice"), Credentials("alice", "")),
        (basic(b":"), Credentials("", "")),
        (basic(b""), Credentials("", "")),
        (basic(b"al\xffice:\x00"), Credentials("al\xffice", "\x00")),
        (basic(b"alice:cl\xe9"), Credentials("alice", "cl\xe9")),
        (basic("alice:cl\xe9".encode()), Credentials("alice", "cl\xe9")),
        (basic("ä:ö".encode()), Credentials("ä", "ö")),
        (basic(b"alice:x", "BASIC"), Credentials("alice", "x")),
        ("Authorization: Basic", Credentials("", "")),
        ("Authorization: Basic %%%", Credentials("", "")),
        ("Authorization: Basic YWxpY2U", Credentials("", "")),
        ("Authorization: Basic YWxp%Y2U6cmlnaHQ=", Credentials("", "")),
        ("Authorization: Basic \xff", Credentials("", "")),
        ("Authorization: Bearer YWxpY2U6cmlnaHQ=", Credentials("", "")),
        ("Authorization:", Credentials("", "")),
    ],
)
def test_wrong_and_broken_credentials(
    served: Serving, client: Client, header: str, credentials: Credentials
) -> None:
    answer = client.ask(TARGET, header)
    assert (answer.status, answer.body) == (401, b"badauth\n")
    assert answer.header("www-authenticate") is not None
    assert only(served).credentials == credentials


def test_of_two_headers_the_first_counts(served: Serving, client: Client) -> None:
    assert client.ask(TARGET, basic(b"alice:wrong"), LOGIN).status == 401


def test_no_user_agent(client: Client) -> None:
    client.send(f"GET {TARGET} HTTP/1.1\r\n{LOGIN}\r\n\r\n".encode())
    answer = client.answer()
    assert (answer.status, answer.body) == (200, b"badagent\n")


# Where a client comes from ---------------------------------------------------------------------


def test_a_mapped_address_is_the_ipv4_address(running: RunningReactor) -> None:
    with serving(running, interface="::") as served:
        for host, seen in (("127.0.0.1", b"127.0.0.1\n"), ("::1", b"::1\n")):
            with Client(socket.create_connection((host, served.port), PATIENCE)) as client:
                assert client.ask("/ip").body == seen


def test_headers_do_not_tell_where_a_client_is(served: Serving, client: Client) -> None:
    spoofed = (
        "X-Forwarded-For: 203.0.113.9",
        "Forwarded: for=203.0.113.9",
        "X-Real-IP: 203.0.113.9",
    )
    assert client.ask("/ip", *spoofed).body == b"127.0.0.1\n"


def test_a_trusted_proxy_tells_it_request_by_request(running: RunningReactor) -> None:
    """One connection of a proxy brings the requests of many clients."""
    with serving(running, proxies=PROXY) as served, served.connect() as proxy:
        for hops, seen in (
            ("198.51.100.7", "198.51.100.7"),
            ("203.0.113.66, 2001:db8::7", "2001:db8::7"),
            ("203.0.113.66, unknown", "127.0.0.1"),
        ):
            header = f"X-Forwarded-For: {hops}"
            assert proxy.ask("/ip", header).body.decode() == f"{seen}\n"
            assert proxy.ask("/nic/update?hostname=home.example.net", LOGIN, header).status == 200
            assert served.pipeline.updates[-1].peer == seen
        assert proxy.ask("/ip", "Forwarded: for=203.0.113.66").body == b"127.0.0.1\n"
        lines = ("X-Forwarded-For: 203.0.113.66", "X-Forwarded-For: 198.51.100.7")
        assert proxy.ask("/ip", *lines).body == b"198.51.100.7\n"


def test_a_strangers_word_for_it_is_nothing_beside_a_trusted_proxy(
    running: RunningReactor,
) -> None:
    with (
        serving(running, proxies=PROXY) as served,
        Client(
            socket.create_connection(
                ("127.0.0.1", served.port), PATIENCE, source_address=("127.0.0.2", 0)
            )
        ) as stranger,
    ):
        assert stranger.ask("/ip", "X-Forwarded-For: 203.0.113.66").body == b"127.0.0.2\n"


# What goes wrong -------------------------------------------------------------------------------


def test_a_pipeline_that_fails(served: Serving, client: Client) -> None:
    served.pipeline.fails = True
    answer = client.ask(TARGET, LOGIN)
    assert (answer.status, answer.body) == (503, b"911\n")


def test_a_client_that_has_gone(served: Serving, logged: list[str]) -> None:
    gate: Deferred[None] = Deferred()
    served.pipeline.gate = gate
    with served.connect() as client:
        client.send(request(TARGET, LOGIN))
        assert served.pipeline.begun.wait(PATIENCE)
        client.socket.shutdown(socket.SHUT_RDWR)
    served.running.call(lambda: gate.callback(None))
    until(lambda: not served.connections())
    assert not [text for text in logged if "Traceback" in text]
    served.pipeline.gate = None
    with served.connect() as client:
        assert client.ask(TARGET, LOGIN).status == 200


def test_a_client_that_has_said_all_it_wants(served: Serving) -> None:
    """Such as ``nc -N``: it closes its side behind the request and reads on."""
    gate: Deferred[None] = Deferred()
    served.pipeline.gate = gate
    with served.connect() as client:
        client.send(request(TARGET, LOGIN))
        assert served.pipeline.begun.wait(PATIENCE)
        client.socket.shutdown(socket.SHUT_WR)
        served.running.call(lambda: gate.callback(None))
        assert client.answer().status == 200
    with served.connect() as client:
        client.send(b"GET /ip HT")
        client.socket.shutdown(socket.SHUT_WR)
        until(lambda: not served.connections())


def test_requests_wait_while_one_is_answered(served: Serving, client: Client) -> None:
    gate: Deferred[None] = Deferred()
    served.pipeline.gate = gate
    client.send(request(TARGET, LOGIN) + request("/ip") + request(TARGET, LOGIN))
    assert served.pipeline.begun.wait(PATIENCE)
    assert len(served.pipeline.updates) == 1
    served.running.call(lambda: gate.callback(None))
    assert [client.answer().body for _ in range(3)] == [
        b"good 127.0.0.1\n",
        b"127.0.0.1\n",
        b"good 127.0.0.1\n",
    ]


@pytest.mark.parametrize("fails", [False, True])
def test_secrets_reach_no_log(
    served: Serving, client: Client, logged: list[str], fails: bool
) -> None:
    served.pipeline.fails = fails
    client.ask(TARGET + "&password=hidden1&apikey=hidden2", basic(b"alice:hidden3"))
    client.ask("/hidden4?hidden5", basic(b"alice:hidden3"))
    client.ask(TARGET + "&hidden6=1", method="POST", body=b"password=hidden7")
    client.send(b"GET /?hidden8 HTTP/1.1\r\nHost: hidden9\r\nHost: hidden9\r\n\r\n")
    assert client.answer().status == 400
    assert bool([text for text in logged if "Traceback" in text]) == fails
    shown = [text for text in logged if "hidden" in text and "http_clients" not in text]
    assert shown == []


def test_every_status_has_a_length(served: Serving, client: Client) -> None:
    """Client.answer fails where there is none."""
    for status in Status:

        async def perform(update: Update, status: Status = status) -> Outcome:
            return Outcome(status)

        served.running.call(
            lambda perform=perform: setattr(served.site.resource, "_perform", perform)
        )
        client.ask(TARGET, LOGIN)


@pytest.mark.parametrize("apart", [False, True])
def test_a_client_that_asks_whether_to_go_on(client: Client, apart: bool) -> None:
    head = request("/ip", "Expect: 100-continue", "Content-Length: 1", method="POST")
    client.send(head if apart else head + b"x" + request("/checkip"))
    assert client.interim() == 100
    if apart:
        client.send(b"x" + request("/checkip"))
    assert client.answer().body == b"127.0.0.1\n"
    assert b"127.0.0.1</body>" in client.answer().body


# Paths with parameters -------------------------------------------------------------------------


class Keyed:
    """A dialect with its key in the path."""

    name = "keyed"
    paths = ("/u/{key}", "/u/mine")

    def __init__(self) -> None:
        self.requests: list[Request] = []

    def parse(self, request: Request) -> Outcome:
        self.requests.append(request)
        return Outcome()

    def render(self, request: Request, outcome: Outcome) -> Reply:
        if outcome.refusal is Status.BADREQUEST:
            return Reply("it makes no sense")
        return Reply(request.parameters.get("key", "no key"))


def test_a_parameter_of_the_path_stands_nowhere_else(running: RunningReactor) -> None:
    keyed = Keyed()
    with serving(running, dialects=(keyed,)) as served, served.connect() as client:
        form = ("Content-Type: application/x-www-form-urlencoded",)
        assert client.ask("/u/abc?key=def").body == b"it makes no sense"
        answer = client.ask("/u/abc", *form, method="POST", body=b"key=abc")
        assert answer.body == b"it makes no sense"
        assert keyed.requests == []
        assert client.ask("/u/mine?key=abc").body == b"no key"


def test_a_request_as_a_dialect_sees_it(running: RunningReactor) -> None:
    keyed = Keyed()
    with serving(running, dialects=(*DIALECTS, keyed)) as served, served.connect() as client:
        form = "Content-Type: application/x-www-form-urlencoded"
        answer = client.ask(
            "/u/abc/?a=1&a=2", "X-Odd: yes", form, method="POST", body=b"a=3&a=5&b=4"
        )
        assert answer.body == b"abc"
        assert client.ask("/u/mine").body == b"no key", "a path without parameters comes first"
        assert client.ask("/u/a/b").status == 404
        assert client.ask("/nic/update?hostname=a.b", LOGIN).status == 200
    first, second = keyed.requests
    assert (first.method, first.path, first.body) == ("POST", "/u/abc", b"a=3&a=5&b=4")
    assert first.headers.get("x-ODD") == "yes"
    assert first.args["b"] == "4"
    assert list(first.getlist("a")) == ["3", "5"], "the form wins"
    assert (second.method, second.body, second.getlist("a")) == ("GET", b"", ())


# Paths of several dialects -----------------------------------------------------------------------


class Picky(Keyed):
    """A dialect that takes only some of the requests to its paths."""

    name = "picky"
    paths = ("/u/mine", "/")

    def claims(self, request: Request) -> bool:
        return "picky" in request.args or request.headers.get("x-picky") != ""

    def render(self, request: Request, outcome: Outcome) -> Reply:
        return Reply("picky")


def test_a_request_is_for_the_dialect_that_claims_it(running: RunningReactor) -> None:
    keyed, picky = Keyed(), Picky()
    with serving(running, dialects=(keyed, picky)) as served, served.connect() as client:
        assert client.ask("/u/mine").body == b"no key"
        assert client.ask("/u/mine?picky=").body == b"picky"
        assert client.ask("/u/mine", "X-Picky: yes").body == b"picky"
        assert client.ask("/?picky").body == b"picky"
        assert client.ask("/?picky", method="DELETE").status == 405
        assert (len(keyed.requests), len(picky.requests)) == (1, 3)


class Page(Keyed):
    name = "page"
    paths = ("/",)


def test_what_no_dialect_claims_is_for_others(running: RunningReactor) -> None:
    pipeline = opened(Updates().perform)
    beside = {b"": UpdateResource(pipeline, (Page(),))}
    resource = UpdateResource(pipeline, (Picky(),), beside)
    with serving(running) as served, served.connect() as client:
        running.call(setattr, served.site, "resource", resource)
        assert client.ask("/?picky").body == b"picky"
        assert client.ask("/").body == b"no key"
        assert client.ask("/u/mine").status == 404


class Short(Keyed):
    """A dialect whose clients have a key only."""

    name = "short"

    def parse(self, request: Request) -> Any:
        key = key_alone(request.parameters["key"])
        return update_of(request, self.name, key, (change_of("", ()),), within="")

    def render(self, request: Request, outcome: Outcome) -> Reply:
        return Reply(str(outcome.refusal))


def test_hosts_that_are_named_in_short(running: RunningReactor) -> None:
    """Not before all keys have been loaded."""
    keys: dict[str, Key] = {}
    updates = Updates()
    pipeline = Pipeline(updates.perform, no_records, lambda: 1000.0)
    resource = UpdateResource(pipeline, (Short(),), None, keys.get)
    with serving(running) as served, served.connect() as client:
        running.call(setattr, served.site, "resource", resource)
        client.send(request("/u/abc") + request("/u/def"))
        hosts = frozenset({names.from_text("home.example.net")})
        keys["abc"] = Key(1, "alice", KeyKind.UPDATE, bytes(32), hosts)
        running.call(pipeline.open)
        assert [client.answer().status for _ in range(2)] == [200, 200]
    assert [[one.host for one in update.changes] for update in updates.updates] == [
        ["home.example.net"],
        [""],
    ]
