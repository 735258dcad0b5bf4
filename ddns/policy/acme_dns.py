"""Rules of acme-dns: who may register names, and how long these stay."""

from __future__ import annotations

import hmac
from dataclasses import dataclass

from ddns.model.acme_dns import AcmeDnsRegistration, OpenTo
from ddns.model.leases import DAY
from ddns.policy import secrets

NEVER_USED = 7 * DAY
"""Seconds within which a stranger has to use a registration, or it is removed: who means it has a
certificate a minute later, and strangers have only so many of them in all."""

NOTED_EVERY = 3600.0
"""Seconds for which one use of a registration is enough to know that it is used."""

_NOBODY = bytes(32)  # the digest of no password


@dataclass(frozen=True, slots=True)
class AcmeDnsRules:
    """Limits, and where registrations are.

    - ``zone``: the origin that they are below, None for nowhere.
    - ``per_account``: how many an account may have.
    - ``strangers``: how many strangers may have, all together.
    - ``per_day``: how many a stranger's network may make in a day.
    - ``term``: seconds after which one that is not used is removed.
    """

    zone: bytes | None = None
    open_to: OpenTo = OpenTo.CLOSED
    per_account: int = 20
    strangers: int = 1000
    per_day: int = 10
    term: float = 400 * DAY


def is_password_of(registration: AcmeDnsRegistration | None, password: str) -> bool:
    """Return whether a password is that of a registration. It takes as long without one."""
    digest = _NOBODY if registration is None else registration.digest
    return hmac.compare_digest(digest, secrets.digest_key(password))


def used(registration: AcmeDnsRegistration, now: float) -> float:
    """Return when a registration that is used now is to be said to have been used last."""
    before = registration.used
    return now if before is None or abs(now - before) >= NOTED_EVERY else before
