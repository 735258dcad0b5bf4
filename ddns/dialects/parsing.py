"""From requests to updates: what dialects read in the same way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import overload

from ddns.dialects.addresses import (
    Parameters,
    given_edits,
    host_address,
    own_address,
    said_of,
    set_address,
)
from ddns.dialects.base import Request, asked_host
from ddns.model import names
from ddns.model.records import CNAME
from ddns.model.update import (
    ChallengeResponse,
    Change,
    Credentials,
    Edit,
    Remove,
    Replace,
    Status,
    Update,
    change_of,
)


def account_of(text: str) -> str:
    """Return the account that a query or form names. No name has a space in it: it was a ``+`` that
    the client did not escape."""
    return text.replace(" ", "+")


def query_credentials(args: Mapping[str, str]) -> Credentials | None:
    """Return the credentials of a query or form, by the names that most clients have for them."""
    user, secret = args.get("username", ""), args.get("password", "")
    if not (user or secret):
        user, secret = args.get("user", ""), args.get("pass", "")
    return Credentials(account_of(user), secret) if user or secret else None


def basic_or_query_credentials(request: Request) -> Credentials | None:
    """Return the credentials of a Basic header, or of the query where it is absent or empty."""
    basic = request.credentials
    if basic is not None and (basic.user or basic.secret):
        return basic
    return query_credentials(request.args) or basic


def key_alone(secret: str) -> Credentials | None:
    """Return the credentials of a client that has a key, but no user name; None without a key."""
    return Credentials("", secret, nameless=True) if secret else None


def merged(request: Request) -> Mapping[str, str]:
    """Return the parameters of query, form and path, which have different names."""
    return {**request.args, **request.parameters} if request.parameters else request.args


MAX_TEXT = 1000
"""Octets of a text that a client may set: more than anybody verifies a name with."""


def txt_rdata(text: str) -> bytes | None:
    """Return the rdata of a TXT record, strings of up to 255 octets (RFC 1035 3.3.14); None for a
    text that is too long."""
    octets = text.encode("utf-8", "surrogateescape")
    if len(octets) > MAX_TEXT:
        return None
    pieces = [octets[start : start + 255] for start in range(0, len(octets), 255)] or [b""]
    return b"".join(bytes((len(piece),)) + piece for piece in pieces)


def only_host(args: Mapping[str, str], name: str) -> list[str]:
    """Return the host that a parameter names, in a list that is empty without one."""
    host = args.get(name, "").strip()
    return [host] if host else []


def full_name(label: str, domain: str) -> str:
    """Return the name of a host of a domain. ``@``, and no label, are the domain itself, and a
    whole name stays as it is.

    >>> full_name("home", "example.net"), full_name("a.example.net", "example.net")
    ('home.example.net', 'a.example.net')
    """
    if label in ("", "@", domain):
        return domain
    return label if not domain or label.endswith(f".{domain}") else f"{label}.{domain}"


def asked_domain(request: Request) -> str:
    """Return the domain whose hosts a client names in short: that of the Host header, as
    www.duckdns.org has the hosts of duckdns.org; empty for an address and for a label alone."""
    domain = asked_host(request).removeprefix("www.")
    is_name = "." in domain and not domain.rpartition(".")[2].isdigit()
    return domain if is_name else ""


def key_of(host: str) -> str:
    """Return what is the same for all ways to write a host, with its wildcard or without."""
    return host.removeprefix("*.").rstrip(".").lower()


@dataclass(frozen=True)
class ListedChanges(Sequence[Change]):
    """The changes of a list of hosts, where ``*.host`` stands for a host with its wildcard.

    :param wildcard: ``ON`` makes ``*.host`` an alias of each host, ``OFF`` removes that.
    :param own: the edits of hosts, by their :func:`key_of`, that have others than the rest.

    Each is made when it is asked for: a request holds thousands of names, and nobody has to be
    authenticated to send it.
    """

    hosts: Sequence[str]
    edits: tuple[Edit, ...]
    wildcard: str = ""
    own: Mapping[str, tuple[Edit, ...]] = field(default_factory=dict)

    def are_whole(self) -> bool:
        """Return whether there are hosts, each by its whole name."""
        return bool(self.hosts) and all("." in host for host in self.hosts)

    def __len__(self) -> int:
        return len(self.hosts)

    @overload
    def __getitem__(self, index: int) -> Change: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Change]: ...
    def __getitem__(self, index: int | slice) -> Change | Sequence[Change]:
        if isinstance(index, slice):
            return tuple([self._change(host) for host in self.hosts[index]])
        return self._change(self.hosts[index])

    def _change(self, host: str) -> Change:
        bare = host.removeprefix("*.")
        edits = self.own.get(key_of(host), self.edits) if self.own else self.edits
        try:
            name = names.host_from_text(bare)
        except names.BadName:
            return Change(host, None, edits)
        if bare != host or self.wildcard == "ON":
            edits = (*edits, Replace(CNAME, (name,), names.WILDCARD))
        elif self.wildcard == "OFF":
            edits = (*edits, Remove(CNAME, names.WILDCARD))
        return Change(host, name, edits)


def update_of(
    request: Request,
    dialect: str,
    credentials: Credentials | ChallengeResponse | None,
    changes: Sequence[Change],
    *,
    said: str = "",
    refusal: Status | None = None,
    within: str | None = None,
) -> Update:
    """Return the update of a request; see :class:`ddns.model.update.Update`.

    :param said: what the client said of addresses.
    """
    if isinstance(changes, ListedChanges) and changes.are_whole():
        within = None  # or a key would be looked up for nothing
    return Update(
        dialect=dialect,
        credentials=credentials,
        changes=changes,
        peer=request.peer,
        at=request.now,
        agent=request.agent,
        refusal=refusal,
        addresses=said,
        within=within,
    )


def update_of_hosts(
    request: Request,
    dialect: str,
    credentials: Credentials | None,
    hosts: Sequence[str],
    addresses: Parameters,
    *,
    within: str | None = None,
) -> Update:
    """Return the update of hosts, by parameters with one address each
    (:func:`ddns.dialects.addresses.given_edits`)."""
    edits = given_edits(addresses, request.peer)
    refusal = Status.BADADDRESS if edits is None else None
    return update_of(
        request,
        dialect,
        credentials,
        ListedChanges(hosts, edits or ()),
        said=said_of(addresses),
        refusal=refusal if hosts else Status.MISSING,
        within=within,
    )


def update_of_one(
    request: Request,
    dialect: str,
    credentials: Credentials | None,
    *,
    refusal: Status | None = None,
    activated: bool = False,
) -> Update:
    """Return the update of a request with one ``host`` and one ``ip``, the client's own by default.

    :param refusal: what else is wrong with the request; it comes first.
    :param activated: see :class:`ddns.model.update.Change`.
    """
    host, text = request.args.get("host", "").strip(), request.args.get("ip", "")
    address = host_address(text) if text.strip() else own_address(request.peer)
    if refusal is None and not host:
        refusal = Status.MISSING
    elif refusal is None and address is None:
        refusal = Status.BADADDRESS
    edits = () if address is None else (set_address(address),)
    changes = (change_of(host, edits, activated=activated),) if host else ()
    return update_of(request, dialect, credentials, changes, said=text.strip(), refusal=refusal)
