"""``[notices]``: what the owners of hosts are told."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ddns.config.toml import ConfigError

_SCHEMA = re.compile(r"[a-z][a-z0-9+.-]{0,31}", re.ASCII)


@dataclass(frozen=True, slots=True)
class NoticesSettings:
    """``[notices]``. A host causes ``per_host`` notices a day at most, all of an account's
    ``per_account``. Changes of an address within ``settle_time`` seconds are one. A family counts
    as stopped after ``family_days``; ``refusals`` in a row are told, 0 for never. What cannot be
    sent is given up after ``give_up_days``. An account may have ``targets`` besides its mail:
    ``webhooks``, if they are allowed, and services of ``apprise``, by their schemas."""

    per_host: int = 10
    per_account: int = 50
    settle_time: float = 60.0
    family_days: float = 3.0
    refusals: int = 10
    give_up_days: float = 3.0
    targets: int = 5
    webhooks: bool = True
    apprise: tuple[str, ...] = ()


def check_notices(settings: NoticesSettings) -> None:
    """Check that services of apprise look like some.

    :raises ConfigError: naming the key and what was expected.
    """
    for schema in settings.apprise:
        if not _SCHEMA.fullmatch(schema):
            raise ConfigError(
                "notices.apprise: expected schemas of services in lower case, such as ntfys,"
                f" got {schema!r}"
            )
