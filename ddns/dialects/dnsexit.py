"""DNSExit, /RemoteUpdate.sv: one host, credentials in the query, and a number with its sentence."""

from __future__ import annotations

from ddns.dialects.base import LOGIN_FAILURES, Reply, Request, answer, in_all
from ddns.dialects.parsing import account_of, only_host, update_of_hosts
from ddns.dialects.texts import REFUSALS
from ddns.model.update import SUCCESSES, Credentials, Outcome, Update

_LOGIN, _INVALID = 2, 13
"""DNSExit has 10 and 11 for hosts, in whose ``10=`` and ``11=`` OpenWrt finds the ``0=`` and ``1=``
of a success."""


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
        number = _LOGIN if status in LOGIN_FAILURES else _INVALID
        return answer(outcome, f"{number}={REFUSALS[status]}\n")
