"""The first version of FreeDNS's API, /api/?action=getdyndns: a list of hosts with the addresses
that they have and the URL that updates each, which is one of :mod:`ddns.dialects.freedns`.

The client logs in with the SHA-1 of user and password, so the password is a key of a kind of its
own, of which only that is known.
"""

from __future__ import annotations

from urllib.parse import quote

from ddns.dialects.base import Reply, Request, answer_by_status, in_all
from ddns.dialects.freedns import sha_alone
from ddns.dialects.parsing import ListedChanges, update_of
from ddns.dialects.texts import REFUSALS
from ddns.model.update import SUCCESSES, Outcome, Result, Update


class FreeDNSList:
    """The dialect of /api with ``action=getdyndns``."""

    name = "freedns1"
    paths = ("/api",)
    loggable = frozenset({"action", "v"})

    def claims(self, request: Request) -> bool:
        return request.args.get("action") == "getdyndns"

    def parse(self, request: Request) -> Update | Outcome:
        credentials = sha_alone(request.args.get("sha", ""))
        hosts = ListedChanges([""], ())
        return update_of(request, self.name, credentials, hosts, said="preserve", within="")

    def render(self, request: Request, outcome: Outcome) -> Reply:
        status = in_all(outcome)
        if status not in SUCCESSES:
            return answer_by_status(outcome, f"ERROR: {REFUSALS[status]}.\n")
        lines = (line for result in outcome.results for line in _lines(request, result))
        return answer_by_status(outcome, "".join(lines))


def _lines(request: Request, result: Result) -> list[str]:
    """Return a line for each family: clients do not set an address where there is none."""
    host, sha = result.change.host, request.args.get("sha", "").lower()
    server = request.headers.get("host") or "localhost"
    query = f"{quote(sha, errors='replace')}&h={quote(host, errors='replace')}"
    url = f"{'https' if request.secure else 'http'}://{server}/dynamic/update.php?{query}"
    found = {":" in address: address for address in reversed(result.addresses)}
    return [f"{host}|{found.get(is_v6, none)}|{url}\n" for is_v6, none in _NONE.items()]


_NONE = {False: "0.0.0.0", True: "::"}
"""What stands for no address, by whether it is of IPv6."""
