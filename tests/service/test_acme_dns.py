"""acme-dns at a running server: over HTTP, behind a proxy, and switched off."""

from __future__ import annotations

import http.client
import json
from typing import Any

from tests.conftest import ZONE, Launch
from tests.processes import PATIENCE, Server

SETTINGS = """
[acme_dns]
zone = "example.net"
registration = "open"
[proxies]
trusted = ["127.0.0.1"]
header = "X-Forwarded-For"
"""
HERE, THERE = "192.0.2.7", "198.51.100.7"


def post(server: Server, path: str, body: Any, **headers: str) -> tuple[int, Any]:
    """Post as acme-dns's clients do: without a Content-Type, and nothing for no body."""
    connection = http.client.HTTPConnection("127.0.0.1", server.http_port, timeout=PATIENCE)
    try:
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request("POST", path, b"" if body is None else json.dumps(body), given)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    finally:
        connection.close()


def test_a_client_behind_a_proxy(make_server: Launch) -> None:
    """Where it is counts by the proxy's word; the record is there when it is told so, and after a
    start."""
    server = make_server()
    server.with_settings(server.config.read_text() + SETTINGS).start()
    server.call("zone_add", origin=ZONE)
    assert server.get("/acme-dns/health").status == 200
    wanted = {"allowfrom": [f"{HERE}/32"]}
    status, made = post(server, "/acme-dns/register", wanted, X_Forwarded_For=THERE)
    assert status == 201
    who = {"X_Api_User": made["username"], "X_Api_Key": made["password"]}
    change = {"subdomain": made["subdomain"], "txt": "a" * 43}
    for peer, expected in ((THERE, 401), (HERE, 200)):
        status, said = post(server, "/acme-dns/update", change, X_Forwarded_For=peer, **who)
        assert status == expected
        assert made["password"] not in str(said)
        records = server.answers(made["fulldomain"], "TXT")
        assert records == ([f'"{"a" * 43}"'] if expected == 200 else [])
    server.restart()
    assert server.answers(made["fulldomain"], "TXT") == [f'"{"a" * 43}"']
    assert made["password"] not in server.log
    assert post(server, "/acme-dns/register", None)[0] == 201
    server.with_settings("[tools]\nenabled = false\n" + SETTINGS).restart()
    for path in ("/acme-dns/health", "/present", "/cleanup"):
        assert server.get(path).status == 404
