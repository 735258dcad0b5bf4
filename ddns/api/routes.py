"""The API's table: which HTTP request is which operation. Light: the command imports it too."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote, unquote

from ddns.api.caller import Permission


@dataclass(frozen=True, slots=True)
class Route:
    """One operation. Parts of ``path`` in braces are arguments; further arguments are in the query
    of a GET or DELETE and of what carries ``octets``, and in a JSON body otherwise."""

    method: str
    path: str
    operation: str
    octets: bool = False  # the body, or the answer of a GET, are rows (ddns.model.rows)
    right: Permission = Permission.OPERATOR

    def named(self) -> list[str]:
        """The arguments that are in the path."""
        return [part[1:-1] for part in self.path.split("/") if part.startswith("{")]

    def match(self, path: str) -> dict[str, str] | None:
        """The arguments in a path that fits, else None."""
        mine, theirs = self.path.split("/"), path.split("/")
        if len(mine) != len(theirs):
            return None
        found = {}
        for part, given in zip(mine, theirs, strict=True):
            if part.startswith("{") and given:
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


_PEOPLE = Permission.ACCOUNT
_ANYBODY = Permission.ANYBODY

ROUTES = (
    Route("GET", "/v1/zones", "zone_list", right=_PEOPLE),
    Route("POST", "/v1/zones", "zone_add"),
    Route("PATCH", "/v1/zones/{origin}", "zone_set", right=_PEOPLE),
    Route("DELETE", "/v1/zones/{origin}", "zone_remove"),
    Route("POST", "/v1/zones/{origin}/rows", "zone_import", octets=True),
    Route("GET", "/v1/zones/{origin}/rows", "zone_scan", octets=True),
    Route("GET", "/v1/zones/{origin}/invitations", "invitation_list", right=_PEOPLE),
    Route("POST", "/v1/zones/{origin}/invitations", "invitation_add", right=_PEOPLE),
    Route("DELETE", "/v1/zones/{origin}/invitations/{number}", "invitation_revoke", right=_PEOPLE),
    Route("POST", "/v1/memberships", "invitation_redeem", right=_PEOPLE),
    Route("GET", "/v1/zones/{origin}/members", "member_list", right=_PEOPLE),
    Route("DELETE", "/v1/zones/{origin}/members/{account}", "member_remove", right=_PEOPLE),
    Route("GET", "/v1/accounts", "account_list"),
    Route("POST", "/v1/accounts", "account_add"),
    Route("PATCH", "/v1/accounts/{name}", "account_set"),
    Route("GET", "/v1/accounts/{name}", "account_show", right=_PEOPLE),
    Route("DELETE", "/v1/accounts/{name}", "account_remove"),
    Route("POST", "/v1/accounts/{name}/block", "account_block"),
    Route("DELETE", "/v1/accounts/{name}/block", "account_unblock"),
    Route("PUT", "/v1/accounts/{name}/email", "email_set"),
    Route("PUT", "/v1/accounts/{name}/password", "password_set"),
    Route("POST", "/v1/accounts/{name}/leave", "account_leave", right=_PEOPLE),
    Route("POST", "/v1/registrations", "register", right=_ANYBODY),
    Route("POST", "/v1/confirmations", "confirm", right=_ANYBODY),
    Route("POST", "/v1/sessions", "log_in", right=_ANYBODY),
    Route("DELETE", "/v1/session", "log_out", right=_PEOPLE),
    Route("POST", "/v1/email", "email_change", right=_PEOPLE),
    Route("POST", "/v1/password", "password_change", right=_PEOPLE),
    Route("POST", "/v1/password/requests", "password_reset_request", right=_ANYBODY),
    Route("POST", "/v1/password/resets", "password_reset", right=_ANYBODY),
    Route("GET", "/v1/keys", "key_list", right=_PEOPLE),
    Route("POST", "/v1/keys", "key_add", right=_PEOPLE),
    Route("POST", "/v1/keys/{number}/disable", "key_disable", right=_PEOPLE),
    Route("POST", "/v1/keys/{number}/enable", "key_enable", right=_PEOPLE),
    Route("POST", "/v1/keys/{number}/regenerate", "key_regenerate", right=_PEOPLE),
    Route("DELETE", "/v1/keys/{number}", "key_revoke", right=_PEOPLE),
    Route("GET", "/v1/hosts", "host_list", right=_PEOPLE),
    Route("POST", "/v1/hosts", "host_add", right=_PEOPLE),
    Route("GET", "/v1/hosts/{name}", "host_show", right=_PEOPLE),
    Route("PATCH", "/v1/hosts/{name}", "host_set", right=_PEOPLE),
    Route("DELETE", "/v1/hosts/{name}", "host_remove", right=_PEOPLE),
    Route("GET", "/v1/hosts/{name}/history", "host_history", right=_PEOPLE),
    Route("POST", "/v1/records", "record_set", right=_PEOPLE),
    Route("GET", "/v1/records/{owner}", "record_show", right=_PEOPLE),
    Route("DELETE", "/v1/records/{owner}", "record_delete", right=_PEOPLE),
    Route("POST", "/v1/backup", "backup"),
    Route("POST", "/v1/backup/key", "backup_key"),
    Route("GET", "/v1/check", "check"),
    Route("GET", "/v1/status", "status"),
    Route("POST", "/v1/reload", "reload"),
)

BY_OPERATION = {route.operation: route for route in ROUTES}


def find(method: str, path: str) -> tuple[Route, dict[str, str]] | None:
    """The route of a request and the arguments in its path."""
    for route in ROUTES:
        if route.method == method and (found := route.match(path)) is not None:
            return route, found
    return None


def methods(path: str) -> list[str]:
    """What can be done with a path; nothing where there is nothing."""
    found = [route.method for route in ROUTES if route.match(path) is not None]
    return [*(["HEAD"] if "GET" in found else []), *found]
