"""ChangeIP, /nic/update: dyndns2 in all but the answer, as far as ddclient is concerned.

Nothing in the request tells it from dyndns2, except that ddclient never calls the address ``ip``
there, and that OpenWrt sends a ``cmd``.
"""

from __future__ import annotations

from ddns.dialects.base import Reply, Request, answer, in_all
from ddns.dialects.dyndns2 import DynDNS2
from ddns.model.update import SUCCESSES, Outcome


class ChangeIP(DynDNS2):
    """The dialect of /nic/update with ``ip``, from ddclient or with ``cmd``."""

    name = "changeip"
    paths = ("/nic/update",)

    def claims(self, request: Request) -> bool:
        args = request.args
        marked = "cmd" in args or request.agent.startswith("ddclient/")
        return marked and "ip" in args and "myip" not in args

    def render(self, request: Request, outcome: Outcome) -> Reply:
        if in_all(outcome) in SUCCESSES:
            return answer(outcome, "200 Successful Update\n")
        return super().render(request, outcome)
