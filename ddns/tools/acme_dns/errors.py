"""What went wrong, in acme-dns's words."""

from __future__ import annotations

import json

from ddns.tools.base import ToolAnswer, ToolError

_CODES = {400: "malformed_json_payload", 401: "forbidden", 403: "forbidden", 404: "not_found"}
_CODES |= {405: "method_not_allowed", 429: "too_many_requests"}


class AcmeDnsError(ToolError):
    """An error for which acme-dns has a ``code``."""

    def __init__(self, status: int, code: str, why: str) -> None:
        super().__init__(status, why)
        self.code = code


def forbidden(why: str = "the user name or the password is wrong") -> AcmeDnsError:
    """Return that credentials are not those of what is asked for."""
    return AcmeDnsError(401, "forbidden", why)


def refusal(error: ToolError) -> ToolAnswer:
    """Return an error as acme-dns answers it, and what it means in words beside it."""
    code = error.code if isinstance(error, AcmeDnsError) else _CODES.get(error.status, "db_error")
    body = json.dumps({"error": code, "message": str(error)})
    return ToolAnswer(error.status, body.encode(), headers=error.headers)
