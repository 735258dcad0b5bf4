"""Part of the contract: what the store tells people of what has changed, and of what is theirs."""

from __future__ import annotations

import dataclasses

from ddns.model import names
from ddns.model.account import Host, ZoneInfo
from ddns.model.journal import Author, Event, EventKind
from ddns.model.records import TXT
from tests.store.sqlite.blocking import HOME, ORIGIN, Blocking, address, fill, put, rrset

OTHER = names.from_text("other.example")
ALICE = Author("alice", "dyndns2", 5.5)


class TellingContract:
    """See the module; the fixtures are those of the contract."""

    def zone_positions(self, store: Blocking, limit: int = 100) -> list[int]:
        """The positions in the history of the zone."""
        found: list[Event] = store.read(lambda r: r.zone_history(ORIGIN, limit))
        assert {(event.kind, event.zone) for event in found} <= {(EventKind.RRSET, ORIGIN)}
        return [event.position for event in found]

    def test_the_history_of_a_zone(self, store: Blocking) -> None:
        store.commit(lambda t: t.put_zone(ZoneInfo(OTHER, 1)))
        store.commit(fill)
        (soa,) = self.zone_positions(store)
        store.commit(put(address(last=1)))
        store.commit(put(rrset(OTHER, TXT, b"\x01x"), OTHER))
        store.commit(put(address(last=2)), ALICE)
        last = store.events[-1]
        assert self.zone_positions(store) == [last.position, last.position - 2, soa]
        assert self.zone_positions(store, 1) == [last.position]
        for position, found in ((last.position, last), (last.position - 1, None), (2**60, None)):
            assert store.read(lambda r, at=position: r.zone_change(ORIGIN, at)) == found
        store.commit(lambda t: t.raise_serial(ORIGIN, 100))  # is no change of a record
        store.commit(lambda t: t.put_zone(ZoneInfo(ORIGIN, 100, update_from=("192.0.2.0/24",))))
        assert self.zone_positions(store)[0] == last.position

    def test_it_begins_with_its_owner(self, store: Blocking) -> None:
        store.commit(fill)
        store.commit(put(address(last=1)))
        zone = store.read(lambda r: r.zone(ORIGIN))
        store.commit(lambda t: t.put_zone(dataclasses.replace(zone, account="bob")))
        assert self.zone_positions(store) == []
        store.commit(put(address(last=2)))
        assert self.zone_positions(store) == [store.events[-1].position]
        store.commit(lambda t: t.put_zone(dataclasses.replace(zone, account=None)))
        assert self.zone_positions(store) == []
        store.commit(put(address(last=3)))
        store.commit(lambda t: t.remove_zone(ORIGIN))
        assert self.zone_positions(store) == []

    def test_what_others_do_at_their_hosts_is_not_told(self, store: Blocking) -> None:
        store.commit(fill)
        store.commit(put(address(last=1)))
        at_home = store.events[-1].position
        for label in names.BELOW_HOST:
            store.commit(put(rrset(label + HOME, TXT, b"\x01x")))
        store.commit(put(rrset(b"\x01a" + ORIGIN, TXT, b"\x01x")))
        apart = store.events[-1].position

        def told(account: str) -> list[int]:
            found: list[Event] = store.read(lambda r: r.zone_history(ORIGIN, 100, account))
            return [event.position for event in found]

        everything = self.zone_positions(store)
        assert told("alice") == everything
        bobs = [apart, everything[-1]]
        assert told("bob") == bobs
        assert store.read(lambda r: r.zone_history(ORIGIN, 1, "bob"))[0].position == apart
        assert store.read(lambda r: r.zone_change(ORIGIN, at_home, "bob")) is None
        assert store.read(lambda r: r.zone_change(ORIGIN, at_home, "alice")) is not None
        store.commit(lambda t: t.remove_host(HOME))
        assert told("bob") == bobs
        store.commit(lambda t: t.put_host(Host(HOME, ORIGIN, "bob")))
        store.commit(put(address(last=2)))
        assert told("bob") == bobs
        assert told("alice") == bobs

    def test_events_by_an_author(self, store: Blocking) -> None:
        store.commit(fill)
        first = store.events[0].position
        mine = []
        for last in range(1, 7):
            store.commit(put(address(last=last)), ALICE if last % 2 else Author("bob", "x", 0.0))
            mine += [store.events[-1].position] if last % 2 else []
        end = store.events[-1].position

        def told(after: int, span: int = 100, limit: int = 100) -> tuple[list[int], int | None]:
            events, further = store.read(lambda r: r.events_by("alice", after, span, limit))
            return [event.position for event in events], further

        assert told(0) == (mine, None)
        assert told(mine[0]) == (mine[1:], None)
        assert told(0, limit=2) == (mine[:2], mine[1])
        assert told(mine[1], limit=2) == (mine[2:], None)
        span = mine[1] - first + 1
        assert told(0, span=span) == (mine[:2], mine[1])
        assert told(mine[1], span=1) == ([], mine[1] + 1)
        assert told(end) == ([], None)
        assert told(end + 5) == ([], None)

    def test_events_of_an_empty_journal(self, store: Blocking) -> None:
        assert store.read(lambda r: r.events_by("alice", 0, 10, 10)) == ([], None)

    def test_records_that_belong_to_no_host(self, store: Blocking) -> None:
        store.commit(fill)
        store.commit(put(address()))
        txt = [rrset(name + ORIGIN, TXT, b"\x01x") for name in (b"\x01a", b"\x01b", b"\x01c")]
        for one in txt:
            store.commit(put(one))
        soa = store.read(lambda r: r.rrsets(ORIGIN, ORIGIN))

        def of(after: tuple[bytes, int] | None, limit: int = 100) -> list[object]:
            found: list[object] = store.read(lambda r: r.own_rrsets(ORIGIN, after, limit))
            assert found == store.commit(lambda t: t.own_rrsets(ORIGIN, after, limit)).value
            return found

        everything = sorted([*txt, *soa], key=lambda one: one.owner)
        assert of(None) == everything
        assert of(None, 2) == everything[:2]
        last = everything[1]
        assert of((last.owner, last.type)) == everything[2:]
        assert of((HOME, 2**16)) == [one for one in everything if one.owner > HOME]
        assert store.read(lambda r: r.own_rrsets(OTHER, None, 5)) == []

    def test_names_that_are_kept_for_an_account(self, store: Blocking) -> None:
        store.commit(fill)
        assert store.read(lambda r: r.released_by("alice")) == []
        store.commit(lambda t: t.remove_host(HOME))
        (released,) = store.read(lambda r: r.released_by("alice"))
        assert (released.name, released.account) == (HOME, "alice")
        assert store.read(lambda r: r.released_by("bob")) == []
