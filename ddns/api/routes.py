"""The table of routes: which HTTP request calls which operation.

The command imports it as well, and starts quickly: it must not import Twisted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import quote, unquote

from ddns.api.caller import Permission


@dataclass(frozen=True, slots=True)
class Route:
    """The route of one operation.

    Parts of ``path`` in braces are arguments. Other arguments are in the query of GET, DELETE and
    routes with ``octets``, in a JSON body otherwise. ``answer`` names the schema of the answer in
    :data:`ddns.api.schemas.SCHEMAS`.
    """

    method: str
    path: str
    operation: str
    answer: str | None
    permission: Permission
    octets: bool = False  # the body, or the answer to a GET, are rows (ddns.model.rows)

    def named(self) -> list[str]:
        """Return the names of the arguments in the path."""
        return [part[1:-1] for part in self.path.split("/") if part.startswith("{")]

    def match(self, path: str) -> dict[str, str] | None:
        """Return the arguments in a request's path, or None if it is not this route's."""
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
        """Return the path of a call, and the arguments that are not in it."""
        rest = dict(arguments)
        parts = [
            quote(str(rest.pop(part[1:-1])), safe="") if part.startswith("{") else part
            for part in self.path.split("/")
        ]
        return "/".join(parts), rest


_MACHINE, _OPERATOR = Permission.MACHINE, Permission.OPERATOR
_ACCOUNT, _ANYBODY = Permission.ACCOUNT, Permission.ANYBODY

ROUTES = (
    Route("GET", "/v1/zones", "zone_list", "Zones", _ACCOUNT),
    Route("POST", "/v1/zones", "zone_add", "Zone", _OPERATOR),
    Route("GET", "/v1/zones/{origin}", "zone_show", "WholeZone", _ACCOUNT),
    Route("PATCH", "/v1/zones/{origin}", "zone_set", "Zone", _ACCOUNT),
    Route("DELETE", "/v1/zones/{origin}", "zone_remove", "Zone", _OPERATOR),
    Route("POST", "/v1/zones/{origin}/rows", "zone_import", "Imported", _OPERATOR, octets=True),
    Route("GET", "/v1/zones/{origin}/rows", "zone_scan", None, _ACCOUNT, octets=True),
    Route("GET", "/v1/zones/{origin}/history", "zone_history", "ZoneHistory", _ACCOUNT),
    Route("GET", "/v1/zones/{origin}/records", "record_list", "ZoneRecords", _ACCOUNT),
    Route("POST", "/v1/zones/{origin}/undo", "zone_undo", "Undone", _ACCOUNT),
    Route("GET", "/v1/zones/{origin}/invitations", "invitation_list", "Invitations", _ACCOUNT),
    Route("POST", "/v1/zones/{origin}/invitations", "invitation_add", "NewInvitation", _ACCOUNT),
    Route(
        "DELETE",
        "/v1/zones/{origin}/invitations/{number}",
        "invitation_revoke",
        "Invitation",
        _ACCOUNT,
    ),
    Route("POST", "/v1/memberships", "invitation_redeem", "Zone", _ACCOUNT),
    Route("GET", "/v1/zones/{origin}/members", "member_list", "Members", _ACCOUNT),
    Route("DELETE", "/v1/zones/{origin}/members/{account}", "member_remove", "Member", _ACCOUNT),
    Route("GET", "/v1/accounts", "account_list", "Accounts", _OPERATOR),
    Route("POST", "/v1/accounts", "account_add", "Account", _OPERATOR),
    Route("PATCH", "/v1/accounts/{name}", "account_set", "AccountLimit", _OPERATOR),
    Route("GET", "/v1/accounts/{name}", "account_show", "WholeAccount", _ACCOUNT),
    Route("DELETE", "/v1/accounts/{name}", "account_remove", "Account", _OPERATOR),
    Route("POST", "/v1/accounts/{name}/block", "account_block", "Account", _OPERATOR),
    Route("DELETE", "/v1/accounts/{name}/block", "account_unblock", "Account", _OPERATOR),
    Route(
        *("DELETE", "/v1/accounts/{name}/second_factor", "second_factor_remove", "Account"),
        _OPERATOR,
    ),
    Route("PUT", "/v1/accounts/{name}/email", "email_set", "Account", _OPERATOR),
    Route("PUT", "/v1/accounts/{name}/password", "password_set", "Account", _OPERATOR),
    Route("GET", "/v1/accounts/{name}/export", "account_export", "Export", _ACCOUNT),
    Route("PATCH", "/v1/account", "account_change", "Account", _ACCOUNT),
    Route("POST", "/v1/accounts/{name}/leave", "account_leave", "Account", _ACCOUNT),
    Route("POST", "/v1/registrations", "register", "Address", _ANYBODY),
    Route("POST", "/v1/confirmations", "confirm", "Account", _ANYBODY),
    Route("POST", "/v1/sessions", "log_in", "Session", _ANYBODY),
    Route("POST", "/v1/sessions/code", "log_in_code", "Session", _ANYBODY),
    Route("GET", "/v1/sessions", "session_list", "Sessions", _ACCOUNT),
    Route("DELETE", "/v1/sessions", "session_close_others", "SessionsClosed", _ACCOUNT),
    Route("DELETE", "/v1/sessions/{id}", "session_close", "SessionClosed", _ACCOUNT),
    Route("DELETE", "/v1/session", "log_out", "LoggedOut", _ACCOUNT),
    Route("GET", "/v1/second_factor", "second_factor_show", "SecondFactor", _ACCOUNT),
    Route("POST", "/v1/totp", "totp_add", "NewTotp", _ACCOUNT),
    Route("POST", "/v1/totp/confirm", "totp_confirm", "FirstCodes", _ACCOUNT),
    Route("POST", "/v1/totp/disable", "totp_disable", "SecondFactor", _ACCOUNT),
    Route("POST", "/v1/recovery_codes", "recovery_codes_add", "RecoveryCodes", _ACCOUNT),
    Route("POST", "/v1/passkeys/options", "passkey_options", "PasskeyOptions", _ACCOUNT),
    Route("POST", "/v1/passkeys", "passkey_add", "NewPasskey", _ACCOUNT),
    Route("GET", "/v1/passkeys", "passkey_list", "Passkeys", _ACCOUNT),
    Route("DELETE", "/v1/passkeys/{number}", "passkey_remove", "Passkey", _ACCOUNT),
    Route(
        "POST", "/v1/passkey_logins/options", "passkey_login_options", "PasskeyOptions", _ANYBODY
    ),
    Route("POST", "/v1/passkey_logins", "passkey_log_in", "Session", _ANYBODY),
    Route("POST", "/v1/email", "email_change", "Address", _ACCOUNT),
    Route("POST", "/v1/password", "password_change", "Session", _ACCOUNT),
    Route("POST", "/v1/password/requests", "password_reset_request", "Requested", _ANYBODY),
    Route("POST", "/v1/password/resets", "password_reset", "Account", _ANYBODY),
    Route("GET", "/v1/keys", "key_list", "Keys", _ACCOUNT),
    Route("POST", "/v1/keys", "key_add", "NewKey", _ACCOUNT),
    Route("POST", "/v1/keys/{number}/disable", "key_disable", "Key", _ACCOUNT),
    Route("POST", "/v1/keys/{number}/enable", "key_enable", "Key", _ACCOUNT),
    Route("POST", "/v1/keys/{number}/regenerate", "key_regenerate", "NewKey", _ACCOUNT),
    Route("DELETE", "/v1/keys/{number}", "key_revoke", "Key", _ACCOUNT),
    Route("GET", "/v1/acme_dns", "acme_dns_list", "AcmeDnsRegistrations", _ACCOUNT),
    Route("POST", "/v1/acme_dns", "acme_dns_add", "NewAcmeDnsRegistration", _ACCOUNT),
    Route("PATCH", "/v1/acme_dns/{subdomain}", "acme_dns_set", "AcmeDnsRegistration", _ACCOUNT),
    Route("DELETE", "/v1/acme_dns/{subdomain}", "acme_dns_remove", "AcmeDnsRegistration", _ACCOUNT),
    Route("GET", "/v1/hosts", "host_list", "Hosts", _ACCOUNT),
    Route("POST", "/v1/hosts", "host_add", "Host", _ACCOUNT),
    Route("POST", "/v1/host_imports", "host_import", "ImportedHosts", _ACCOUNT),
    Route("GET", "/v1/hosts/{name}", "host_show", "WholeHost", _ACCOUNT),
    Route("PATCH", "/v1/hosts/{name}", "host_set", "Host", _ACCOUNT),
    Route("DELETE", "/v1/hosts/{name}", "host_remove", "Host", _ACCOUNT),
    Route("GET", "/v1/hosts/{name}/history", "host_history", "History", _ACCOUNT),
    Route("GET", "/v1/hosts/{name}/diagnosis", "host_diagnosis", "HostDiagnosis", _ACCOUNT),
    Route("GET", "/v1/notices", "notice_show", "NoticeTerms", _ACCOUNT),
    Route("PATCH", "/v1/notices", "notice_set", "NoticeTerms", _ACCOUNT),
    Route("POST", "/v1/notices/targets", "notice_target_add", "NewNoticeTarget", _ACCOUNT),
    Route(
        *("DELETE", "/v1/notices/targets/{number}", "notice_target_remove", "NoticeTarget"),
        _ACCOUNT,
    ),
    Route("POST", "/v1/notices/off", "notice_off", "NoticeOff", _ANYBODY),
    Route("GET", "/v1/hosts/{name}/relays", "relay_list", "Relays", _ACCOUNT),
    Route("POST", "/v1/hosts/{name}/relays", "relay_add", "NewRelay", _ACCOUNT),
    Route("POST", "/v1/relays/{number}/retry", "relay_retry", "Relay", _ACCOUNT),
    Route("DELETE", "/v1/relays/{number}", "relay_remove", "Relay", _ACCOUNT),
    Route("POST", "/v1/records", "record_set", "RRset", _ACCOUNT),
    Route("POST", "/v1/records/check", "record_check", "CheckedRecords", _ACCOUNT),
    Route("GET", "/v1/records/{owner}", "record_show", "Records", _ACCOUNT),
    Route("DELETE", "/v1/records/{owner}", "record_delete", "Deleted", _ACCOUNT),
    Route("POST", "/v1/backup", "backup", "Backup", _MACHINE),
    Route("POST", "/v1/backup/key", "backup_key", "KeyCopy", _MACHINE),
    Route("GET", "/v1/requests", "request_list", "SeenRequests", _OPERATOR),
    Route("GET", "/v1/secondaries", "secondary_list", "Secondaries", _OPERATOR),
    Route("GET", "/v1/samples", "sample_list", "Samples", _OPERATOR),
    Route("GET", "/v1/check", "check", "Check", _OPERATOR),
    Route("GET", "/v1/status", "status", "Status", _OPERATOR),
    Route("POST", "/v1/certificate/renew", "certificate_renew", "Certificate", _OPERATOR),
    Route("POST", "/v1/reload", "reload", "Reloaded", _OPERATOR),
)

BY_OPERATION = {route.operation: route for route in ROUTES}


def find(method: str, path: str) -> tuple[Route, dict[str, str]] | None:
    """Return the route of a request and the arguments in its path."""
    for route, found in _matching(path):
        if route.method == method:
            return route, found
    return None


def methods(path: str) -> list[str]:
    """Return the methods that a path has, none for an unknown path."""
    found = [route.method for route, _ in _matching(path)]
    return [*(["HEAD"] if "GET" in found else []), *found]


def _matching(path: str) -> list[tuple[Route, dict[str, str]]]:
    """Return the routes of a path. One without arguments goes before those that have some."""
    found = [(route, named) for route in ROUTES if (named := route.match(path)) is not None]
    return [(route, named) for route, named in found if not named] or found
