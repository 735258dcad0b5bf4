"""The interface of a store, which runs functions of a transaction in commit order and knows nothing
of dialects or policy. Each implementation passes tests/store/contract.py."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from ipaddress import IPv6Network
from pathlib import Path
from typing import TypeVar

from twisted.internet.defer import Deferred
from zope.interface import Interface

from ddns.config.settings import StoreSettings
from ddns.model.account import Host, Key, ZoneInfo
from ddns.model.copies import Copy
from ddns.model.journal import Author, Event
from ddns.model.records import RRset
from ddns.model.registration import Invitation, Member, Released
from ddns.model.request_log import LoggedRequest, RequestEntry
from ddns.model.rows import Row
from ddns.store.acme_dns import IAcmeDns, IReadingAcmeDns
from ddns.store.copies import ICopying, IReadingCopies
from ddns.store.expiring import IExpiring, IReadingExpiry
from ddns.store.history import IReadingHistory
from ddns.store.notices import INotices, IReadingNotices
from ddns.store.paging import Page, RequestPage
from ddns.store.people import IChangingPeople, IReadingPeople
from ddns.store.relays import IReadingRelays, IRelays
from ddns.store.results import Checked, Committed, Copied, SeenRequest, StagedResult
from ddns.store.scanning import IScan
from ddns.store.stats import StoreStats

T = TypeVar("T")


class StoreError(Exception):
    """The store could not do it and nothing was changed; ``str()`` is one line for an operator. Who
    sees ``logged`` need not log it: the store does, once and not at each call."""

    def __init__(self, *args: object, logged: bool = False) -> None:
        super().__init__(*args)
        self.logged = logged


class StoreClosed(StoreError):
    """The store has been closed, or was never opened."""


class JournalTrimmed(StoreError):
    """The journal does not reach back that far any more."""


class IReading(
    IReadingPeople,
    IReadingHistory,
    IReadingExpiry,
    IReadingCopies,
    IReadingAcmeDns,
    IReadingNotices,
    IReadingRelays,
):
    """Reading within one consistent view. All methods are synchronous. SOA rdata has serial 0; the
    serial is in the ZoneInfo and in events. A transaction does not see its own events."""

    def zone(origin: bytes) -> ZoneInfo | None:
        """Return the zone with this origin."""

    def zone_of(name: bytes) -> ZoneInfo | None:
        """Return the zone that a name lies in: the one with the longest matching origin."""

    def zones() -> list[ZoneInfo]:
        """Return all zones in the order of their origins."""

    def catalogs() -> list[ZoneInfo]:
        """Return the zones that are catalogs, in the order of their origins."""

    def count_rrsets(zone: bytes) -> int:
        """Return how many RRsets a zone has."""

    def key(number: int) -> Key | None:
        """Return a key by its number."""

    def keys(account: str | None = None) -> list[Key]:
        """Return all keys, or those of one account, oldest first."""

    def tsig_key(name: bytes) -> Key | None:
        """Return the TSIG key of that name."""

    def any_sealed_secret() -> bytes | None:
        """Return any one sealed secret, if there is one."""

    def host(name: bytes) -> Host | None:
        """Return a host by its owner name."""

    def hosts(
        account: str | None = None, zone: bytes | None = None, page: Page | None = None
    ) -> list[Host]:
        """Return hosts in the order of their first labels: all, of one account, in one zone; or a
        page."""

    def followers(name: bytes) -> list[Host]:
        """Return the hosts that follow one, in the order of their names."""

    def requests_of_host(name: bytes, most: int | None = None) -> list[tuple[bool, RequestEntry]]:
        """Return a host's last requests, newest first, each with whether its login failed; all that
        are kept, or at most so many that failed and as many that did not."""

    def requests_of_account(name: str, most: int | None = None) -> list[tuple[bool, RequestEntry]]:
        """Return the last requests of an account that are kept with none of its hosts."""

    def requests(page: RequestPage) -> list[SeenRequest]:
        """Return a page of the requests that are kept."""

    def count_hosts(account: str | None = None) -> int:
        """Return the number of hosts, of all accounts or of one."""

    def name_servers() -> frozenset[bytes]:
        """Return the targets of the NS records at the origins of the operator's zones."""

    def released(name: bytes) -> Released | None:
        """Return who had a host of this name, if there is none now."""

    def released_by(account: str) -> list[Released]:
        """Return the released names that are kept for an account, in their order."""

    def count_released(account: str) -> int:
        """Return the number of released names that are kept for an account."""

    def invitation(number: int) -> Invitation | None:
        """Return an invitation by its number."""

    def invitation_by_digest(digest: bytes) -> Invitation | None:
        """Return an invitation by the SHA-256 of its code."""

    def invitations(zone: bytes) -> list[Invitation]:
        """Return the invitations to a zone, oldest first."""

    def member(zone: bytes, account: str) -> Member | None:
        """Return an account's membership in a zone, if it is a member."""

    def members(zone: bytes) -> list[Member]:
        """Return the members of a zone in the order of their names."""

    def rrset(zone: bytes, owner: bytes, number: int) -> RRset | None:
        """Return one RRset."""

    def rrsets(zone: bytes, owner: bytes) -> list[RRset]:
        """Return all RRsets of an owner name."""

    def rrsets_below(zone: bytes, page: Page, copies: bool = False) -> list[RRset]:
        """Return the RRsets of a page of names below a zone's origin, in that order, *copies* of a
        wildcard's among them if they are wanted."""

    def own_rrsets(zone: bytes, after: tuple[bytes, int] | None, limit: int) -> list[RRset]:
        """Return the first *limit* RRsets of a zone that belong to no host, by owner name and type,
        after these if they are given."""

    def zone_changes(origin: bytes, serial: int, limit: int) -> list[Event]:
        """Return the events of a zone after the latest commit that gave it *serial*, in journal
        order, which is that of RFC 1982; none when that is its present serial.

        :raises StoreError: when the zone is to be taken whole: it was replaced in between, or the
            journal does not have all of them, or more than *limit*.
        """

    def with_value(event: Event) -> Event:
        """Return an event from the journal with ``value``, as listeners get it live. The object is
        that of now, so a follower that takes over all events ends with what is stored."""


class ITransaction(IReading, IChangingPeople, IExpiring, ICopying, IAcmeDns, INotices, IRelays):
    """Changes within one transaction. An exception of the work undoes its changes and nobody's
    else. RRset changes raise their zone's serial, once a commit."""

    def put_zone(zone: ZoneInfo) -> None:
        """Add a zone, or change its owner and policy; the serial of an existing zone stays. One
        that was removed before begins after the last serial that it had, if *zone* does not."""

    def remove_zone(origin: bytes) -> None:
        """Remove a zone with all that is in it, and release the names of its hosts."""

    def add_key(key: Key) -> Key:
        """Add a key; return it with its number."""

    def change_key(key: Key) -> None:
        """Change the secret of a key, whether it is enabled, or the zones that limit it."""

    def remove_key(number: int) -> None:
        """Remove a key."""

    def put_host(host: Host) -> None:
        """Add a host, or change all but its zone; records stay as they are."""

    def put_host_prefixes(name: bytes, prefixes: Sequence[IPv6Network]) -> None:
        """Change which prefixes the clients of a host have told, without an event."""

    def remove_host(name: bytes) -> None:
        """Remove a host with its records, and release its name."""

    def forget_released(until: float) -> None:
        """Forget the names that were released until then, in seconds since 1970."""

    def add_invitation(invitation: Invitation) -> Invitation:
        """Add an invitation; return it with its number."""

    def use_invitation(number: int) -> None:
        """Take one of an invitation's uses; remove it with the last one."""

    def remove_invitation(number: int) -> None:
        """Remove an invitation."""

    def add_member(member: Member) -> None:
        """Make an account a member of a zone that it is no member of."""

    def remove_member(zone: bytes, account: str) -> None:
        """End a membership; the account's hosts stay."""

    def put_rrset(zone: bytes, rrset: RRset) -> None:
        """Replace an RRset, or delete it when it has no rdatas. It is a host's if its owner name
        belongs to a host, and the operator's otherwise. Its leases end."""

    def raise_serial(zone: bytes, serial: int) -> None:
        """Have this commit give a zone that serial, if it is later than its own (RFC 1982)."""

    def log_requests(
        requests: Sequence[LoggedRequest], per_host: int, failed_per_host: int, rows: int
    ) -> None:
        """Keep requests with the hosts they name, or with the account: the last *per_host* of each,
        the last *failed_per_host* with wrong credentials, about *rows* in all. They have no events
        in the journal, and go with the host or the account."""

    def stage(stage: str, rows: Iterable[Row]) -> None:
        """Collect rows of a zone under a name until they are taken, dropped, or lost by a stop."""

    def drop_staged(stage: str) -> None:
        """Drop the rows of a stage."""

    def take_staged(
        stage: str, zone: bytes, serial: int | None = None, replace_hosts: bool = False
    ) -> StagedResult:
        """Replace the zone's records by the staged ones: the operator's, or with *replace_hosts*
        those of hosts as well. The zone gets *serial* if it is later than what it would get."""


class IStore(Interface):
    """A store. Its Deferreds fire in the reactor's thread, or fail there."""

    def open() -> None:
        """Open the store, or create it; called once. It may block, and needs no running reactor.
        :raises StoreError: in one line, when it cannot be used."""

    def created() -> bool:
        """Return whether :meth:`open` made a new, empty store."""

    def configure(settings: StoreSettings) -> None:
        """Apply the settings of ``[store]`` that mean something to this store."""

    def close() -> Deferred[None]:
        """Finish what was begun and release everything."""

    def derive(rule: Callable[[ITransaction], Iterable[Copy]]) -> None:
        """Put the copies that *rule* returns for each work that has put RRsets, in the same
        transaction; called before :meth:`open`."""

    def transact(
        author: Author, work: Callable[[ITransaction], T], bulk: bool = False
    ) -> Deferred[Committed[T]]:
        """Run *work* in a transaction, in the order of the calls; fires when it is durable. Work in
        *bulk* takes long and may yield to all other."""

    def read(work: Callable[[IReading], T]) -> Deferred[T]:
        """Run *work* on the latest committed state."""

    def scan(zones: Sequence[bytes]) -> IScan:
        """Walk over these zones, in their order; the view is that of its first use."""

    def stats() -> StoreStats:
        """Return the store's numbers; also while it is closed."""

    def back_up(to: Path, replace: bool = False) -> Deferred[Copied]:
        """Write the latest committed state to a file that only its owner may read, while updates
        and reading go on. The file holds all of one state, in a form that the store can be restored
        from, or does not come to be; an existing file is replaced with *replace* only."""

    def check() -> Deferred[Checked]:
        """Check the latest committed state for faults, while updates and reading go on."""

    def subscribe(listener: Callable[[Sequence[Event]], None]) -> None:
        """Call *listener* in the reactor's thread with each commit's events, in order, before the
        Deferreds of that commit fire."""

    def changes_since(position: int, limit: int = 1000) -> Deferred[list[Event]]:
        """Return what :meth:`IReading.changes_since` does."""
