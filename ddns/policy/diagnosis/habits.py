"""What the requests of a host say together: who has stopped, who comes too often, who fights."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from ddns.model.records import AAAA, A
from ddns.model.request_log import PLAIN
from ddns.policy.diagnosis.model import HostState, Moment, Parameter, Span
from ddns.policy.diagnosis.refusals import Found, mistakes_in_addresses
from ddns.policy.diagnosis.requests import Asked, Successes, class_of, habit_of

STORM = 10
"""Requests in a row that change nothing, after which their pace is looked at."""

STORM_INTERVAL = 60.0
"""Seconds between these, on average, that are too few."""

_NAMES = {A: "ipv4", AAAA: "ipv6"}


class Sign(NamedTuple):
    """A finding, and the request that is the latest sign of it."""

    found: Found
    asked: Asked


def habits(successes: Successes, host: HostState, now: float) -> Iterator[Sign]:
    """Yield what the successful requests of a host say together, newest first."""
    done, latest, habit = successes.requests, successes.latest, successes.habit
    if latest is None:
        return
    if habit is not None and habit.is_broken(now - latest.at):
        yield Sign(("stale", {"since": Moment(latest.at), "habit": Span(habit.usual)}), latest)
    else:
        for family, other in ((AAAA, A), (A, AAAA)):
            yield from _stopped_family(done, family, other)
    yield from _storm(done)
    for family in (A, AAAA):
        yield from _fight(done, family)
    yield from _of_latest(latest, host)


def _of_latest(latest: Asked, host: HostState) -> Iterator[Sign]:
    for found in mistakes_in_addresses(latest):
        yield Sign(found, latest)
    if latest.is_offline and not host.addresses:
        yield Sign(("offline-by-client", {}), latest)
    if host.https and latest.entry.transport == PLAIN and latest.entry.version:
        yield Sign(("plain-http", {}), latest)
    sent, peer = latest.addresses.get(A), latest.entry.peer
    if not sent or "." not in peer or sent == peer:
        return
    # One that nobody reaches has a rule of its own, and a client next door says nothing.
    if class_of(sent) is None and class_of(peer) is None:
        yield Sign(("address-differs", {"address": sent}), latest)


def _stopped_family(done: Sequence[Asked], family: int, other: int) -> Iterator[Sign]:
    """Yield that a family is not sent any more, while the other one is."""
    if family in done[0].addresses:
        return
    with_family = [asked for asked in done if family in asked.addresses]
    habit = habit_of(with_family)
    if habit is None or not habit.is_broken(done[0].at - with_family[0].at):
        return
    since = [asked for asked in done[: done.index(with_family[0])] if other in asked.addresses]
    if len(since) > 2:
        last = with_family[0]
        address = last.addresses[family]
        parameters: dict[str, Parameter] = {"since": Moment(last.at), "address": address}
        yield Sign((f"{_NAMES[family]}-stopped", parameters), since[0])


def _storm(done: Sequence[Asked]) -> Iterator[Sign]:
    """Yield that a client sends again and again what it has been told to be there already."""
    latest = done[0]
    mine = [asked for asked in done if asked.sender == latest.sender][:STORM]
    if len(mine) < STORM or any(asked.status != "nochg" for asked in mine):
        return
    every = (latest.at - mine[-1].at) / (STORM - 1)
    if every < STORM_INTERVAL:
        yield Sign(("nochg-storm", {"every": Span(every)}), latest)


def _fight(done: Sequence[Asked], family: int) -> Iterator[Sign]:
    """Yield that two clients change an address to and fro."""
    changes = [asked for asked in done if asked.status == "good" and family in asked.addresses]
    if len(changes) < 4:
        return
    first, second, third, fourth = changes[:4]
    mine, other = first.addresses[family], second.addresses[family]
    to_and_fro = mine != other and (third.addresses[family], fourth.addresses[family]) == (
        mine,
        other,
    )
    if to_and_fro and _are_two(first, second):
        parameters = {"address": mine, "other": _who(second), "other_address": other}
        yield Sign(("two-clients", {**parameters, "client": _who(first)}), first)


def _are_two(one: Asked, other: Asked) -> bool:
    return (one.entry.agent, one.entry.peer) != (other.entry.agent, other.entry.peer)


def _who(asked: Asked) -> str:
    return f"{asked.client} ({asked.entry.peer})"
