"""IPv64.net, /nic/update with ``domain``: dyndns2's words, and a key alone."""

from __future__ import annotations

from ddns.dialects.addresses import Parameters, address_edits, said_of, split_list
from ddns.dialects.base import Reply, Request
from ddns.dialects.dyndns2 import reply_in_words
from ddns.dialects.parsing import ListedChanges, full_name, key_alone, update_of
from ddns.model.records import AAAA, A
from ddns.model.update import PREFIX, Outcome, Status, Update

_KEYS = ("key", "token")


class IPv64:
    """The dialect of /nic/update with ``domain``, and ``key`` or ``token``."""

    name = "ipv64"
    paths = ("/nic/update",)
    loggable = frozenset({"domain", "praefix", "ip", "ip6", "ipv6", "ipv6prefix"})

    def claims(self, request: Request) -> bool:
        return "domain" in request.args and not request.args.keys().isdisjoint(_KEYS)

    def parse(self, request: Request) -> Update | Outcome:
        args = request.args
        prefix = args.get("praefix", "").strip()
        hosts = [full_name(prefix, domain) for domain in split_list(args.get("domain", ""))]
        addresses: Parameters = (
            (args.get("ip") or None, A),
            (args.get("ip6") or args.get("ipv6") or None, AAAA),
            (args.get("ipv6prefix"), PREFIX),
        )
        edits = address_edits(addresses, request.peer)
        refusal = Status.BADADDRESS if edits is None else None
        return update_of(
            request,
            self.name,
            key_alone(next((args[name] for name in _KEYS if args.get(name)), "")),
            ListedChanges(hosts, edits or ()),
            said=said_of(addresses),
            refusal=refusal if hosts else Status.MISSING,
        )

    def render(self, request: Request, outcome: Outcome) -> Reply:
        return reply_in_words(request, outcome)
