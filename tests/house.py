"""Everything between the sockets: a store on disk, zones and directory in memory, the pipeline and
the API, on a reactor in a thread."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.task import deferLater

from ddns.api.account_service import AccountService
from ddns.api.caller import Caller
from ddns.api.operations import Operations
from ddns.api.running import RunningServer
from ddns.config.settings import AbuseSettings
from ddns.model import names, records
from ddns.model.account import Account, Block
from ddns.model.journal import Author, Event
from ddns.model.mail import MailMessage
from ddns.model.notices import Way
from ddns.model.update import Change, Credentials, Outcome, Replace, Update
from ddns.policy.directory import Directory
from ddns.policy.registration import Rules
from ddns.policy.update_limits import UpdateLimiter
from ddns.policy.wildcards import keep_wildcards
from ddns.server.notice_links import Links
from ddns.store.sqlite.store import SQLiteStore
from ddns.system.files import download_path, key_path
from ddns.system.secret_box import SecretBox
from ddns.updates.authenticator import Authenticator
from ddns.updates.blocker import Blocker
from ddns.updates.familiar_networks import FamiliarNetworks
from ddns.updates.publisher import Publisher
from ddns.updates.rehash import PasswordRehasher
from ddns.updates.session_log import SessionLog
from ddns.updates.updater import Updater
from ddns.zone.zone import Zones
from tests.net.reactors import PATIENCE, RunningReactor

ORIGIN = names.from_text("example.net")
HOME = names.from_text("home.example.net")
NO_LIMITS = AbuseSettings(change_interval=0.0)


class House:
    """Nothing is loaded before :meth:`load`; the time is 1000 until a test moves it. Nobody comes
    too often, except by *limits* that say so."""

    def __init__(self, running: RunningReactor, path: Path, limits: AbuseSettings) -> None:
        self.running = running
        self._path = path
        self.time = 1000.0
        self.slow: list[Callable[[], Any]] = []  # what was to run outside the reactor
        self.store = SQLiteStore(running.reactor, path, patience=0.3)
        self.store.derive(keep_wildcards)
        self.zones = Zones()
        self.secret_box = SecretBox(key_path(path))
        self.directory = Directory(
            bytes(32),
            lambda sealed, account: self.secret_box.unseal(sealed, account.encode()).decode(),
        )
        self.publisher = Publisher(self.store, self.zones, self.directory, running.reactor)
        self.networks = FamiliarNetworks(self.store, lambda: self.time)
        self.authenticator = Authenticator(
            self.directory,
            self.run_slow,
            lambda: self.time,
            rehash=PasswordRehasher(self.store, self.run_slow, lambda: self.time),
            is_familiar=self.networks.knows,
            was_right=self.networks.note,
        )
        self.blocked: list[tuple[str, Block]] = []  # by the updater
        self.limiter = UpdateLimiter(limits)
        self.store.subscribe(self._note_blocks)
        self.blocker = Blocker(self.store, self.limiter, lambda: self.time)
        self.updater = Updater(
            self.store,
            self.directory,
            self.authenticator,
            self.publisher,
            self.limiter,
            lambda: self.time,
            self.blocker,
        )
        self.links = Links(self.secret_box)
        self.server = RunningServer(
            download=download_path(path), accept_target=_host_of, read_link=self.links.read
        )
        self.letters: list[MailMessage] = []
        self.account_service = AccountService(
            self.authenticator.password,
            self.directory.account,
            self.letters.append,
            lambda: self.time,
            lambda: self.time,
            registration_open=True,
        )
        self.session_log = SessionLog(
            self.store,
            self.account_service.sessions,
            self.directory.account,
            running.reactor,
            lambda: self.time,
            lambda: self.time,
        )
        self.account_service.write_sessions = self.session_log.flush
        self.account_service.note_failure = self.authenticator.note_wrong_code
        self.rule()

    def _note_blocks(self, events: Sequence[Event]) -> None:
        for event in events:
            account, via = event.value, event.author.via
            if via == "abuse" and isinstance(account, Account) and account.block:
                self.blocked.append((account.name, account.block))

    def run_slow(self, function: Callable[[], Any]) -> Deferred[Any]:
        """At once: a test that wants it otherwise replaces this."""
        self.slow.append(function)
        return maybeDeferred(function)

    def forget_secret_box(self) -> None:
        """As after a start without the key file."""
        key_path(self._path).unlink()
        self.secret_box.__init__(key_path(self._path))  # type: ignore[misc]

    def load(self) -> None:
        self.running.call(self.publisher.load)

    def api(self, operation: str, **arguments: Any) -> Any:
        """Call an operation of the API."""
        return self.running.call(lambda: getattr(self.operations, operation)(**arguments))

    def person(self, account: str, operation: str, /, **arguments: Any) -> Any:
        """Call an operation as somebody who has logged in."""
        theirs = self.operations.acting_for(Caller(account), "web")
        return self.running.call(lambda: getattr(theirs, operation)(**arguments))

    def rule(self, **changed: Any) -> None:
        """From now on these rules hold for people, and otherwise the usual ones."""
        self.operations = Operations(
            self.store,
            self.publisher.published,
            self.run_slow,
            lambda: self.time,
            self.secret_box,
            rules=Rules(**changed),
            account_service=self.account_service,
            reload_settings=lambda: {"changed": [], "waiting": []},
            running=self.server,
        )

    def api_of(self, caller: Caller, operation: str, **arguments: Any) -> Any:
        """The same for somebody else than the operator."""
        operations = self.operations.acting_for(caller, "api")
        return self.running.call(lambda: getattr(operations, operation)(**arguments))

    def fill(self, zone: str = "example.net") -> str:
        """A zone with alice's host ``home``; alice's key."""
        self.api("zone_add", origin=zone)
        self.api("account_add", name="alice")
        self.api("host_add", name=f"home.{zone}", account="alice")
        key: str = self.api("key_add", account="alice")["key"]
        return key

    def update(self, *updates: Update) -> list[Outcome]:
        """Perform updates, all begun in one turn of the reactor."""

        async def work() -> list[Outcome]:
            begun = [Deferred.fromCoroutine(self.updater.perform(update)) for update in updates]
            return [await one for one in begun]

        outcomes: list[Outcome] = self.running.call(work)
        return outcomes

    def answers(self, owner: bytes = HOME, number: int = records.A) -> list[str]:
        """The addresses that the zones in memory have."""

        def look() -> list[str]:
            zone = self.zones.find(owner)
            rrset = zone.rrset(owner, number) if zone else None
            return [records.address_to_text(rdata) for rdata in rrset.rdatas] if rrset else []

        found: list[str] = self.running.call(look)
        return found

    def on_disk(self, origin: bytes = ORIGIN) -> tuple[int, list[Any]] | None:
        """Serial and RRsets of a zone as a new server would find them."""

        async def work() -> tuple[int, list[Any]] | None:
            zone = await self.store.read(lambda reading: reading.zone(origin))
            scan = self.store.scan([origin])
            rows = []
            while scanned := await scan.next():
                rows += [row for part in scanned for row in part.rows]
            await scan.close()
            return None if zone is None else (zone.serial, sorted(rows))

        found: tuple[int, list[Any]] | None = self.running.call(work)
        return found

    def in_memory(self, origin: bytes = ORIGIN) -> tuple[int, list[Any]] | None:
        """The same of what is answered."""

        def look() -> tuple[int, list[Any]] | None:
            zone = self.zones.get(origin)
            if zone is None:
                return None
            rows = []
            for rrset in zone.rrsets():
                rdatas = rrset.rdatas
                if rrset.type == records.SOA:
                    rdatas = tuple(records.soa_with_serial(rdata, 0) for rdata in rdatas)
                rows.append((rrset.owner, rrset.type, rrset.ttl, records.pack_rdatas(rdatas)))
            return zone.serial, sorted(rows)

        found: tuple[int, list[Any]] | None = self.running.call(look)
        return found


async def _host_of(way: Way, url: str) -> str:
    """All may be reached."""
    return urlsplit(url).hostname or ""


@contextmanager
def house_at(
    running: RunningReactor, path: Path, limits: AbuseSettings = NO_LIMITS
) -> Iterator[House]:
    """An open one with nothing in it."""
    house = House(running, path, limits)
    running.call(house.store.open)
    try:
        yield house
    finally:
        running.call(house.session_log.stop)
        running.call(house.store.close)


async def until(house: House, true: Callable[[], Any], what: str) -> None:
    """Let the reactor go on until it is so."""
    reactor = house.running.reactor
    deadline = reactor.seconds() + PATIENCE / 2
    while not true():
        assert reactor.seconds() < deadline, f"it never came true: {what}"
        await deferLater(reactor, 0.002)


async def all_committed(house: House) -> None:
    """What was brought to the store before this is on disk, and its listeners have heard of it."""
    await house.store.transact(Author("operator", "test", 0.0), lambda transaction: None)


def change(host: str = "home.example.net", *addresses: str) -> Change:
    """Set a host's addresses, those of each family that there are; without any it is offline."""
    rdatas = [records.address_from_text(text) or b"" for text in addresses]
    edits = tuple(
        Replace(family, tuple(each))
        for family in records.ADDRESS_TYPES
        if (each := [rdata for rdata in rdatas if records.address_type(rdata) == family])
        or (family == records.A and not rdatas)
    )
    return Change(host, names.host_from_text(host), edits)


def update(user: str, secret: str, *changes: Change, at: float = 1000.0, **more: Any) -> Update:
    return Update("test", Credentials(user, secret), changes, "192.0.2.77", at, **more)
