"""nsupdate.info, /nic/delete: the host's address of one family is removed, whatever it is.

Its /nic/update is dyndns2 with the host as user name.
"""

from __future__ import annotations

from ddns.dialects.base import Reply, Request, answer
from ddns.dialects.dyndns2 import reply_in_words
from ddns.dialects.parsing import basic_or_query_credentials, update_of
from ddns.model import records
from ddns.model.update import OFFLINE, SUCCESSES, Outcome, Remove, Status, Update, change_of


class NsupdateInfo:
    """The dialect of /nic/delete."""

    name = "nsupdate.info"
    paths = ("/nic/delete",)
    loggable = frozenset({"hostname", "myip"})

    def parse(self, request: Request) -> Update | Outcome:
        credentials = basic_or_query_credentials(request)
        user = credentials.user.strip() if credentials else ""
        host = request.args.get("hostname", "").strip() or (user if "." in user else "")
        number = _type(request)
        edits = () if number is None else (Remove(number),)
        refusal = Status.BADADDRESS if number is None else None
        return update_of(
            request,
            self.name,
            credentials,
            (change_of(host, edits),) if host else (),
            said=OFFLINE,
            refusal=refusal if host else Status.MISSING,
        )

    def render(self, request: Request, outcome: Outcome) -> Reply:
        if outcome.refusal is not None or any(
            result.status not in SUCCESSES for result in outcome.results
        ):
            return reply_in_words(request, outcome)
        number = _type(request)
        assert number is not None
        return answer(outcome, f"deleted {records.type_to_text(number)}\n")


def _type(request: Request) -> int | None:
    """Return the type of the record to be removed, which any address of its family tells."""
    address = records.address_from_text(request.args.get("myip", "").strip() or request.peer)
    return None if address is None else records.address_type(address)
