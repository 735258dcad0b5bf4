"""What this server asks of others because its users want it to."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from typing import Any

from ddns.config.settings import Settings
from ddns.model.relays import OpenTo, Relay, relay_purpose
from ddns.relays import endpoint_of
from ddns.relays.base import Failed
from ddns.server import factories
from ddns.store.interfaces import IStore
from ddns.system.secret_box import SecretBox, SecretBoxError, Tampered
from ddns.updates.relayer import Relayer


class OutwardServices:
    """The way out, and who takes it.

    :param settings: all of them.
    :param reactor: connects, and provides time.
    :param store: has the relays of hosts.
    :param secret_box: unseals their secrets.
    :param now: seconds since 1970.
    """

    def __init__(
        self,
        settings: Settings,
        reactor: Any,
        store: IStore,
        secret_box: SecretBox,
        now: Callable[[], float],
    ) -> None:
        # Twisted's endpoints take what tells of systemd's sockets out of the environment, when they
        # are imported, so that is to be read before.
        from ddns.net.outward.client import OutwardClient
        from ddns.net.outward.delivery import deliver

        self._settings = settings
        self._secret_box = secret_box
        rules = factories.target_rules(settings.outward)
        self.client = OutwardClient(reactor, settings.outward, rules)
        self.relayer = Relayer(
            store,
            partial(deliver, self.client),
            self._values,
            lambda relay: endpoint_of(relay.kind, relay.settings),
            reactor,
            now,
            self._at_once,
        )

    def _at_once(self) -> int:
        relays = self._settings.relays
        return 0 if relays.enabled == OpenTo.OFF else relays.at_once

    def _values(self, relay: Relay) -> dict[str, str]:
        """Return settings and secrets of a relay.

        :raises Failed: when they cannot be unsealed.
        """
        try:
            plain = self._secret_box.unseal(relay.sealed, relay_purpose(relay.host))
            return {**relay.settings, **json.loads(plain)}
        except (SecretBoxError, Tampered, ValueError):
            words = "its secrets cannot be read: the server has another key file, or none"
            raise Failed(words, lasting=True) from None

    def apply(self, settings: Settings) -> None:
        """Use these settings."""
        self._settings = settings
        self.client.apply(settings.outward, factories.target_rules(settings.outward))

    async def stop(self) -> None:
        """Ask nobody any more."""
        await self.relayer.stop()
        self.client.stop()
