"""Namecheap, /update at dynamicdns.park-your-domain.com: a host of a domain, and an XML document.

The HTTP status is 200 for errors, too, except where it may be tried again: ``ErrCount`` tells.
"""

from __future__ import annotations

from ddns.dialects.base import LOGIN_FAILURES, Reply, Request, answer, in_all, shown_addresses
from ddns.dialects.parsing import full_name, key_alone, update_of_hosts
from ddns.dialects.texts import REFUSALS
from ddns.dialects.xml import Lines, document, element
from ddns.model.update import SUCCESSES, Outcome, Status, Update

_LOGIN, _HOST, _REQUEST = "304156", "380091", "316153"
_NUMBERS = {
    **dict.fromkeys(LOGIN_FAILURES, _LOGIN),
    **dict.fromkeys((Status.NOHOST, Status.NOTYOURS), _HOST),
}
"""Namecheap's numbers of errors, as far as they are known; the others are invalid requests."""


class Namecheap:
    """The dialect of /update with ``domain`` and ``password``."""

    name = "namecheap"
    paths = ("/update",)
    loggable = frozenset({"host", "domain", "ip"})

    def claims(self, request: Request) -> bool:
        return "domain" in request.args and "password" in request.args

    def parse(self, request: Request) -> Update | Outcome:
        args = request.args
        label, domain = args.get("host", "").strip(), args.get("domain", "").strip()
        return update_of_hosts(
            request,
            self.name,
            key_alone(args.get("password", "")),
            [full_name(label, domain)] if domain else [],
            ((args.get("ip"), None),),
        )

    def render(self, request: Request, outcome: Outcome) -> Reply:
        status = in_all(outcome)
        fields = {"Command": "SETDNSHOST", "Language": "eng"}
        if status in SUCCESSES:
            for result in outcome.results:
                fields["IP"] = shown_addresses(result, request.peer)
            told = _elements(fields | {"ErrCount": "0", "ResponseCount": "0"})
        else:
            number = _NUMBERS.get(status, _REQUEST)
            response = {"ResponseNumber": number, "ResponseString": REFUSALS[status]}
            told = [
                *_elements(fields | {"ErrCount": "1"}),
                element("errors", _elements({"Err1": REFUSALS[status]})),
                element("ResponseCount", "1"),
                element("responses", [element("response", _elements(response))]),
            ]
        root = element("interface-response", [*told, *_elements({"Done": "true", "debug": ""})])
        return answer(outcome, document(root), "application/xml; charset=utf-8")


def _elements(fields: dict[str, str]) -> list[Lines]:
    return [element(tag, text) for tag, text in fields.items()]
