"""The table of connections: who comes in, who goes, and when, on a clock of the test's own."""

from __future__ import annotations

import math

import pytest
from twisted.internet.task import Clock

from ddns.net.connections import FINEST, UNSENT, Connection, ConnectionOwner, ConnectionTable

HOME, AWAY = b"\x7f\0\0\1", b"\xc0\0\2\1"


class Client(Connection):
    """A connection that says what was done to it."""

    def __init__(self, deadline: float | None = None, since: float | None = None) -> None:
        self.deadline = deadline
        self.since = since
        self.done: list[object] = []

    def waits_since(self) -> float | None:
        return self.since

    def go_on(self) -> None:
        self.done.append("goes on")

    def expire(self) -> None:
        self.done.append("expired")

    def close(self, force: bool) -> None:
        self.done.append(force)

    def abort(self) -> None:
        self.done.append("aborted")


class Owner(ConnectionOwner):
    def __init__(self, *tables: ConnectionTable[Client]) -> None:
        self.tables = tables


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def table(clock: Clock) -> ConnectionTable[Client]:
    return ConnectionTable(clock, total=3, per_network=2, interval=1.0)


def counted(table: ConnectionTable[Client]) -> tuple[int, int, int]:
    admissions = table.admissions
    return admissions.accepted, admissions.refused, admissions.displaced


def add(table: ConnectionTable[Client], client: Client, network: bytes = b"") -> Client:
    assert table.admit(network)
    table.add(client, network)
    return client


# Admission -------------------------------------------------------------------------------------


def test_a_network_has_its_share(table: ConnectionTable[Client]) -> None:
    first = add(table, Client(since=0.0), HOME)
    add(table, Client(since=0.0), HOME)
    assert not table.admit(HOME)  # nobody makes room for somebody of the same network
    assert table.admit(AWAY)
    assert counted(table) == (2, 1, 0)
    table.remove(first)
    assert table.admit(HOME)


def test_nobodys_network_is_limited_by_the_total_alone(table: ConnectionTable[Client]) -> None:
    for _ in range(3):
        add(table, Client())
    assert not table.admit()
    assert not table.admit(AWAY)
    assert counted(table) == (3, 2, 0)


def test_nothing_is_left(table: ConnectionTable[Client], clock: Clock) -> None:
    clients = [add(table, Client(), network) for network in (HOME, HOME, AWAY)]
    assert (len(table), table.networks()) == (3, 2)
    for client in clients * 2:  # again makes no difference
        table.remove(client)
    table.remove(Client())
    assert (len(table), table.networks()) == (0, 0)
    assert not clock.getDelayedCalls()


def test_other_limits_are_for_those_to_come(table: ConnectionTable[Client]) -> None:
    for _ in range(3):
        add(table, Client())
    table.limit(total=2, per_network=1, interval=1.0)
    assert len(table) == 3
    assert not table.admit(HOME)
    table.limit(total=9, per_network=math.inf, interval=1.0)
    for _ in range(6):
        add(table, Client(), HOME)


# Eviction --------------------------------------------------------------------------------------


def test_whoever_has_kept_us_waiting_for_longest_goes(table: ConnectionTable[Client]) -> None:
    busy = add(table, Client(since=None))
    newer = add(table, Client(since=5.0), HOME)
    older = add(table, Client(since=1.0), HOME)
    for victim in (older, newer):
        assert table.admit(AWAY)
        assert victim.done == ["aborted"]
        assert victim not in list(table)
        table.add(Client(), AWAY)
    assert not table.admit()
    assert busy.done == []
    assert counted(table) == (5, 1, 2)
    table.remove(older)  # the transport reports the loss only now
    assert (len(table), table.networks()) == (3, 1)


def test_among_the_lively_those_of_the_largest_network_go(clock: Clock) -> None:
    table: ConnectionTable[Client] = ConnectionTable(clock, total=4, per_network=3, interval=60.0)
    clock.advance(100)
    alone = add(table, Client(since=99.5), HOME)
    many = [add(table, Client(since=99.6 + n / 10), AWAY) for n in range(3)]
    assert table.admit(HOME)
    assert [client.done for client in (alone, *many)] == [[], ["aborted"], [], []]
    add(table, Client(since=100.0), HOME)
    clock.advance(1)
    assert table.admit(AWAY), "the first is not lively any more"
    assert alone.done == ["aborted"]


def test_of_equals_the_first_that_came_goes(table: ConnectionTable[Client]) -> None:
    clients = [add(table, Client(since=0.0)) for _ in range(5)]
    assert [client.done for client in clients] == [["aborted"]] * 2 + [[]] * 3


def test_networks_of_ipv6_have_bounds_as_well(clock: Clock) -> None:
    """One customer may have a /56 or a /48, and so any number of /64."""
    table: ConnectionTable[Client] = ConnectionTable(clock, total=99, per_network=4, interval=1.0)

    def added(network: str, tries: int) -> int:
        key = bytes.fromhex(network)
        clients = [add(table, Client(), key) for _ in range(tries) if table.admit(key)]
        return len(clients)

    assert added("20010db800010000", 9) == 4
    assert added("20010db800010001", 9) == 2, "6 for the /56"
    assert added("20010db800010002", 9) == 0
    assert added("20010db800010100", 9) == 2, "8 for the /48"
    assert added("20010db800010200", 9) == 0
    assert added("20010db800020000", 9) == 4
    assert added("20010db8", 9) == 4, "an IPv4 address is none of these"
    for client in table:
        table.remove(client)
    assert table.networks() == 0


# Unsent answers --------------------------------------------------------------------------------


def test_a_networks_unsent_answers_are_counted_together(clock: Clock) -> None:
    table: ConnectionTable[Client] = ConnectionTable(clock, 99, 99, interval=60.0)
    one, other, away, nobody = (
        add(table, Client(), network) for network in (HOME, HOME, AWAY, b"")
    )
    table.hold(nobody, 10 * UNSENT)
    assert all(map(table.may_go_on, (one, other, away, nobody)))
    table.hold(one, UNSENT)
    assert table.may_go_on(other)
    table.hold(other, 1)
    assert [table.may_go_on(client) for client in (one, other, away)] == [False, False, True]
    clock.advance(1)
    assert one.done == other.done == [], "nothing has been read"
    table.hold(one, UNSENT - 1)
    clock.advance(0)
    assert one.done == other.done == ["goes on"]
    assert table.may_go_on(one)
    table.hold(other, UNSENT)
    assert not table.may_go_on(one)
    table.remove(other)  # with what it has not read
    clock.advance(0)
    assert one.done == ["goes on"] * 2
    assert (other.unsent, away.done) == (0, [])


def test_unsent_answers_of_wider_networks_count_too(clock: Clock) -> None:
    table: ConnectionTable[Client] = ConnectionTable(clock, 99, 99, interval=60.0)
    clients = [add(table, Client(), bytes.fromhex(f"20010db80001000{n}")) for n in range(3)]
    table.hold(clients[0], UNSENT)
    assert table.may_go_on(clients[2])
    table.hold(clients[1], UNSENT)
    assert not table.may_go_on(clients[2])


def test_each_goes_on_when_others_have_had_their_turn(
    table: ConnectionTable[Client], clock: Clock
) -> None:
    first, second, gone = add(table, Client()), add(table, Client()), add(table, Client())
    for client in (first, second, gone):
        table.go_on_soon(client)
    first.go_on = lambda: table.remove(gone)  # type: ignore[method-assign]
    assert len(clock.getDelayedCalls()) == 2  # the sweep, and one for all
    clock.advance(0)
    assert (second.done, gone.done) == (["goes on"], [])
    table.go_on_soon(second)
    for client in (first, second):
        table.remove(client)
    assert not clock.getDelayedCalls()


# Deadlines -------------------------------------------------------------------------------------


def test_each_expires_at_its_moment(table: ConnectionTable[Client], clock: Clock) -> None:
    soon, later, never = (add(table, Client(deadline=due)) for due in (2.5, 7.0, None))
    assert len(clock.getDelayedCalls()) == 1
    clock.pump([0.5] * 4)
    clock.advance(0.49)
    assert soon.done == []
    clock.advance(0.01)
    assert soon.done == ["expired"]
    table.remove(soon)
    clock.pump([0.5] * 8)
    assert later.done == []
    clock.advance(0.5)
    assert later.done == ["expired"]
    assert never.done == []


def test_a_deadline_set_meanwhile_is_late_by_no_more_than_the_interval(
    table: ConnectionTable[Client], clock: Clock
) -> None:
    client = add(table, Client(deadline=None))
    clock.pump([0.5] * 5)
    client.deadline = 2.6
    clock.advance(0.5)
    assert client.done == ["expired"]


def test_a_deadline_that_moves_is_not_kept(table: ConnectionTable[Client], clock: Clock) -> None:
    client = add(table, Client(deadline=0.5))
    for _ in range(20):
        client.deadline = clock.seconds() + 0.5
        clock.advance(0.4)
    assert client.done == []


def test_sweeps_keep_a_distance(table: ConnectionTable[Client], clock: Clock) -> None:
    """A connection that outlives its deadline, as one may that is being aborted, costs little."""
    client = add(table, Client(deadline=0.0))
    clock.advance(1.0)
    clock.pump([FINEST / 2] * 20)
    assert len(client.done) <= 11


def test_expiring_may_remove_everybody(table: ConnectionTable[Client], clock: Clock) -> None:
    clients = [add(table, Client(deadline=0.5)) for _ in range(3)]
    for client in clients:
        client.expire = lambda: [table.remove(one) for one in clients]  # type: ignore[method-assign,assignment,misc]
    clock.advance(1.0)
    assert len(table) == 0
    assert not clock.getDelayedCalls()


# The end ---------------------------------------------------------------------------------------


def test_an_owner_ends_all_its_tables(table: ConnectionTable[Client], clock: Clock) -> None:
    other: ConnectionTable[Client] = ConnectionTable(clock, 1, math.inf, 1.0)
    owner = Owner(table, other)
    clients = [add(table, Client()), add(table, Client()), add(other, Client())]
    assert owner.connections() == 3
    assert owner.admissions is table.admissions
    assert not table.closing
    owner.close_connections(False)
    owner.close_connections(True)
    owner.abort_connections()
    assert table.closing
    assert [client.done for client in clients] == [[False, True, "aborted"]] * 3


def test_closing_may_remove_them(table: ConnectionTable[Client]) -> None:
    for _ in range(3):
        client = add(table, Client())
        client.close = lambda force, client=client: table.remove(client)  # type: ignore[method-assign,misc]
    table.close(False)
    assert len(table) == 0
