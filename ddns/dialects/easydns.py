"""easyDNS, /dyn/generic.php: dyndns2's parameters, and one code for all hosts."""

from __future__ import annotations

from ddns.dialects.addresses import split_list
from ddns.dialects.base import LOGIN_FAILURES, Reply, Request, answer_or_challenge, in_all
from ddns.dialects.dyndns2 import update_of_listed
from ddns.model.update import Outcome, Status, Update

_CODES = {
    **dict.fromkeys((Status.GOOD, Status.NOCHG), "NOERROR NO_ERROR"),
    **dict.fromkeys(LOGIN_FAILURES, "NOACCESS"),
    **dict.fromkeys((Status.NOHOST, Status.NOTYOURS, Status.BLOCKED), "NOSERVICE"),
    **dict.fromkeys((Status.ABUSE, Status.FAILED), "TOOSOON"),
}
"""ddclient reads the first word; ddns-updater looks for the second."""
_INVALID = "ILLEGAL INPUT"


class EasyDNS:
    """The dialect of /dyn/generic.php."""

    name = "easydns"
    paths = ("/dyn/generic.php",)
    loggable = frozenset({"hostname", "myip", "wildcard", "mx", "backmx"})

    def parse(self, request: Request) -> Update | Outcome:
        hosts = split_list(request.args.get("hostname", ""))
        return update_of_listed(request, self.name, hosts)

    def render(self, request: Request, outcome: Outcome) -> Reply:
        return answer_or_challenge(outcome, _CODES.get(in_all(outcome), _INVALID) + "\n")
