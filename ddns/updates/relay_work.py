"""What is done with relays within transactions: finding out which are due, and noting results."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import NamedTuple

from ddns.model.relays import HostAddresses, Relay, Trouble
from ddns.policy.relays import idle
from ddns.store.interfaces import IReading, ITransaction


class Attempt(NamedTuple):
    """What came of an attempt.

    :param sent: the addresses that it was about.
    :param words: what came of it.
    :param trouble: none, if the service has them now.
    :param at: when it ended, in seconds since 1970.
    :param wait: seconds until the next attempt, if there is to be one.
    """

    sent: HostAddresses
    words: str
    trouble: Trouble
    at: float
    wait: float


def present(reading: IReading, relay: Relay) -> HostAddresses:
    """Return the addresses that a relay's host has."""
    return HostAddresses.of(lambda number: reading.rrset(relay.zone, relay.host, number))


def wake(transaction: ITransaction, host: bytes, now: float) -> int:
    """Have the relays of a host tried at once whose service may not have what the host has, and
    that wait for nothing else; return how many relays it has."""
    relays = transaction.relays_of(host)
    for relay in relays:
        if relay.next is None and not idle(relay, present(transaction, relay)):
            transaction.put_relay_state(dataclasses.replace(relay, next=now))
    return len(relays)


def note(transaction: ITransaction, number: int, attempt: Attempt) -> None:
    """Note what came of an attempt. What has changed meanwhile is due again."""
    relay = transaction.relay(number)
    if relay is None:
        return
    failed = attempt.trouble is not Trouble.NONE
    delivered = relay.delivered if failed else attempt.sent
    differs = present(transaction, relay) != delivered
    transaction.put_relay_state(
        dataclasses.replace(
            relay,
            delivered=delivered,
            attempts=relay.attempts + 1 if failed else 0,
            next=attempt.at + attempt.wait if failed or differs else None,
            tried=attempt.at,
            result=attempt.words,
            trouble=attempt.trouble,
        )
    )


def _let_rest(transaction: ITransaction, seen: Relay) -> None:
    """Have a relay wait for a change of the host, if that has not come already."""
    relay = transaction.relay(seen.id)
    if relay is None or relay.next != seen.next:
        return
    if idle(relay, present(transaction, relay)):
        transaction.put_relay_state(dataclasses.replace(relay, next=None))


def hosts_after(reading: IReading, after: int) -> list[tuple[bytes, int]]:
    """Return the hosts and numbers of relays with higher numbers than *after*, some at a time."""
    return [(relay.host, relay.id) for relay in reading.relays(after, 1000)]


def due_now(
    reading: IReading, now: float, most: int, without: Iterable[int]
) -> tuple[list[tuple[Relay, HostAddresses]], float | None]:
    """Return relays whose time has come, with the addresses of their hosts, and when the next is to
    be tried."""
    relays = reading.due_relays(now, most, list(without))
    return [(relay, present(reading, relay)) for relay in relays], reading.next_relay()


def noted(
    ended: Iterable[tuple[int, Attempt]],
    changed: Iterable[bytes],
    now: float,
    transaction: ITransaction,
) -> set[bytes]:
    """Note what has come of attempts, and what is due; return the hosts without relays."""
    for number, attempt in ended:
        note(transaction, number, attempt)
    return {host for host in changed if not wake(transaction, host, now)}


def put_off(
    late: Iterable[tuple[Relay, float]], level: Iterable[Relay], transaction: ITransaction
) -> set[bytes]:
    """Have relays wait: those that are *late* until a time of their own, the others for a change of
    the host. One that has been told to do something else since it was read does that."""
    transaction.put_off_relays(late)
    for relay in level:
        _let_rest(transaction, relay)
    return set()
