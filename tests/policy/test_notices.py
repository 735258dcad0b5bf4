"""What is told, how often, and what several notices come to."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddns.model.leases import DAY
from ddns.model.notices import ALL, BY_MAIL, HostWord, Kind, Mark, Terms, bits_of, kinds_of
from ddns.model.records import AAAA, A
from ddns.policy.notices import LONGEST_PAUSE, counted, heard, merged, pause, terms_of
from ddns.policy.pauses import doubled

NONE = frozenset[Kind]()
ONE = frozenset({Kind.CHANGED})


@given(st.frozensets(st.sampled_from(list(Kind))))
def test_sets_of_kinds_as_bits(kinds: frozenset[Kind]) -> None:
    assert kinds_of(bits_of(kinds)) == kinds
    assert 0 <= bits_of(kinds) <= ALL


@pytest.mark.parametrize(
    ("usual", "own", "found"),
    [
        (None, None, (BY_MAIL, frozenset(Kind), 0)),
        (Terms("a", None, ONE), None, (ONE, frozenset(Kind), 0)),
        (Terms("a", None, ONE, NONE, 3), Terms("a", b"h", NONE), (NONE, NONE, 3)),
        (Terms("a", None, None, None, 3), Terms("a", b"h", None, ONE, 0), (BY_MAIL, ONE, 0)),
    ],
)
def test_terms(usual: Terms | None, own: Terms | None, found: tuple[Any, ...]) -> None:
    terms = terms_of(usual, own, "a", b"h")
    assert (terms.mail, terms.push, terms.silent_days) == found


def test_so_many_a_day() -> None:
    mark, fits = counted(None, 2, 10.0)
    assert (mark, fits) == (Mark(10.0, 1), True)
    mark, fits = counted(mark, 2, 20.0)
    assert (mark, fits) == (Mark(10.0, 2), True)
    mark, fits = counted(mark, 2, 30.0)
    assert (mark, fits) == (Mark(10.0, 2, 1), False)
    assert counted(mark, 2, 10.0 + DAY) == (Mark(10.0, 2, 2), False)
    assert counted(Mark(10.0, 2), 2, 10.0 + DAY) == (Mark(10.0 + DAY, 1), True)
    assert counted(Mark(1e9, 2), 2, 20.0) == (Mark(20.0, 1), True)  # the clock was set back


def changes(*parts: tuple[str, str, str]) -> dict[str, Any]:
    return {
        "changes": [{"type": kind, "old": [old], "new": [new]} for kind, old, new in parts],
        "at": len(parts),
    }


def test_changes_that_join() -> None:
    assert merged(changes(("A", "1", "2")), changes(("A", "2", "3"))) == changes(("A", "1", "3"))
    assert merged(changes(("A", "1", "2")), changes(("A", "2", "1"))) is None
    both = merged(changes(("A", "1", "2")), changes(("AAAA", "3", "4")))
    assert both is not None
    assert [one["type"] for one in both["changes"]] == ["A", "AAAA"]


def test_pauses_grow_up_to_a_bound() -> None:
    pauses = [pause(attempts, 0.5) for attempts in range(1, 40)]
    assert pauses[:3] == [60.0, 120.0, 240.0]
    assert pauses == sorted(pauses)
    assert pauses[-1] == LONGEST_PAUSE
    assert pause(1, 0.0) == 45.0
    assert pause(10**6, 1.0) == LONGEST_PAUSE * 1.25


def test_words_of_a_host() -> None:
    word, stopped = heard(HostWord(0.0, days=2), {A: 10.0, AAAA: 10.0}, 100.0)
    assert (word.v4, word.v6, word.silent_at, stopped) == (10.0, 10.0, 10.0 + 2 * DAY, 0)
    word, stopped = heard(word, {A: 109.0}, 100.0)
    assert stopped == 0
    word, stopped = heard(word, {A: 110.0}, 100.0)
    assert (stopped, word.stopped) == (AAAA, AAAA)
    word, stopped = heard(word, {A: 300.0}, 100.0)
    assert (stopped, word.stopped) == (0, AAAA)
    word, stopped = heard(word, {AAAA: 301.0}, 100.0)
    assert (stopped, word.stopped) == (0, 0)
    word, stopped = heard(word, {A: None}, 100.0)
    assert word.v4 is None
    assert heard(word, {AAAA: 9999.0}, 100.0)[1] == 0


@given(st.integers(1, 10**6))
def test_pauses_double_up_to_the_longest(failures: int) -> None:
    pause = doubled(30.0, failures, 21_600.0)
    assert pause == 21_600.0 if failures > 10 else pause == 30.0 * 2 ** (failures - 1)
