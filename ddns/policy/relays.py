"""Rules of relays: who may set them, how many, and where they may lead."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from ddns.model.relays import HostAddresses, OpenTo, Relay, Trouble
from ddns.policy.targets import TargetRules


@dataclass(frozen=True, slots=True)
class RelayRules:
    """Who may set relays, and limits for everybody but the operator.

    :param open_to: who may.
    :param per_host: relays that a host may have.
    :param per_account: relays that all hosts of an account may have.
    :param targets: where they may lead.
    """

    open_to: OpenTo = OpenTo.ACCOUNTS
    per_host: int = 5
    per_account: int = 20
    targets: TargetRules = field(default_factory=TargetRules)

    def check_target(self, url: str) -> None:
        """Check where a relay leads, as far as its settings tell.

        :param url: of http, https or, for a DNS server, dns.
        :raises OutwardError: when it may not lead there.
        """
        if url.startswith("dns:"):
            parts = urlsplit(url)
            self.targets.server(parts.hostname or "", parts.port or 0)
        else:
            self.targets.target(url)


def idle(relay: Relay, present: HostAddresses) -> bool:
    """Return whether a relay has nothing to do while its host has these addresses."""
    return relay.delivered == present and relay.trouble is Trouble.NONE
