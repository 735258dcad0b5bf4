"""What a host says by itself, whatever its requests say."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ddns.model.door import Trouble
from ddns.policy.diagnosis.model import HostState, Moment, Parameter
from ddns.policy.diagnosis.refusals import Found
from ddns.policy.diagnosis.requests import Asked
from ddns.policy.expiry import WARNED

KNOWN_FOR = 7 * 86_400.0
"""Seconds for which connections that came to nothing are told."""

_TROUBLES = {
    Trouble.OLD_TLS: "tls-too-old",
    Trouble.NO_TLS: "http-for-https",
    Trouble.NO_TRUST: "certificate-refused",
}


def at_the_door(
    host: HostState, done: Sequence[Asked], now: float
) -> Iterator[tuple[Found, float]]:
    """Yield what kept clients from asking for anything, unless one there has succeeded since; each
    with a time in seconds since 1970."""
    for knock in host.knocks:
        is_over = any(one.at > knock.at and one.entry.peer == knock.peer for one in done)
        if not is_over and now - knock.at < KNOWN_FOR:
            yield (_TROUBLES[knock.trouble], {"peer": knock.peer}), knock.at


def of_state(host: HostState, now: float) -> Iterator[tuple[Found, float]]:
    """Yield what the state of a host says by itself, each with a time in seconds since 1970."""
    if host.block is not None:
        reason: dict[str, Parameter] = {"reason": host.block.reason}
        if host.block.until is None:
            yield ("blocked", reason), host.block.since
        else:
            yield ("blocked-until", {**reason, "until": Moment(host.block.until)}), host.block.since
    leader: dict[str, Parameter] = {"leader": host.follows}
    if host.follows and not host.is_led:
        yield ("follows-nobody", leader), now
    elif host.waits_for_prefix:
        yield ("waits-for-prefix", leader), now
    if host.addresses and host.expires is not None and 0 < host.expires - now < WARNED:
        yield ("expires", {"until": Moment(host.expires)}), now
