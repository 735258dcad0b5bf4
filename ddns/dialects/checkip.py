"""Pages that tell a client its own address: Dyn's check page, and the bare text."""

from __future__ import annotations

from ddns.dialects.base import Reply, Request
from ddns.model.update import Outcome, Update


class CheckIP:
    """The dialect of /checkip and /ip, which never updates anything."""

    name = "checkip"
    paths = ("/checkip", "/ip", "/myip")

    def parse(self, request: Request) -> Update | Outcome:
        return Outcome()

    def render(self, request: Request, outcome: Outcome) -> Reply:
        # The pages of other sites may show it: it is nothing that they could not find out.
        headers = {"Access-Control-Allow-Origin": "*"}
        if request.path.rstrip("/") == "/checkip":
            return Reply(
                "<html><head><title>Current IP Check</title></head>"
                f"<body>Current IP Address: {request.peer}</body></html>\r\n",
                content_type="text/html; charset=utf-8",
                headers=headers,
            )
        return Reply(f"{request.peer}\n", headers=headers)
