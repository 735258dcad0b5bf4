"""DNSExit, /RemoteUpdate.sv: one host, credentials in the query, and a number with its sentence."""

from __future__ import annotations

from ddns.dialects.base import LOGIN_FAILURES, Reply, Request, answer, in_all
from ddns.dialects.parsing import account_of, only_host, update_of_hosts
from ddns.dialects.texts import REFUSALS
from ddns.model.update import SUCCESSES, Credentials, Outcome, Status, Update

_NUMBERS = {
    **dict.fromkeys(LOGIN_FAILURES, 2),
    Status.MISSING: 10,
    **dict.fromkeys((Status.NOHOST, Status.NOTYOURS), 11),
}
_INVALID = 13


class DNSExit:
    """The dialect of /RemoteUpdate.sv. What has not changed is a success, too: inadyn ends at
    DNSExit's own number for it."""

    name = "dnsexit"
    paths = ("/RemoteUpdate.sv",)
    loggable = frozenset({"host", "myip"})

    def parse(self, request: Request) -> Update | Outcome:
        args = request.args
        user, secret = args.get("login", ""), args.get("password", "")
        return update_of_hosts(
            request,
            self.name,
            Credentials(account_of(user), secret) if user or secret else None,
            only_host(args, "host"),
            ((args.get("myip"), None),),
        )

    def render(self, request: Request, outcome: Outcome) -> Reply:
        status = in_all(outcome)
        if status in SUCCESSES:
            return answer(outcome, "0=Success\n")
        return answer(outcome, f"{_NUMBERS.get(status, _INVALID)}={REFUSALS[status]}\n")
