"""Which rules are asked, in which order; what is over, and how much it matters."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ddns.model.request_log import RequestEntry
from ddns.policy.diagnosis.clients import habits_of_client, latest_of_each
from ddns.policy.diagnosis.habits import Sign, habits
from ddns.policy.diagnosis.model import (
    Diagnosis,
    Finding,
    HostState,
    Parameters,
    Severity,
    Span,
    State,
)
from ddns.policy.diagnosis.refusals import basics, explain
from ddns.policy.diagnosis.requests import Asked, Successes, is_of_client
from ddns.policy.diagnosis.rules import RULES
from ddns.policy.diagnosis.state import at_the_door, of_state

ENOUGH = 50
"""Requests that tell why a host is not updated: as many that failed for their credentials, and as
many others. Those before them say the same, or are long over."""

MAX_FINDINGS = 20
"""The most that is told of a host."""

RECENT = 3600.0
"""Seconds for which a host counts as updated after a request, at least."""

_RANKS = list(Severity)
Logged = Sequence[tuple[bool, RequestEntry]]


def diagnose(host: HostState, requests: Logged, strays: Logged, now: float) -> Diagnosis:
    """Return the state of a host, and what keeps it from being updated.

    :param requests: the last ones that named it, newest first, each with whether it failed for its
        credentials, as :class:`ddns.store.interfaces.IReading` has them.
    :param strays: those of its account that named a host that the account does not have, or none.
    :param now: seconds since 1970.
    """
    mine = [Asked(entry, failed) for failed, entry in requests if is_of_client(entry)]
    others = [Asked(entry, failed, stray=True) for failed, entry in strays if is_of_client(entry)]
    done = Successes([asked for asked in mine if asked.done])
    found: dict[object, Finding] = {}
    for sign in _signs(mine, others, done, host, now):
        finding = _finding(sign, host, done, now)
        said = finding.parameters.get("sent") or finding.parameters.get("address")
        known = found.setdefault((finding.rule.id, said), finding)
        if known.at < finding.at:
            found[finding.rule.id, said] = finding
    findings = [*found.values(), *_of_host(host, mine, others, done, now)]
    findings.sort(key=lambda one: (_RANKS.index(one.severity), -one.at, one.rule.id))
    return _diagnosis(host, done, tuple(findings[:MAX_FINDINGS]), now)


def _signs(
    mine: Sequence[Asked],
    strays: Sequence[Asked],
    done: Successes,
    host: HostState,
    now: float,
) -> Iterator[Sign]:
    """Yield all that requests say, unless it is over."""
    for asked in (*mine, *strays):
        if asked.done or done.are_after(asked):
            continue
        for found in explain(asked, host):
            if found[0] != "host-unknown" or not done.requests:  # it may be meant to be another's
                yield Sign(found, asked)
    for asked in latest_of_each(mine):
        for found in habits_of_client(asked, now):
            yield Sign(found, asked)
    yield from habits(done, host, now)


def _finding(sign: Sign, host: HostState, done: Successes, now: float) -> Finding:
    (name, parameters), asked = sign
    rule = RULES[name]
    severity = rule.severity
    if severity is Severity.ERROR and (asked.done or _others_update(asked, done, now)):
        severity = Severity.WARNING
    return Finding(rule, severity, asked.at, {**basics(asked, host), **parameters})


def _others_update(asked: Asked, done: Successes, now: float) -> bool:
    """Return whether the host is updated all the same, by another client than that of a request."""
    latest = done.latest
    if latest is None or latest.sender == asked.sender:
        return False
    return now - latest.at < max(RECENT, 3 * done.habit.usual if done.habit else 0.0)


def _of_host(
    host: HostState,
    mine: Sequence[Asked],
    strays: Sequence[Asked],
    done: Successes,
    now: float,
) -> Iterator[Finding]:
    """Yield what the host says by itself."""
    plain: Parameters = {"name": host.name, "account": host.account}
    signs = [*of_state(host, now), *at_the_door(host, done.requests, now)]
    if not (mine or strays or host.addresses or host.follows):
        signs.append((("never-heard", {}), host.created))
    for (name, parameters), at in signs:
        yield Finding(RULES[name], RULES[name].severity, at, {**plain, **parameters})


def _diagnosis(
    host: HostState, done: Successes, findings: tuple[Finding, ...], now: float
) -> Diagnosis:
    parameters: Parameters = {"name": host.name, "leader": host.follows}
    if done.latest is not None:
        parameters = {**basics(done.latest, host), "ago": Span(max(0.0, now - done.latest.at))}
        if done.habit is not None:
            parameters = {**parameters, "habit": Span(done.habit.usual)}
    if any(one.severity is Severity.ERROR for one in findings):
        state = State.TROUBLE
    elif done.latest is None:
        state = State.LED if host.is_led and not host.waits_for_prefix else State.WAITING
    elif any(one.rule.id == "stale" for one in findings):
        state = State.STALE
    else:
        state = State.OK
    return Diagnosis(state, parameters, findings)
