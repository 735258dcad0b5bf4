"""What can be done with a server, one coroutine an operation, each a transaction of the store.

Every operation returns what JSON can hold, and returns it only when our DNS answers the change.
"""

from __future__ import annotations

from ddns.api.accounts import Accounts
from ddns.api.hosts import Hosts
from ddns.api.invitations import Invitations
from ddns.api.keys import Keys
from ddns.api.maintenance import Upkeep
from ddns.api.self_service import SelfService
from ddns.api.serializers import Json
from ddns.api.sessions import Logins
from ddns.api.zones import Zones

__all__ = ["Json", "Operations"]


class Operations(Zones, Invitations, Accounts, Keys, Hosts, SelfService, Logins, Upkeep):
    """All of them; see :class:`ddns.api.base.Part` for what they need."""
