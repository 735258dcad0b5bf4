"""dyndns.org's first protocol, /nic/dyndns, which DSLReports and others had as well: three lines of
which clients read the codes."""

from __future__ import annotations

from ddns.dialects.addresses import split_list
from ddns.dialects.base import Reply, Request, answer_or_challenge, in_all
from ddns.dialects.dyndns2 import WORDS, update_of_listed
from ddns.dialects.texts import REFUSALS
from ddns.model.update import SUCCESSES, Outcome, Status, Update


class DynDNS1:
    """The dialect of /nic/dyndns and /nic/statdns."""

    name = "dyndns1"
    paths = ("/nic/dyndns", "/nic/statdns")
    loggable = frozenset({"action", "host_id", "myip", "wildcard", "mx", "backmx"})

    def parse(self, request: Request) -> Update | Outcome:
        hosts = split_list(request.args.get("host_id", ""))
        is_edit = request.args.get("action", "edit") == "edit"
        refusal = None if is_edit else Status.BADREQUEST
        return update_of_listed(request, self.name, hosts, refusal)

    def render(self, request: Request, outcome: Outcome) -> Reply:
        status = in_all(outcome)
        if status in SUCCESSES:
            title, returned, error = "Update complete", "NOERROR", "NOERROR"
        else:
            title, returned, error = REFUSALS[status], "ERROR", WORDS[status].upper()
        text = f"<TITLE>{title}</TITLE>\nreturn code: {returned}\nerror code: {error}\n"
        return answer_or_challenge(outcome, text)
