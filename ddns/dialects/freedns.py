"""FreeDNS, of freedns.afraid.org: a key that tells the host, too, and a sentence as the answer.

A key here has to be limited to the hosts that it updates. Clients of the first version of its API
(:mod:`ddns.dialects.freedns_v1`) send a hash instead, and the host.
"""

from __future__ import annotations

from ddns.dialects.addresses import split_list
from ddns.dialects.base import (
    LOGIN_FAILURES,
    Reply,
    Request,
    answer_by_status,
    answer_or_challenge,
    in_all,
    shown_addresses,
)
from ddns.dialects.parsing import (
    basic_or_query_credentials,
    key_alone,
    merged,
    update_of_hosts,
)
from ddns.dialects.texts import REFUSALS
from ddns.model.account import KeyKind
from ddns.model.update import SUCCESSES, Credentials, Outcome, Result, Status, Update

SHA = 40
"""Hexadecimal digits, more than the letters of any key."""


class FreeDNS:
    """The dialect of /dynamic/update.php and /u, where a user may name hosts as well."""

    name = "freedns"
    paths = ("/dynamic/update.php", "/u/{key}", "/u")
    loggable = frozenset({"address", "myip", "ip", "h"})

    def parse(self, request: Request) -> Update | Outcome:
        args = request.args
        given = args.get("address") or args.get("myip") or args.get("ip")
        if request.path == "/u":
            credentials, hosts = basic_or_query_credentials(request), split_list(args.get("h", ""))
        else:
            key = _key(request)
            credentials = sha_alone(key) if len(key) == SHA else key_alone(key)
            hosts = split_list(args.get("h", "")) or [""]
        return update_of_hosts(request, self.name, credentials, hosts, ((given, None),), within="")

    def render(self, request: Request, outcome: Outcome) -> Reply:
        status = in_all(outcome)
        if status not in SUCCESSES:
            text = f"ERROR: {REFUSALS[status]}.\n"
            if request.path == "/u" and outcome.refusal in LOGIN_FAILURES:
                return answer_or_challenge(outcome, text)
            return answer_by_status(outcome, text)
        lines = (_line(result, request.peer) + "\n" for result in outcome.results)
        return answer_by_status(outcome, "".join(lines))


def sha_alone(sha: str) -> Credentials | None:
    """Return the credentials of a client of the first version, which sends nothing but the SHA-1 of
    user name and secret; None without it."""
    return Credentials("", sha.lower(), KeyKind.FREEDNS, nameless=True) if sha else None


def _key(request: Request) -> str:
    """Return the key: part of the path, or the name of a parameter without a value."""
    bare = (name for name, value in request.args.items() if not value)
    return merged(request).get("key") or next(bare, "")


def _line(result: Result, peer: str) -> str:
    host, addresses = result.change.host, shown_addresses(result, peer)
    if result.status is Status.GOOD:
        return f"Updated {host} to {addresses}"
    return f"No IP change detected for {host} with IP {addresses}, skipping update"
