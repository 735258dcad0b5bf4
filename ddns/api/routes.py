"""The API's table: which HTTP request is which operation. Light: the command imports it too."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote, unquote

from ddns.api.caller import Right


@dataclass(frozen=True, slots=True)
class Route:
    """One operation. Parts of ``path`` in braces are arguments; further arguments are in the query
    of a GET or DELETE and of what carries ``octets``, and in a JSON body otherwise."""

    method: str
    path: str
    operation: str
    octets: bool = False  # the body, or the answer of a GET, are rows (ddns.model.rows)
    right: Right = Right.OPERATOR

    def match(self, path: str) -> dict[str, str] | None:
        """The arguments in a path that fits, else None."""
        mine, theirs = self.path.split("/"), path.split("/")
        if len(mine) != len(theirs):
            return None
        found = {}
        for part, given in zip(mine, theirs, strict=True):
            if part.startswith("{"):
                found[part[1:-1]] = unquote(given)
            elif part != given:
                return None
        return found

    def fill(self, arguments: Mapping[str, object]) -> tuple[str, dict[str, object]]:
        """The path for a call, and the arguments that are not in it."""
        rest = dict(arguments)
        parts = [
            quote(str(rest.pop(part[1:-1])), safe="") if part.startswith("{") else part
            for part in self.path.split("/")
        ]
        return "/".join(parts), rest


ROUTES = (
    Route("GET", "/v1/zones", "zone_list"),
    Route("POST", "/v1/zones", "zone_add"),
    Route("PATCH", "/v1/zones/{origin}", "zone_set"),
    Route("DELETE", "/v1/zones/{origin}", "zone_remove"),
    Route("POST", "/v1/zones/{origin}/rows", "zone_import", octets=True),
    Route("GET", "/v1/zones/{origin}/rows", "zone_scan", octets=True),
    Route("GET", "/v1/accounts", "account_list"),
    Route("POST", "/v1/accounts", "account_add"),
    Route("GET", "/v1/accounts/{name}", "account_show"),
    Route("DELETE", "/v1/accounts/{name}", "account_remove"),
    Route("POST", "/v1/accounts/{name}/block", "account_block"),
    Route("DELETE", "/v1/accounts/{name}/block", "account_unblock"),
    Route("GET", "/v1/keys", "key_list"),
    Route("POST", "/v1/keys", "key_add"),
    Route("POST", "/v1/keys/{number}/disable", "key_disable"),
    Route("POST", "/v1/keys/{number}/enable", "key_enable"),
    Route("POST", "/v1/keys/{number}/regenerate", "key_regenerate"),
    Route("DELETE", "/v1/keys/{number}", "key_revoke"),
    Route("GET", "/v1/hosts", "host_list"),
    Route("POST", "/v1/hosts", "host_add"),
    Route("GET", "/v1/hosts/{name}", "host_show"),
    Route("DELETE", "/v1/hosts/{name}", "host_remove"),
    Route("POST", "/v1/records", "record_set"),
    Route("DELETE", "/v1/records/{owner}", "record_delete"),
    Route("POST", "/v1/backup", "backup"),
    Route("POST", "/v1/backup/key", "backup_key"),
    Route("GET", "/v1/check", "check"),
)

BY_OPERATION = {route.operation: route for route in ROUTES}


def find(method: str, path: str) -> tuple[Route, dict[str, str]] | None:
    """The route of a request and the arguments in its path."""
    for route in ROUTES:
        if route.method == method and (found := route.match(path)) is not None:
            return route, found
    return None
