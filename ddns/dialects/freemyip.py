"""freemyip.com and ddns.fm, /update: one host, a token or key, and OK in the last line."""

from __future__ import annotations

from ddns.dialects.base import Reply, Request, answer_by_status, in_all
from ddns.dialects.parsing import key_alone, only_host, update_of_hosts
from ddns.model.update import SUCCESSES, Outcome, Update


class FreeMyIP:
    """The dialect of /update with ``domain`` and ``token``, or ``key``."""

    name = "freemyip"
    paths = ("/update",)
    loggable = frozenset({"domain", "myip"})

    def claims(self, request: Request) -> bool:
        return "domain" in request.args and not request.args.keys().isdisjoint(("token", "key"))

    def parse(self, request: Request) -> Update | Outcome:
        args = request.args
        credentials = key_alone(args.get("token") or args.get("key", ""))
        addresses = ((args.get("myip"), None),)
        return update_of_hosts(
            request, self.name, credentials, only_host(args, "domain"), addresses
        )

    def render(self, request: Request, outcome: Outcome) -> Reply:
        return answer_by_status(outcome, "OK\n" if in_all(outcome) in SUCCESSES else "ERROR\n")
