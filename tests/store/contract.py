"""What every store must do. A test module of a store inherits :class:`StoreContract` and gives it
the fixtures ``store`` (a :class:`~tests.store.sqlite.blocking.Blocking` around an open, empty
store), ``small`` (the same, with a journal that keeps 300 events) and ``derived`` (the same, with
the rule of :mod:`tests.store.copying`)."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from zope.interface.verify import verifyObject

from ddns.model import names
from ddns.model.account import Account, Block, Host, Key, KeyKind, ZoneInfo
from ddns.model.journal import EventKind
from ddns.model.records import TXT, A, RRset
from ddns.model.request_log import LoggedRequest, RequestEntry
from ddns.store.interfaces import IReading, IStore, ITransaction, StoreError
from ddns.store.paging import Page
from ddns.store.scanning import IScan
from tests.store.acme_dns import AcmeDnsContract
from tests.store.copying import CopyingContract
from tests.store.expiring import ExpiringContract
from tests.store.following import FollowingContract
from tests.store.leading import LeadingContract
from tests.store.living import LivingContract
from tests.store.noticing import NoticesContract
from tests.store.people import PeopleContract
from tests.store.recording import RecordingContract, Refused, refuse
from tests.store.registering import RegisteringContract
from tests.store.relaying import RelayingContract
from tests.store.sqlite.blocking import (
    HOME,
    ORIGIN,
    Blocking,
    address,
    fill,
    key,
    put,
    rrset,
)
from tests.store.staging import StagingContract
from tests.store.telling import TellingContract

OTHER = names.from_text("other.example")
WILD, ACME, PERSIST = (label + HOME for label in names.BELOW_HOST)


def request(
    account: str | None, *hosts: bytes, asked: str, at: float = 1000.0, user: str = "alice"
) -> LoggedRequest:
    entry = RequestEntry(at, "test", "192.0.2.1", user, "agent", asked, "answer")
    return LoggedRequest(account, dict.fromkeys(hosts, ("", 0.0)), entry)


def shown(store: Blocking, of: bytes | str, most: int | None = None) -> list[tuple[bool, str]]:
    """What is kept of a host or an account."""
    found = store.read(
        lambda r: (
            r.requests_of_host(of, most)
            if isinstance(of, bytes)
            else r.requests_of_account(of, most)
        )
    )
    return [(failed, entry.asked) for failed, entry in found]


class StoreContract(
    RecordingContract,
    StagingContract,
    TellingContract,
    LivingContract,
    RegisteringContract,
    PeopleContract,
    FollowingContract,
    ExpiringContract,
    LeadingContract,
    CopyingContract,
    AcmeDnsContract,
    NoticesContract,
    RelayingContract,
):
    """See the module."""

    def test_it_is_a_store(self, store: Blocking) -> None:
        verifyObject(IStore, store.store)
        verifyObject(IScan, store.store.scan([ORIGIN]))
        store.commit(lambda transaction: verifyObject(ITransaction, transaction))
        store.read(lambda reading: verifyObject(IReading, reading))
        assert store.store.created()

    # Requests and the clock -------------------------------------------------------------------

    @pytest.mark.parametrize(
        ("after", "at_host"), [(-30.0, False), (0.0, True), (-3600.0, True), (-3e8, True)]
    )
    def test_requests_older_than_the_host(
        self, store: Blocking, after: float, at_host: bool
    ) -> None:
        """A moment older, it was for a former host of that name; by more, the clock was set."""
        store.commit(fill)
        created = Host(HOME, ORIGIN, "alice", 60, 4e8)
        store.commit(lambda t: (t.remove_host(HOME), t.put_host(created)))
        one = request("alice", HOME, asked="it", at=4e8 + after)
        store.commit(lambda t: t.log_requests([one], 5, 5, 100))
        assert shown(store, HOME) == ([(False, "it")] if at_host else [])
        assert shown(store, "alice") == ([] if at_host else [(False, "it")])

    # What was put is there -------------------------------------------------------------------

    def test_what_was_put_reads_back(self, store: Blocking) -> None:
        store.commit(fill)
        made = store.commit(lambda t: t.add_key(key("alice", b"k", HOME))).value
        store.commit(put(address()))
        for read in (store.read, lambda work: store.commit(work).value):
            assert read(lambda r: r.zone(ORIGIN)).account is None
            assert read(lambda r: r.zone(OTHER)) is None
            assert read(lambda r: r.account("alice")) == Account("alice", "hash", 1.0)
            assert read(lambda r: [a.name for a in r.accounts()]) == ["alice", "bob"]
            assert read(lambda r: r.host(HOME)) == Host(HOME, ORIGIN, "alice", 60, 4.0)
            assert read(lambda r: r.host(ORIGIN)) is None
            assert read(lambda r: r.key(made.id)) == made
            assert read(lambda r: r.keys("alice")) == read(lambda r: r.keys()) == [made]
            assert read(lambda r: r.keys("bob")) == []
            assert read(lambda r: r.rrset(ORIGIN, HOME, 1)) == address()
            assert read(lambda r: r.rrset(ORIGIN, HOME, 28)) is None
            assert read(lambda r: r.rrset(OTHER, HOME, 1)) is None
            assert read(lambda r: r.rrsets(ORIGIN, HOME)) == [address()]

    def test_work_reads_what_it_wrote(self, store: Blocking) -> None:
        def work(transaction: ITransaction) -> RRset | None:
            transaction.put_rrset(ORIGIN, address(last=9))
            return transaction.rrset(ORIGIN, HOME, 1)

        store.commit(fill)
        assert store.commit(work).value == address(last=9)

    def test_names_below_an_origin_come_in_pages(self, store: Blocking) -> None:
        a, b, zz = (names.from_text(f"{label}.example.net") for label in ("a", "b", "zz"))
        store.commit(fill)
        for one in (address(a), rrset(a, TXT, b"\1x"), address(b), address(), address(zz)):
            store.commit(put(one))

        def page(*given: Any) -> list[tuple[bytes, int]]:
            found = store.read(lambda r: r.rrsets_below(ORIGIN, Page(*given)))
            return [(one.owner, one.type) for one in found]

        assert page(2) == [(a, A), (a, TXT), (b, A)]
        assert page(2, b) == [(zz, A), (HOME, A)]
        assert page(5, None, (b"ome", b"ex")) == [(HOME, A)]
        assert page(5, HOME) == []

    def test_the_zone_of_a_name_is_the_nearest(self, store: Blocking) -> None:
        below = names.from_text("sub.example.net")
        store.commit(fill)
        store.commit(lambda t: t.put_zone(ZoneInfo(below, 1)))
        asked = ("sub.example.net", "a.sub.example.net", "asub.example.net", "net")
        found = store.read(lambda r: {text: r.zone_of(names.from_text(text)) for text in asked})
        assert {text: zone and zone.origin for text, zone in found.items()} == {
            "sub.example.net": below,
            "a.sub.example.net": below,
            "asub.example.net": ORIGIN,
            "net": None,
        }
        assert [zone.origin for zone in store.read(lambda r: r.zones())] == sorted([ORIGIN, below])

    def test_hosts_by_account_and_zone(self, store: Blocking) -> None:
        def more(transaction: ITransaction) -> None:
            transaction.put_zone(ZoneInfo(OTHER, 1, "bob"))
            transaction.put_host(Host(names.from_text("b.other.example"), OTHER, "bob"))
            transaction.put_host(Host(names.from_text("a.other.example"), OTHER, "alice"))

        store.commit(fill)
        store.commit(more)
        found = {
            (account, zone): [
                names.to_text(host.name)
                for host in store.read(lambda r, a=account, z=zone: r.hosts(a, z))
            ]
            for account in (None, "alice")
            for zone in (None, OTHER)
        }
        assert found == {
            (None, None): ["a.other.example", "b.other.example", "home.example.net"],
            (None, OTHER): ["a.other.example", "b.other.example"],
            ("alice", None): ["a.other.example", "home.example.net"],
            ("alice", OTHER): ["a.other.example"],
        }

    def test_pages_of_hosts(self, store: Blocking) -> None:
        texts = ["a", "aa", "ab.x", "b", "camera-1", "x"]

        def more(transaction: ITransaction) -> None:
            transaction.put_zone(ZoneInfo(OTHER, 1))
            for text in texts:
                transaction.put_host(Host(names.from_text(f"{text}.other.example"), OTHER, "alice"))

        def shown(page: Page, account: str = "alice") -> list[str]:
            found = store.read(lambda r: r.hosts(account, None, page))
            return [names.to_text(host.name).removesuffix(".other.example") for host in found]

        store.commit(fill)
        store.commit(more)
        every = sorted([*texts, "home.example.net"])
        assert shown(Page(10)) == every
        assert shown(Page(3)) == every[:3]
        assert shown(Page(3, names.from_text("ab.x.other.example"))) == every[3:6]
        assert shown(Page(9, names.from_text("was.there.example"))) == ["x"]
        assert shown(Page(9, parts=(b"a-1",))) == ["camera-1"]
        assert shown(Page(9, parts=(b"b", b"other"))) == ["ab.x", "b"]
        assert shown(Page(9), "bob") == []

    def test_numbers_of_keys_are_not_used_again(self, store: Blocking) -> None:
        store.commit(fill)
        first = store.commit(lambda t: t.add_key(key("alice", b"1"))).value
        store.commit(lambda t: t.remove_key(first.id))
        second = store.commit(lambda t: t.add_key(key("alice", b"2"))).value
        assert second.id > first.id

    def test_two_keys_of_one_secret_are_refused(self, store: Blocking) -> None:
        store.commit(fill)
        store.commit(lambda t: t.add_key(key("alice", b"1")))
        with pytest.raises(StoreError):
            store.commit(lambda t: t.add_key(key("bob", b"1")))
        assert len(store.read(lambda r: r.keys())) == 1

    def test_a_changed_key(self, store: Blocking) -> None:
        store.commit(fill)
        made = store.commit(lambda t: t.add_key(key("alice", b"1", HOME))).value
        other = store.commit(lambda t: t.add_key(key("alice", b"2"))).value
        assert store.read(lambda r: r.any_sealed_secret()) is None
        terms = {"digest": b"3" * 32, "sealed": b"sealed", "enabled": False, "zones": frozenset()}
        changed = dataclasses.replace(made, **terms)  # type: ignore[arg-type]
        given = dataclasses.replace(changed, account="bob", hosts=None)  # these do not change
        store.commit(lambda t: t.change_key(given))
        assert store.read(lambda r: r.keys("alice")) == [changed, other]
        assert store.read(lambda r: r.any_sealed_secret()) == b"sealed"
        event = store.events[-1]
        assert (event.kind, event.subject, event.value) == (EventKind.KEY, str(made.id), changed)
        for text in (event.before, event.after):
            assert text is not None
            assert b"sealed" not in text
        with pytest.raises(StoreError):  # that secret is another key's
            store.commit(lambda t: t.change_key(dataclasses.replace(changed, digest=other.digest)))
        with pytest.raises(StoreError):
            store.commit(lambda t: t.change_key(dataclasses.replace(changed, id=99)))
        assert store.read(lambda r: r.keys("alice")) == [changed, other]

    def test_one_dondns_key_an_account(self, store: Blocking) -> None:
        def dondns(account: str, secret: bytes) -> Key:
            return dataclasses.replace(key(account, secret), kind=KeyKind.DONDNS)

        store.commit(fill)
        store.commit(lambda t: t.add_key(dondns("alice", b"1")))
        store.commit(lambda t: t.add_key(dondns("bob", b"2")))
        with pytest.raises(StoreError):
            store.commit(lambda t: t.add_key(dondns("alice", b"3")))

    def test_changed_hosts_and_accounts(self, store: Blocking) -> None:
        store.commit(fill)
        store.commit(put(address()))
        for dormant in (frozenset({1, 28}), frozenset({28}), frozenset({1}), frozenset[int]()):
            store.commit(lambda t, d=dormant: t.put_host(Host(HOME, ORIGIN, "bob", 5, 99.0, d)))
            changed = Host(HOME, ORIGIN, "bob", 5, 4.0, dormant)
            assert store.read(lambda r: r.host(HOME)) == changed
            assert store.commit(lambda t: t.host(HOME)).value == changed
        assert store.read(lambda r: r.rrset(ORIGIN, HOME, 1)) == address()
        store.commit(lambda t: t.put_account(Account("alice", "new", 99.0)))
        assert store.read(lambda r: r.account("alice")).password == "new"
        assert store.read(lambda r: r.account("alice")).created == 1.0
        for block in (Block("a reason", 5.0, None), Block("another", 6.0, 7.5), None):
            blocked = Account("alice", "new", 1.0, block)
            store.commit(lambda t, account=blocked: t.put_account(account))
            assert store.read(lambda r: (r.account("alice"), r.accounts()[0])) == (blocked,) * 2

    def test_what_it_stands_on_must_be_there(self, store: Blocking) -> None:
        store.commit(fill)
        before = len(store.events)
        for work in (
            put(address(), OTHER),
            lambda t: t.put_host(Host(names.from_text("a.example.net"), ORIGIN, "nobody")),
            lambda t: t.put_host(Host(names.from_text("a.other.example"), OTHER, "alice")),
            lambda t: t.put_zone(ZoneInfo(OTHER, 1, "nobody")),
            lambda t: t.add_key(key("nobody", b"k")),
            lambda t: t.remove_zone(OTHER),
            lambda t: t.remove_account("nobody"),
            lambda t: t.remove_key(1),
            lambda t: t.remove_host(ORIGIN),
            lambda t: t.take_staged("none", OTHER),
        ):
            with pytest.raises(StoreError) as raised:
                store.commit(work)
            assert "\n" not in str(raised.value)
        assert len(store.events) == before

    # Requests --------------------------------------------------------------------------------

    def test_requests_are_shown_where_they_belong(self, store: Blocking) -> None:
        store.commit(fill)
        store.commit(lambda t: t.put_account(Account("mallory", "hash", 1.0)))
        other = names.from_text("none.example.net")
        given = [
            request("alice", HOME, asked="1"),
            request("alice", HOME, other, asked="2"),
            request("mallory", HOME, asked="3"),
            request(None, HOME, asked="4"),
            request(None, asked="5", user="Alice"),
            request(None, other, asked="6", user="nobody"),
            request(None, HOME, asked="7", at=0.5),  # of whoever had the name before
        ]
        before = len(store.events)
        store.commit(lambda t: t.log_requests(given, 20, 5, 1000))
        assert len(store.events) == before
        assert shown(store, HOME) == [(True, "4"), (False, "2"), (False, "1")]
        assert shown(store, "alice") == [(True, "7"), (True, "5"), (False, "2")]
        assert shown(store, "mallory") == [(False, "3")]
        (*_, first) = store.read(lambda r: r.requests_of_host(HOME))
        assert first == (False, given[0].entry)

    def test_at_most_so_many_requests_of_each_kind(self, store: Blocking) -> None:
        store.commit(fill)
        given = [
            request(account, HOME, asked=str(number))
            for number, account in enumerate(("alice", None, "alice", None, "alice"))
        ]
        given += [request("alice", asked="5"), request("alice", asked="6")]
        store.commit(lambda t: t.log_requests(given, 20, 5, 1000))
        assert shown(store, HOME, 2) == [(False, "4"), (True, "3"), (False, "2"), (True, "1")]
        assert shown(store, HOME, 1) == [(False, "4"), (True, "3")]
        assert shown(store, "alice", 1) == [(False, "6")]

    def test_a_password_in_the_place_of_a_name_is_not_kept(self, store: Blocking) -> None:
        store.commit(fill)
        given = [
            request(None, HOME, asked="1", user=user)
            for user in ("a password", "bob", "home.example.net")
        ]
        store.commit(lambda t: t.log_requests(given, 20, 5, 1000))
        kept = [entry.user for _, entry in store.read(lambda r: r.requests_of_host(HOME))]
        assert kept == ["home.example.net", "…", "…"]

    def test_a_request_reads_back(self, store: Blocking) -> None:
        store.commit(fill)
        told = {"cause": "wrong", "hosts": "home", "addresses": "::1", "version": "HTTP/1.1"}
        entry = request(None, HOME, asked="1").entry
        entry = entry._replace(reason="why", transport="tls", status="abuse", wait=60.5, **told)
        one = LoggedRequest(None, {HOME: ("abuse", 60.5)}, entry)
        store.commit(lambda t: t.log_requests([one], 20, 5, 1000))
        assert store.read(lambda r: r.requests_of_host(HOME)) == [(True, entry)]

    @pytest.mark.parametrize(
        ("user", "owner", "kept"),
        [
            ("Alice", "alice", ("Alice", "disabled")),
            ("alice", None, ("alice", "disabled")),
            ("home.example.net", None, ("home.example.net", "disabled")),
            ("another key", "alice", ("…", "disabled")),
            ("bob", "bob", ("…", "unknown_user")),
            ("nobody", None, ("…", "unknown_user")),
            ("other.example.net", None, ("…", "unknown_user")),
        ],
    )
    def test_a_host_tells_nothing_of_others_credentials(
        self, store: Blocking, user: str, owner: str | None, kept: tuple[str, str]
    ) -> None:
        """Or its owner could have others' passwords guessed at it, and account names as well."""
        store.commit(fill)
        one = request(None, HOME, asked="1", user=user)._replace(owner=owner)
        one = one._replace(entry=one.entry._replace(cause="disabled"))
        store.commit(lambda t: t.log_requests([one], 20, 5, 1000))
        ((_, entry),) = store.read(lambda r: r.requests_of_host(HOME))
        assert (entry.user, entry.cause) == kept

    def test_so_many_requests_are_kept(self, store: Blocking) -> None:
        store.commit(fill)
        for number in range(10):
            both = [request(who, HOME, asked=str(number)) for who in ("alice", None)]
            store.commit(lambda t, both=both: t.log_requests(both, 3, 2, 1000))
        assert shown(store, HOME) == [
            (True, "9"),
            (False, "9"),
            (True, "8"),
            (False, "8"),
            (False, "7"),
        ]
        store.commit(lambda t: t.log_requests([request("alice", HOME, asked="10")], 3, 2, 2))
        assert shown(store, HOME) == [(False, "10"), (True, "9")]

    def test_a_flood_of_requests_is_bounded(self, store: Blocking) -> None:
        store.commit(fill)
        for _ in range(4):
            flood = [request("alice", HOME, asked=str(number)) for number in range(500)]
            store.commit(lambda t, flood=flood: t.log_requests(flood, 3, 2, 1000))
        assert [asked for _, asked in shown(store, HOME)] == ["499", "498", "497"]

    def test_requests_do_not_go_with_a_host_to_another_account(self, store: Blocking) -> None:
        store.commit(fill)
        given = [request("alice", HOME, asked="1"), request(None, HOME, asked="2")]
        store.commit(lambda t: t.log_requests(given, 20, 5, 1000))
        store.commit(lambda t: t.put_host(Host(HOME, ORIGIN, "alice", 5, 4.0)))
        assert len(shown(store, HOME)) == 2
        store.commit(lambda t: t.put_host(Host(HOME, ORIGIN, "bob", 5, 4.0)))
        assert shown(store, HOME) == []

    def test_requests_go_with_host_zone_and_account(self, store: Blocking) -> None:
        def log() -> None:
            store.commit(fill)
            given = [request("alice", HOME, asked="1"), request("alice", asked="2")]
            store.commit(lambda t: t.log_requests(given, 20, 5, 1000))
            assert (len(shown(store, HOME)), len(shown(store, "alice"))) == (1, 1)

        log()
        store.commit(lambda t: t.remove_host(HOME))
        assert (shown(store, HOME), len(shown(store, "alice"))) == ([], 1)
        store.commit(lambda t: t.remove_zone(ORIGIN))
        store.commit(lambda t: t.remove_account("alice"))
        assert shown(store, "alice") == []
        log()
        store.commit(lambda t: t.remove_zone(ORIGIN))
        assert shown(store, HOME) == []

    # Removal ---------------------------------------------------------------------------------

    def test_a_removed_zone_takes_hosts_and_records_with_it(self, store: Blocking) -> None:
        store.commit(fill)
        store.commit(put(address()))
        done = store.commit(lambda t: t.remove_zone(ORIGIN))
        assert done.zones == {ORIGIN}
        assert store.read(lambda r: (r.zones(), r.hosts(), r.rrsets(ORIGIN, HOME))) == ([], [], [])
        assert store.rows() == []
        store.commit(lambda t: t.put_zone(ZoneInfo(ORIGIN, 1)))
        assert store.rows() == []

    def test_a_removed_account_takes_keys_hosts_and_their_records_with_it(
        self, store: Blocking
    ) -> None:
        store.commit(fill)
        store.commit(lambda t: (t.add_key(key("alice", b"1")), t.add_key(key("bob", b"2"))))
        store.commit(put(address()))
        store.commit(lambda t: t.remove_account("alice"))
        assert store.read(lambda r: [a.name for a in r.accounts()]) == ["bob"]
        assert [one.account for one in store.read(lambda r: r.keys())] == ["bob"]
        assert store.read(lambda r: (r.hosts(), r.rrsets(ORIGIN, HOME))) == ([], [])
        kinds = [(event.kind, event.after) for event in store.commits[-1]]
        assert {kind for kind, after in kinds if after is None} == {
            EventKind.RRSET,
            EventKind.HOST,
            EventKind.KEY,
            EventKind.ACCOUNT,
        }

    def test_the_owner_of_a_zone_is_not_removed(self, store: Blocking) -> None:
        store.commit(fill)
        store.commit(lambda t: t.put_zone(ZoneInfo(OTHER, 1, "bob")))
        with pytest.raises(StoreError):
            store.commit(lambda t: t.remove_account("bob"))
        assert store.read(lambda r: r.account("bob")) is not None

    def test_a_removed_host_takes_what_belongs_to_it(self, store: Blocking) -> None:
        below = names.from_text("www.home.example.net")
        store.commit(fill)
        for owner in (HOME, WILD, ACME, PERSIST, below):
            store.commit(put(rrset(owner, TXT, b"\x01x")))
        store.commit(lambda t: t.remove_host(HOME))
        assert [owner for owner, *_ in store.rows()] == sorted([ORIGIN, below])

    # One piece of work -----------------------------------------------------------------------

    def test_what_raises_is_undone_and_nothing_else(self, store: Blocking) -> None:
        store.commit(fill)
        serial = store.serial()
        names_ = [names.from_text(f"h{number}.example.net") for number in range(4)]
        results = store.at_once(
            put(address(names_[0])),
            refuse,
            put(address(names_[1])),
            refuse,
            put(address(names_[2])),
        )
        assert [type(result) for result in results[1::2]] == [Refused, Refused]
        owners = {owner for owner, *_ in store.rows()}
        assert owners == {ORIGIN, *names_[:3]}
        assert store.read(lambda r: r.account("mallory")) is None
        told = [event.owner for event in store.events if event.kind is EventKind.RRSET][1:]
        assert told == names_[:3]
        assert [event.position for event in store.events] == list(range(1, len(store.events) + 1))
        assert serial < store.serial() <= serial + 3

    def test_a_serial_that_only_refused_work_raised_stays(self, store: Blocking) -> None:
        store.commit(fill)
        serial = store.serial()
        with pytest.raises(Refused):
            store.commit(refuse)
        assert store.serial() == serial
        store.commit(put(address()))
        assert store.serial() == serial + 1
        assert store.events[-1].serial == serial + 1

    def test_a_removal_that_was_refused_leaves_serials_alone(self, store: Blocking) -> None:
        def remove(transaction: ITransaction) -> None:
            transaction.remove_zone(ORIGIN)
            raise Refused

        store.commit(fill)
        store.at_once(put(address(last=1)), remove, put(address(last=2)))
        assert [event.serial for event in store.commits[-1]] == [8, 8]
        assert store.serial() == 8

    def test_records_of_a_zone_that_a_neighbour_removed(self, store: Blocking) -> None:
        store.commit(fill)
        results = store.at_once(
            put(address(last=1)),
            lambda t: t.remove_zone(ORIGIN),
            put(address(last=2)),
            lambda t: t.put_account(Account("carol")),
        )
        assert isinstance(results[2], StoreError)
        assert [isinstance(result, StoreError) for result in results] == [False, False, True, False]
        assert store.read(lambda r: (r.zones(), len(r.accounts()))) == ([], 3)

    def test_works_run_in_order(self, store: Blocking) -> None:
        ran: list[int] = []
        results = store.at_once(*(lambda t, n=number: ran.append(n) or n for number in range(50)))
        assert ran == [result.value for result in results] == list(range(50))

    def test_the_committed_zones_are_those_that_changed(self, store: Blocking) -> None:
        store.commit(fill)
        assert store.commit(put(address())).zones == {ORIGIN}
        assert store.commit(put(address())).zones == frozenset()
        assert store.commit(lambda t: t.put_account(Account("carol"))).zones == frozenset()
        assert store.commit(lambda t: "value").value == "value"
