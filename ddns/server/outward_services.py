"""What this server asks of others because its users want it to."""

from __future__ import annotations

from typing import Any

from ddns.config.settings import Settings
from ddns.net.outward.client import OutwardClient
from ddns.server import factories


class OutwardServices:
    """The way out, and who takes it.

    :param settings: all of them.
    :param reactor: connects, and provides time.
    """

    def __init__(self, settings: Settings, reactor: Any) -> None:
        rules = factories.target_rules(settings.outward)
        self.client = OutwardClient(reactor, settings.outward, rules)

    def apply(self, settings: Settings) -> None:
        """Use these settings."""
        self.client.apply(settings.outward, factories.target_rules(settings.outward))

    def stop(self) -> None:
        """Ask nobody any more."""
        self.client.stop()
