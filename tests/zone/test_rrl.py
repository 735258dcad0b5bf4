"""The rate limiter by itself, on a clock that stands until it is told to move."""

from __future__ import annotations

import random
import sys
import timeit
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddns.zone.rrl import ABSENT, DROP, ERRORS, SEND, SLIP, RateLimiter

HERE = bytes((192, 0, 2, 1))
NAME = b"\x04home\x03net\0"


chance = random.Random(1).randbytes
"""Whether two things meet in a slot is the same in every run."""


class FakeClock:
    """Seconds, a million at first: no moment of a clock means anything by itself."""

    def __init__(self) -> None:
        self.now = 1e6

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


def ask(limiter: RateLimiter, times: int, source: bytes = HERE, about: bytes = NAME) -> list[int]:
    return [limiter.account(source, about) for _ in range(times)]


def test_replies_up_to_the_rate_are_sent_and_every_second_one_beyond_it_slips(
    clock: FakeClock,
) -> None:
    limiter = RateLimiter(clock, chance, per_second=5)
    assert ask(limiter, 11) == [SEND] * 5 + [DROP, SLIP] * 3


@pytest.mark.parametrize(
    ("slip", "beyond"),
    [
        (0, [DROP] * 6),
        (1, [SLIP] * 6),
        (2, [DROP, SLIP] * 3),
        (3, [DROP, DROP, SLIP] * 2),
    ],
)
def test_slip(clock: FakeClock, slip: int, beyond: list[int]) -> None:
    limiter = RateLimiter(clock, chance, per_second=2, slip=slip)
    assert ask(limiter, 8)[2:] == beyond


def test_the_default_rate_is_200(clock: FakeClock) -> None:
    assert Counter(ask(RateLimiter(clock, chance), 1000)) == {SEND: 200, DROP: 400, SLIP: 400}


def test_another_second_brings_another_allowance(clock: FakeClock) -> None:
    limiter = RateLimiter(clock, chance, per_second=5)
    for _ in range(4):
        assert ask(limiter, 5) == [SEND] * 5
        clock.now += 1.0
    assert ask(limiter, 6)[5] != SEND
    clock.now += 0.99
    assert SEND not in ask(limiter, 3)
    clock.now += 2.0
    assert ask(limiter, 5) == [SEND] * 5


@pytest.mark.parametrize(("rate", "sent"), [(100, 100), (101, 99), (150, 50), (199, 1), (500, 0)])
def test_a_lasting_flood_gets_the_less_the_greater_it_is(
    clock: FakeClock, rate: int, sent: int
) -> None:
    """The excess is carried over by halves, so it settles at the excess itself."""
    limiter = RateLimiter(clock, chance, per_second=100)
    for _ in range(30):
        verdicts = ask(limiter, rate)
        clock.now += 1.0
    assert abs(verdicts.count(SEND) - sent) <= 1


def test_a_client_is_answered_a_second_after_the_flood(clock: FakeClock) -> None:
    limiter = RateLimiter(clock, chance, per_second=10)
    for _ in range(5):
        ask(limiter, 100_000)
        clock.now += 1.0
    assert ask(limiter, 4) == [DROP, SLIP] * 2  # it can come over TCP meanwhile
    clock.now += 1.0
    assert ask(limiter, 4) == [SEND] * 4


def test_slips_keep_their_ratio_while_a_flood_lasts(clock: FakeClock) -> None:
    limiter = RateLimiter(clock, chance, per_second=10)
    seen: Counter[int] = Counter()
    for _ in range(10):
        seen.update(ask(limiter, 1000))
        clock.now += 1.0
    assert seen[SEND] == 10
    assert abs(seen[SLIP] - seen[DROP]) <= 10


@pytest.mark.parametrize("step", [-1e-9, -3600.0, -1e6, 1e9, float("inf"), float("nan")])
def test_a_clock_that_is_set_anew_freezes_nothing(clock: FakeClock, step: float) -> None:
    limiter = RateLimiter(clock, chance, per_second=5)
    ask(limiter, 50)
    clock.now += step
    assert ask(limiter, 5) == [SEND] * 5
    clock.now = 2e6
    ask(limiter, 5)
    clock.now += 1.0
    assert ask(limiter, 5) == [SEND] * 5


def test_a_clock_that_stands_still_freezes_nothing(clock: FakeClock) -> None:
    limiter = RateLimiter(clock, chance, per_second=5)
    ask(limiter, 5)
    # More than any second can hold; and whoever waits for it gets every second reply over TCP.
    verdicts = (limiter.account(HERE, NAME) for _ in range(1 << 21))
    assert SEND in verdicts
    assert ask(limiter, 4) == [SEND] * 4


# Octets


def send(limiter: RateLimiter, times: int, excess: int, source: bytes = HERE) -> list[int]:
    """About another name each time."""
    return [limiter.account(source, b"\x04%04d\0" % number, excess) for number in range(times)]


def test_octets_up_to_the_limit_are_sent_and_every_second_reply_beyond_it_slips(
    clock: FakeClock,
) -> None:
    limiter = RateLimiter(clock, chance, octets_per_second=5000)
    verdicts = send(limiter, 11, 1000)
    assert verdicts[:5] == [SEND] * 5
    assert sorted(verdicts[5:]) == [SLIP] * 3 + [DROP] * 3
    assert send(limiter, 100, 0) == send(limiter, 100, -20) == [SEND] * 100
    assert send(limiter, 1, 1000, bytes((192, 0, 3, 1))) == [SEND]
    assert (limiter.slipped, limiter.dropped) == (3, 3)


def test_no_limit_of_octets(clock: FakeClock) -> None:
    limiter = RateLimiter(clock, chance, octets_per_second=0)
    assert send(limiter, 1000, 60_000) == [SEND] * 1000


@pytest.mark.parametrize(("rate", "sent"), [(100, 100), (101, 99), (150, 50), (199, 1), (500, 0)])
def test_a_lasting_flood_of_octets(clock: FakeClock, rate: int, sent: int) -> None:
    """As that of one thing; and a second after it there is the whole allowance again."""
    limiter = RateLimiter(clock, chance, octets_per_second=100_000)
    for _ in range(30):
        verdicts = send(limiter, rate, 1000)
        clock.now += 1.0
    assert abs(verdicts.count(SEND) - sent) <= 1
    clock.now += 1.0
    assert send(limiter, 100, 1000) == [SEND] * 100


# What counts together


def sources_share(clock: FakeClock, one: str, other: str, **options: int) -> bool:
    limiter = RateLimiter(clock, chance, per_second=5, **options)
    ask(limiter, 5, bytes.fromhex(one))
    return SEND not in ask(limiter, 2, bytes.fromhex(other))


@pytest.mark.parametrize(
    ("one", "other", "options", "share"),
    [
        ("c0000201", "c00002ff", {}, True),
        ("c0000201", "c0000301", {}, False),
        ("20010db8000000010000000000000001", "20010db8000000ff" + "ff" * 8, {}, True),
        ("20010db8000000010000000000000001", "20010db8000001010000000000000001", {}, False),
        ("c0000201", "c0000202", {"ipv4_prefix": 32}, False),
        ("c0000201", "c0ffffff", {"ipv4_prefix": 8}, True),
        ("20010db8" + "00" * 12, "20010db8" + "ff" * 12, {"ipv6_prefix": 32}, True),
        ("20010db8" + "00" * 12, "20010db8" + "00" * 11 + "01", {"ipv6_prefix": 128}, False),
    ],
)
def test_prefixes(
    clock: FakeClock, one: str, other: str, options: dict[str, int], share: bool
) -> None:
    assert sources_share(clock, one, other, **options) == share


def test_things_are_counted_apart(clock: FakeClock) -> None:
    limiter = RateLimiter(clock, chance, per_second=5)
    for about in (NAME, b"\x01*" + NAME, ABSENT + NAME, ERRORS, b"\x03net\0"):
        assert ask(limiter, 5, about=about) == [SEND] * 5
        assert ask(limiter, 1, about=about) != [SEND]


# What hostile sources can do to the table


def test_a_million_sources_take_no_more_memory_than_one() -> None:
    limiter = RateLimiter(lambda: 0.0, chance, slots=1 << 12)
    sources = chance(4_000_000)
    account = limiter.account
    before = sys.getallocatedblocks()
    for at in range(0, len(sources), 4):
        account(sources[at : at + 4], NAME, 1000)
    # Two numbers for each slot at most, however many things there were.
    assert sys.getallocatedblocks() - before < 3 * 4096 + 1000


def test_a_flood_of_random_sources_takes_the_allowance_of_nobody(clock: FakeClock) -> None:
    limiter = RateLimiter(clock, chance)
    for _ in range(3):
        sources = chance(4 * 150_000)  # more than this server can answer in a second
        for at in range(0, len(sources), 4):
            limiter.account(sources[at : at + 4], NAME)
        assert ask(limiter, 150) == [SEND] * 150
        clock.now += 1.0


def test_a_full_table_costs_no_more_than_an_empty_one() -> None:
    empty = RateLimiter(lambda: 0.0, chance)
    full = RateLimiter(lambda: 0.0, chance, per_second=1)
    sources = chance(4 * 300_000)
    for at in range(0, len(sources), 4):
        full.account(sources[at : at + 4], NAME)

    def seconds(limiter: RateLimiter) -> float:
        return min(timeit.repeat(lambda: limiter.account(HERE, NAME), number=2000, repeat=20))

    assert seconds(full) < 10 * seconds(empty)


def test_who_meets_whom_in_a_slot_changes_every_second(clock: FakeClock) -> None:
    """With two slots, one thing is as likely as not to meet another; but not for long."""
    limiter = RateLimiter(clock, chance, per_second=5, slots=2)
    met = []
    for _ in range(64):
        ask(limiter, 100)
        met.append(SEND not in ask(limiter, 5, about=b"\x05other\0"))
        clock.now += 10.0
    assert 5 < sum(met) < 59  # outside of it once in 10 to the 12th


@given(st.integers(1, 5000))
def test_any_table_size_works(slots: int) -> None:
    limiter = RateLimiter(lambda: 0.0, chance, per_second=1, slots=slots)
    first = [limiter.account(bytes((10, n, 0, 1)), NAME) for n in range(200)]
    assert first[0] == SEND
    assert len(limiter.counts) >= slots
    assert len(limiter.counts) & (len(limiter.counts) - 1) == 0
