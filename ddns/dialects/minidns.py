"""miniDNS's /areg.php: one host per request, credentials in the query, a sentence as the answer.

The status of refused credentials is 200 too, because Ralink's firmware never tries again after a
401.
"""

from __future__ import annotations

from ddns.dialects.base import Reply, Request, answer, shown_addresses
from ddns.dialects.parsing import query_credentials, update_of_one
from ddns.model.update import SUCCESSES, Credentials, Outcome, Result, Status, Update

_LOGIN = "auth_fail. Incorrect username/password/hostname."
_FORMAT = "auth_fail. Host name format error."

TEXTS = {
    Status.GOOD: "okay.",
    Status.NOCHG: "okay.",
    Status.UNAUTHENTICATED: _LOGIN,
    Status.BADAUTH: _LOGIN,
    Status.DISABLED: _LOGIN,
    Status.MISSING: _FORMAT,
    Status.NOTFQDN: _FORMAT,
    Status.NOHOST: _LOGIN,
    Status.NOTYOURS: _LOGIN,
    Status.NUMHOST: _FORMAT,
    Status.BADSYS: "auth_fail. Unknown opcode.",
    Status.BADAGENT: "auth_fail. Unknown client.",
    Status.BADREQUEST: "auth_fail. Unknown opcode.",
    Status.BADADDRESS: "auth_fail. IP address not allowed.",
    Status.ABUSE: "auth_fail. Too many changes in too short a time.",
    Status.BLOCKED: "auth_fail. Updates are blocked.",
    Status.FAILED: "auth_fail. The server could not do it.",
}


class MiniDNS:
    """The dialect of /areg.php."""

    name = "minidns"
    paths = ("/areg.php",)
    loggable = frozenset({"opcode", "host", "ip"})

    def parse(self, request: Request) -> Update | Outcome:
        refusal = None
        if request.args.get("opcode", "").strip().upper() != "ADD":
            refusal = Status.BADREQUEST
        return update_of_one(request, self.name, _credentials(request), refusal=refusal)

    def render(self, request: Request, outcome: Outcome) -> Reply:
        if outcome.refusal is not None:
            return answer(outcome, TEXTS[outcome.refusal] + "\n")
        lines = (_line(result, request.peer) + "\n" for result in outcome.results)
        return answer(outcome, "".join(lines))


def _line(result: Result, peer: str) -> str:
    text = TEXTS[result.status]
    if result.status not in SUCCESSES:
        return text
    return f"{text} {result.change.host} mapped to {shown_addresses(result, peer)}."


def _credentials(request: Request) -> Credentials | None:
    """Return the credentials of the query, or else those of a Basic header. The query goes first:
    Ralink's firmware sends an empty header beside it."""
    return query_credentials(request.args) or request.credentials
