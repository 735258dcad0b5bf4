"""What a store knows of the relays of hosts, and what a transaction can do to them."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from zope.interface import Interface

from ddns.model.relays import Relay


class IReadingRelays(Interface):
    """Reading of relays. Times are seconds since 1970."""

    def relay(number: int) -> Relay | None:
        """Return a relay by its number."""

    def relays_of(host: bytes) -> list[Relay]:
        """Return the relays of a host, oldest first."""

    def relays(after: int, most: int) -> list[Relay]:
        """Return the first *most* relays with higher numbers than *after*."""

    def count_relays(account: str) -> int:
        """Return how many relays the hosts of an account have."""

    def due_relays(now: float, most: int, without: Collection[int] = ()) -> list[Relay]:
        """Return *most* of the relays whose time has come, those that wait for longest first, but
        none *without* which it is to do."""

    def count_due_relays(now: float) -> int:
        """Return how many relays wait whose time has come."""

    def next_relay() -> float | None:
        """Return when a relay is to be tried next, None if there is none to be."""


class IRelays(Interface):
    """Changes of relays, which have no events in the journal."""

    def add_relay(relay: Relay) -> Relay:
        """Add a relay to a host that exists; return it with its number. It goes with the host, and
        when that is given to another account."""

    def put_relay_state(relay: Relay) -> None:
        """Change what was delivered, the attempts, when they were and are to be, and what came of
        them, unless the relay has gone."""

    def put_off_relays(until: Iterable[tuple[Relay, float]]) -> None:
        """Change when relays are to be tried, those that are still to be when they were as read."""

    def remove_relay(number: int) -> None:
        """Remove a relay."""
