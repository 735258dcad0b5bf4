"""Hurricane Electric, /nic/update at dyn.dns.he.net: dyndns2 with a password for each host in the
query, and TXT records.

A host whose name begins with ``_acme-challenge`` is that label of the host below which it stands.
Requests with a Basic header, and without TXT, are those of dyndns2.
"""

from __future__ import annotations

from collections.abc import Mapping

from ddns.dialects.addresses import Parameters, address_edits, said_of
from ddns.dialects.base import Reply, Request
from ddns.dialects.dyndns2 import reply_in_words
from ddns.dialects.parsing import basic_or_query_credentials, key_alone, txt_rdata, update_of
from ddns.model import names
from ddns.model.records import TXT
from ddns.model.update import Credentials, Edit, Outcome, Replace, Status, Update, change_of

_CHALLENGE = names.ACME[1:].decode() + "."


class HurricaneElectric:
    """The dialect of /nic/update with a password and no user, or with ``txt``."""

    name = "he"
    paths = ("/nic/update",)
    loggable = frozenset({"hostname", "myip", "txt"})

    def claims(self, request: Request) -> bool:
        args = request.args
        return "txt" in args or ("password" in args and _is_alone(args) and not _has_user(request))

    def parse(self, request: Request) -> Update | Outcome:
        args = request.args
        host, prefix = args.get("hostname", "").strip(), b""
        addresses: Parameters = ((args.get("myip"), None),)
        if "txt" in args:
            addresses = ()
            if host.lower().startswith(_CHALLENGE):
                host, prefix = host[len(_CHALLENGE) :], names.ACME
            edits = _text_edits(args["txt"], prefix)
        else:
            edits = address_edits(addresses, request.peer)
        refusal = Status.BADADDRESS if edits is None else None
        return update_of(
            request,
            self.name,
            _credentials(request),
            (change_of(host, edits or ()),) if host else (),
            said=said_of(addresses),
            refusal=refusal if host else Status.MISSING,
        )

    def render(self, request: Request, outcome: Outcome) -> Reply:
        return reply_in_words(request, outcome)


def _text_edits(text: str, prefix: bytes) -> tuple[Edit, ...] | None:
    rdata = txt_rdata(text)
    return None if rdata is None else (Replace(TXT, (rdata,), prefix),)


def _is_alone(args: Mapping[str, str]) -> bool:
    """Return whether the query has no user beside its password."""
    return not (args.get("username") or args.get("user"))


def _has_user(request: Request) -> bool:
    return request.credentials is not None and bool(request.credentials.user)


def _credentials(request: Request) -> Credentials | None:
    if _is_alone(request.args) and not _has_user(request):
        return key_alone(request.args.get("password", "")) or request.credentials
    return basic_or_query_credentials(request)
