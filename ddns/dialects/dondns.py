"""DonDNS, of dondns.dondominio.com: one host per request, answered in JSON, XML or plain text.

The HTTP status is 200 whether an update succeeds or fails, except where it may be tried again: the
answer tells.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from ddns.dialects.base import Reply, Request, answer, shown_addresses
from ddns.dialects.dondns_messages import MESSAGES
from ddns.dialects.parsing import account_of, update_of_one
from ddns.dialects.xml import document, element
from ddns.model.account import KeyKind
from ddns.model.update import SUCCESSES, Credentials, Outcome, Result, Status, Update

VERSION = "2.0"

_NOT_XML = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that no XML document can hold, escaped or not (XML 1.0, 2.2)."""


class DonDNS:
    """The dialect of /json, /xml and /plain."""

    name = "dondns"
    paths = ("/json", "/xml", "/plain")
    loggable = frozenset({"host", "ip", "lang"})

    def parse(self, request: Request) -> Update | Outcome:
        credentials = _credentials(request.args)
        return update_of_one(request, self.name, credentials, activated=True)

    def render(self, request: Request, outcome: Outcome) -> Reply:
        told = _answer(request, outcome)
        match request.path:
            case "/json":
                return answer(outcome, _json(told), "application/json")
            case "/xml":
                return answer(outcome, _xml(told), "application/xml; charset=utf-8")
        return answer(outcome, _plain(told, request.agent))


def _credentials(args: Mapping[str, str]) -> Credentials | None:
    """Return the DonDNS key, which document and clients call now ``apikey``, now ``password``."""
    user, secret = args.get("user", ""), args.get("apikey") or args.get("password", "")
    return Credentials(account_of(user), secret, KeyKind.DONDNS) if user and secret else None


@dataclass(frozen=True, slots=True)
class _Host:
    """The host after its update."""

    name: str
    value: str
    type: str
    updated: bool


@dataclass(frozen=True, slots=True)
class _Answer:
    """The contents of all three forms.

    ``user`` is None unless authenticated, or answers would tell which users exist; ``host`` is None
    unless the update succeeded.
    """

    success: bool
    message: str
    at: str
    user: str | None
    host: _Host | None


def _answer(request: Request, outcome: Outcome) -> _Answer:
    result = next(iter(outcome.results), None)
    status = outcome.refusal or (result.status if result else Status.FAILED)
    success = status in SUCCESSES
    language = "en" if request.args.get("lang", "").strip().lower() == "en" else "es"
    return _Answer(
        success=success,
        message=MESSAGES[status][language],
        at=datetime.fromtimestamp(request.now, UTC).isoformat(timespec="seconds"),
        user=None if outcome.user is None else _clean(account_of(request.args.get("user", ""))),
        host=_host(result, request.peer) if success and result else None,
    )


def _host(result: Result, peer: str) -> _Host:
    value = shown_addresses(result, peer)
    kind = "AAAA" if ":" in value else "A"
    return _Host(_clean(result.change.host), value, kind, result.status is Status.GOOD)


def _clean(text: str) -> str:
    return _NOT_XML.sub("\ufffd", text)


def _json(answer: _Answer) -> str:
    """Render JSON, not escaped to ASCII: scripts look for a message as it is documented."""
    fields: dict[str, Any] = {"success": answer.success, "version": VERSION, "ts": answer.at}
    if answer.user is not None:
        fields["user"] = answer.user
    if answer.host is not None:
        fields["host"] = {
            "name": answer.host.name,
            "value": answer.host.value,
            "type": answer.host.type,
            "updated": answer.host.updated,
        }
    fields["messages"] = [answer.message]
    return json.dumps(fields, ensure_ascii=False) + "\n"


def _xml(answer: _Answer) -> str:
    """Render XML, with ``succces`` for readers of the document's sample, which spells it so."""
    truth = "1" if answer.success else "0"
    kinds, kind = ("informs", "inform") if answer.success else ("errors", "error")
    told = [element(kinds, [element(kind, answer.message)])]
    if answer.user is not None:
        updated = answer.host is not None and answer.host.updated
        user = element("user", answer.user, t=answer.at)
        told.append(element("resData", [user, element("request", success="1" if updated else "0")]))
    if answer.host is not None:
        fields = [element("name", answer.host.name), element("value", answer.host.value)]
        told.append(element("host", fields, type=answer.host.type))
    data = element("data", told, oper="dynamicip", success=truth, succces=truth, version=VERSION)
    return document(data, '<?xml version="1.0" encoding="UTF-8"?>')


def _plain(answer: _Answer, agent: str) -> str:
    """Render plain text. ddclient looks for OK in the last line only, so it gets no other."""
    if not answer.success:
        return f"ERROR\n{answer.message}\n"
    if answer.host is None or not answer.host.updated or agent.startswith("ddclient/"):
        return "OK\n"
    return f"OK\nUPDATE: {answer.host.value}\n"
