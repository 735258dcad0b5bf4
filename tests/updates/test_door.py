"""Connections that came to nothing, as they are remembered."""

from __future__ import annotations

from ddns.model.door import Knock, Trouble
from ddns.updates.door import CAPACITY, Door

HERE, THERE = "192.0.2.1", "2001:db8::1"


def test_the_last_of_each_address_and_trouble() -> None:
    times = iter([1.0, 2.0, 3.0, 4.0])
    door = Door(lambda: next(times))
    for peer, trouble in (
        (HERE, Trouble.OLD_TLS),
        (HERE, Trouble.NO_TLS),
        (THERE, Trouble.NO_TLS),
        (HERE, Trouble.OLD_TLS),
    ):
        door.note(peer, trouble)
    mine = [Knock(4.0, HERE, Trouble.OLD_TLS), Knock(2.0, HERE, Trouble.NO_TLS)]
    assert sorted(door.knocks([HERE, "192.0.2.2"])) == sorted(mine)
    assert door.knocks([THERE]) == [Knock(3.0, THERE, Trouble.NO_TLS)]
    assert door.knocks([]) == []


def test_the_oldest_are_forgotten() -> None:
    door = Door(lambda: 1.0)
    for number in range(CAPACITY):
        door.note(str(number), Trouble.NO_TLS)
    door.note("0", Trouble.NO_TLS)
    door.note("new", Trouble.NO_TLS)
    assert door.knocks(["1"]) == []
    assert len(door.knocks(["0", "2", "new"])) == 3
