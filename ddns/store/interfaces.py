"""What a store promises. Each implementation passes tests/store/contract.py.

Work is brought to the data: a caller hands over a function of a transaction, the store runs it in
commit order against committed rows, makes its changes durable together with those of its
neighbours, and only then fires the Deferred. So decisions stay pure functions elsewhere, and a
store needs to know nothing of dialects or policy.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from twisted.internet.defer import Deferred
from zope.interface import Interface

from ddns.model.account import Account, Host, Key, PendingToken, ZoneInfo
from ddns.model.journal import Author, Event
from ddns.model.records import RRset
from ddns.model.registration import Invitation, Member, Released
from ddns.model.request_log import LoggedRequest, RequestEntry
from ddns.model.rows import Row
from ddns.store.results import Checked, Copied, StagedResult
from ddns.store.stats import StoreStats

T = TypeVar("T")


class StoreError(Exception):
    """The store could not do it and nothing was changed; ``str()`` is one line for an operator."""


class StoreClosed(StoreError):
    """The store has been closed, or was never opened."""


@dataclass(frozen=True, slots=True)
class Committed(Generic[T]):
    """``value`` is what the work returned; ``zones`` are the origins whose data it changed."""

    value: T
    zones: frozenset[bytes]


class IReading(Interface):
    """What can be read within one consistent view. All methods are synchronous.

    SOA rdata has serial 0 everywhere in a store; the zone's serial is in its ZoneInfo and in
    events.
    """

    def zone(origin: bytes) -> ZoneInfo | None:
        """The zone with this origin."""

    def zone_of(name: bytes) -> ZoneInfo | None:
        """The zone that a name lies in: the one with the longest matching origin."""

    def zones() -> list[ZoneInfo]:
        """All zones in the order of their origins."""

    def account(name: str) -> Account | None:
        """An account."""

    def account_by_email(email: str) -> Account | None:
        """The account with this e-mail address, in upper or lower case."""

    def pending(digest: bytes) -> PendingToken | None:
        """What waits for the token with this SHA-256, be it too late or not."""

    def count_pending_tokens() -> int:
        """How many of them there are."""

    def accounts() -> list[Account]:
        """All accounts in the order of their names."""

    def key(number: int) -> Key | None:
        """A key by its number."""

    def keys(account: str | None = None) -> list[Key]:
        """All keys, or those of one account, oldest first."""

    def something_sealed() -> bytes | None:
        """What any one key has sealed, if there is such a key."""

    def host(name: bytes) -> Host | None:
        """A host by its owner name."""

    def hosts(account: str | None = None, zone: bytes | None = None) -> list[Host]:
        """Hosts in the order of their names: all, of one account, in one zone."""

    def requests_of_host(name: bytes) -> list[tuple[bool, RequestEntry]]:
        """The last requests that named a host, newest first, each with whether its credentials
        were wrong."""

    def requests_of_account(name: str) -> list[tuple[bool, RequestEntry]]:
        """The last requests of an account that are at no host of its."""

    def count_hosts(account: str | None = None) -> int:
        """How many hosts an account has, or there are."""

    def history(host: Host, limit: int) -> list[Event]:
        """What has become of a host and what belongs to it since it is that account's, newest
        first; what the commit at work changes is not in it. The first event has no ``before``:
        that was somebody else's."""

    def name_servers() -> frozenset[bytes]:
        """The name servers of the operator's zones: the targets of the NS records at their
        origins."""

    def released(name: bytes) -> Released | None:
        """Who had a host of this name, if there is none now."""

    def count_released(account: str) -> int:
        """How many released names are kept for an account."""

    def invitation(number: int) -> Invitation | None:
        """An invitation by its number."""

    def invitation_by_digest(digest: bytes) -> Invitation | None:
        """An invitation by what is kept of its code."""

    def invitations(zone: bytes) -> list[Invitation]:
        """The invitations to a zone, oldest first."""

    def member(zone: bytes, account: str) -> Member | None:
        """An account's membership in a zone, if it is a member."""

    def members(zone: bytes) -> list[Member]:
        """The members of a zone in the order of their names."""

    def rrset(zone: bytes, owner: bytes, number: int) -> RRset | None:
        """One RRset."""

    def rrsets(zone: bytes, owner: bytes) -> list[RRset]:
        """All RRsets of an owner name."""


class ITransaction(IReading):
    """What can be changed, within one transaction. All methods are synchronous.

    Whatever the work raises undoes its changes and no one else's. RRset changes raise the serial of
    their zone, once a commit.
    """

    def put_zone(zone: ZoneInfo) -> None:
        """Add a zone, or change its owner and policy; an existing zone's serial stays."""

    def remove_zone(origin: bytes) -> None:
        """Remove a zone with its hosts, records, members and invitations. The names of its hosts
        are released."""

    def put_account(account: Account) -> None:
        """Add an account, or change its password, block, e-mail address or how many hosts it may
        have."""

    def remove_account(name: str) -> None:
        """Remove an account with its keys, hosts and memberships, and what waits for tokens of
        that name. It must not own a zone. Names that it had stay released by nobody that there
        is."""

    def put_pending_token(pending: PendingToken) -> None:
        """Have something wait for its token. That is no event of the journal."""

    def remove_pending_tokens(account: str) -> None:
        """Forget all that waits under an account's name."""

    def expire_pending_tokens(now: float) -> None:
        """Forget what waited in vain."""

    def add_key(key: Key) -> Key:
        """Add a key; the answer carries its number."""

    def change_key(key: Key) -> None:
        """Change a key's secret, or whether it is enabled."""

    def remove_key(number: int) -> None:
        """Remove a key."""

    def put_host(host: Host) -> None:
        """Add a host, whose name is then no released one, or change its account, TTL or dormant
        addresses; its records are not touched."""

    def remove_host(name: bytes) -> None:
        """Remove a host with its records; its name is released."""

    def forget_released(until: float) -> None:
        """Forget which names were released up to then, in seconds since 1970."""

    def add_invitation(invitation: Invitation) -> Invitation:
        """Add an invitation; the answer carries its number."""

    def use_invitation(number: int) -> None:
        """Take one of an invitation's uses; without any left it is gone."""

    def remove_invitation(number: int) -> None:
        """Remove an invitation."""

    def add_member(member: Member) -> None:
        """Make an account that is none yet a member of a zone."""

    def remove_member(zone: bytes, account: str) -> None:
        """End a membership; hosts stay."""

    def put_rrset(zone: bytes, rrset: RRset) -> None:
        """Replace an RRset, or delete it when it has no rdatas. The record of whose it is, the
        operator's or a host's, follows from whether the owner name belongs to a host."""

    def log_requests(
        requests: Sequence[LoggedRequest], per_host: int, failed_per_host: int, rows: int
    ) -> None:
        """Keep requests with the hosts they name, or with the account; only so many of each, and
        in all. They are no events of the journal, and go with the host or the account."""

    def stage(stage: str, rows: Iterable[Row]) -> None:
        """Lay rows of a zone to come aside under a name of the caller's, across transactions, until
        they are taken or dropped. They do not outlive the process."""

    def drop_staged(stage: str) -> None:
        """Forget what was staged."""

    def take_staged(
        stage: str, zone: bytes, serial: int | None = None, replace_hosts: bool = False
    ) -> StagedResult:
        """Make the zone's records the staged ones: the operator's only, or those of hosts as well.

        *serial* becomes the zone's where it is later (RFC 1982) than what the commit would give.
        """


class IScan(Interface):
    """A walk over a zone's records in owner order, within one consistent view."""

    def next(most: int = 1000) -> Deferred[list[Row]]:
        """The next rows, so many at most; an empty list at the end. The fewer they are, the less
        the threads of the process contend for a processor. Whoever waits too long before asking
        for more is refused: the view keeps old states of the store from being forgotten."""

    def close() -> Deferred[None]:
        """Give the view up; needed once, also at the end."""


class IStore(Interface):
    """A store. Its Deferreds fire in the reactor's thread and fail with :class:`StoreError`, or
    with what the work raised."""

    def open(lock: int | None = None) -> None:
        """Open or create. Called once, before the reactor is needed; may block. *lock* is the
        descriptor of what keeps others out, if somebody has handed it on to us.

        :raises StoreError: in one line, when it cannot be used.
        """

    def created() -> bool:
        """Whether :meth:`open` made a new, empty store."""

    def close() -> Deferred[None]:
        """Finish what was begun and give everything back."""

    def transact(
        author: Author, work: Callable[[ITransaction], T], bulk: bool = False
    ) -> Deferred[Committed[T]]:
        """Run *work* in a transaction, in the order of the calls; fires when it is durable. *bulk*
        takes long, and may take longer where something else is to be done."""

    def read(work: Callable[[IReading], T]) -> Deferred[T]:
        """Run *work* on the latest committed state."""

    def scan(zone: bytes) -> IScan:
        """Walk over a zone; the view is that of the first call of ``next``."""

    def stats() -> StoreStats:
        """How it is doing; also while it is closed."""

    def back_up(to: Path, replace: bool = False) -> Deferred[Copied]:
        """Copy the latest committed state to a file, mode 0600, whole or not at all, while updates
        and reading go on. An existing file is only replaced if so told."""

    def check() -> Deferred[Checked]:
        """Look for what is wrong in the latest committed state, while all goes on."""

    def subscribe(listener: Callable[[Sequence[Event]], None]) -> None:
        """Have *listener* called in the reactor's thread with each commit's events, in order,
        before the Deferreds of that commit fire."""

    def changes_since(position: int, limit: int = 1000) -> Deferred[list[Event]]:
        """Events after *position*, oldest first.

        :raises StoreError: (by the Deferred) when the journal no longer reaches back that far.
        """
