"""DNSExit's second protocol, /dns: a key and records of a domain as JSON, and a code in return."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from ddns.dialects.addresses import host_address, own_address, said_of, set_address
from ddns.dialects.base import LOGIN_FAILURES, Reply, Request, answer, in_all
from ddns.dialects.parsing import full_name, key_alone, update_of
from ddns.dialects.texts import REFUSALS
from ddns.model import records
from ddns.model.records import AAAA, A
from ddns.model.update import SUCCESSES, Change, Outcome, Status, Update, change_of

MAX_RECORDS = 20

_TYPES = {"A": A, "AAAA": AAAA}
_CODES = {
    **dict.fromkeys(SUCCESSES, 0),
    **dict.fromkeys(LOGIN_FAILURES, 2),
    Status.BADREQUEST: 4,
    Status.BADSYS: 5,
    **dict.fromkeys((Status.ABUSE, Status.FAILED), 6),
}
_INCOMPLETE = 3


class Refused(Exception):
    """A record cannot be set; ``status`` says why."""

    def __init__(self, status: Status) -> None:
        super().__init__(status.value)
        self.status = status


class DNSExitJSON:
    """The dialect of /dns."""

    name = "dnsexit2"
    paths = ("/dns",)

    def parse(self, request: Request) -> Update | Outcome:
        try:
            given = json.loads(request.body)
            key, domain, wanted = given["apikey"], given["domain"], given["update"]
            listed = [wanted] if isinstance(wanted, dict) else list(wanted)
            asked = [{name: str(record[name]) for name in record} for record in listed]
        except (ValueError, RecursionError, LookupError, TypeError):
            return Outcome(Status.BADREQUEST)
        refusal = None if asked else Status.MISSING
        changes: list[Change] = []
        try:
            changes += _changes(asked, str(domain), request.peer)
        except Refused as refused:
            refusal = refused.status
        said = [(record.get("content", ""), _TYPES.get(record.get("type", ""))) for record in asked]
        credentials = key_alone(str(key))
        return update_of(
            request, self.name, credentials, changes, said=said_of(said), refusal=refusal
        )

    def render(self, request: Request, outcome: Outcome) -> Reply:
        status = in_all(outcome)
        code = _CODES.get(status, _INCOMPLETE)
        message = "Success" if status in SUCCESSES else REFUSALS[status]
        fields: dict[str, Any] = {"code": code, "message": message}  # ddclient: code comes first
        return answer(outcome, json.dumps(fields, separators=(",", ":")) + "\n", "application/json")


def _changes(asked: list[dict[str, str]], domain: str, peer: str) -> Iterator[Change]:
    """Yield a change for each record.

    :raises Refused: for records that are no addresses, and for too many.
    """
    if len(asked) > MAX_RECORDS:
        raise Refused(Status.NUMHOST)
    for record in asked:
        family = _TYPES.get(record.get("type", ""))
        if family is None:
            raise Refused(Status.BADSYS)
        text = record.get("content", "").strip()
        address = host_address(text) if text else own_address(peer)
        if address is None or records.address_type(address) != family:
            raise Refused(Status.BADADDRESS)
        yield change_of(full_name(record.get("name", ""), domain), (set_address(address),))
