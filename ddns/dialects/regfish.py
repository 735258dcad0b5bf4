"""regfish, / at dyndns.regfish.de: one host, a token, addresses, and three fields as the answer."""

from __future__ import annotations

from ddns.dialects.base import LOGIN_FAILURES, Reply, Request, answer, in_all
from ddns.dialects.parsing import key_alone, only_host, update_of_hosts
from ddns.dialects.texts import REFUSALS
from ddns.model.records import AAAA, A
from ddns.model.update import Outcome, Status, Update


class Regfish:
    """The dialect of / with ``fqdn``."""

    name = "regfish"
    paths = ("/",)
    loggable = frozenset({"fqdn", "ipv4", "ipv6", "thishost", "forcehost"})

    def claims(self, request: Request) -> bool:
        return "fqdn" in request.args

    def parse(self, request: Request) -> Update | Outcome:
        args = request.args
        return update_of_hosts(
            request,
            self.name,
            key_alone(args.get("token", "")),
            only_host(args, "fqdn"),
            ((args.get("ipv4"), A), (args.get("ipv6"), AAAA)),
        )

    def render(self, request: Request, outcome: Outcome) -> Reply:
        match in_all(outcome):
            case Status.GOOD:
                return answer(outcome, "success|100|update succeeded!\n")
            case Status.NOCHG:
                return answer(outcome, "success|101|no update needed at this time..\n")
            case status:
                number = 401 if status in LOGIN_FAILURES else 400
                return answer(outcome, f"error|{number}|{REFUSALS[status]}\n")
