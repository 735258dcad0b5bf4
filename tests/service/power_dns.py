"""A tool that speaks PowerDNS's API, a call at a time."""

from __future__ import annotations

import http.client
import json
from typing import Any, NamedTuple

from tests.processes import PATIENCE, Json, Server

ZONES = "/api/v1/servers/localhost/zones"


class Called(NamedTuple):
    """An answer: its status, its JSON or else its text, and its header fields."""

    status: int
    value: Any
    headers: http.client.HTTPMessage

    @property
    def error(self) -> str:
        """The words of a refusal."""
        assert list(self.value) == ["error"]
        return str(self.value["error"])

    @property
    def rrsets(self) -> dict[tuple[str, str], list[str]]:
        """The contents of a zone's RRsets by name and type."""
        return {
            (one["name"], one["type"]): [record["content"] for record in one["records"]]
            for one in self.value["rrsets"]
        }


class Tool(NamedTuple):
    """A tool with a key."""

    server: Server
    key: str

    def __call__(self, method: str, path: str, body: object = None) -> Called:
        """Call a path below ``/api/v1/servers/localhost/zones``, or another that begins so."""
        where = path if path.startswith("/api") else ZONES + path
        sent = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        connection = http.client.HTTPConnection(
            "127.0.0.1", self.server.http_port, timeout=PATIENCE
        )
        try:
            connection.request(method, where, sent, {"X-API-Key": self.key})
            answer = connection.getresponse()
            text = answer.read()
            kind = answer.headers.get_content_type()
            value = json.loads(text) if text and kind == "application/json" else text
            return Called(answer.status, value, answer.headers)
        finally:
            connection.close()

    def patch(self, zone: str, *rrsets: Json) -> Called:
        """Change RRsets of a zone."""
        return self("PATCH", f"/{zone}.", {"rrsets": list(rrsets)})


def rrset(name: str, kind: str, changetype: str, *contents: str, ttl: int = 60) -> Json:
    """A change of an RRset, as tools send it."""
    records = [{"content": one, "disabled": False} for one in contents]
    given = {"name": f"{name}.", "type": kind, "changetype": changetype, "records": records}
    return {**given, "ttl": ttl, "comments": []}
