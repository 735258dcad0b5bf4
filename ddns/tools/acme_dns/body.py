"""What acme-dns's clients send."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ddns.tools.base import ToolError, ToolRequest


def members_of(request: ToolRequest) -> Mapping[str, Any]:
    """Return the members of a request's JSON object by their names in lower case.

    Case does not count, as it does not for acme-dns: goacmedns, by which lego and cert-manager
    speak, sends ``SubDomain``, ``Txt`` and ``AllowFrom``.

    :raises ToolError: when the body is no such object.
    """
    given = request.json_object()
    members = {name.lower(): value for name, value in given.items()}
    if len(members) < len(given):
        raise ToolError(400, "a name stands twice in the body")
    return members
