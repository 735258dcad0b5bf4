"""Some of a long list: of hosts or other owner names, of accounts, requests, registrations."""

from __future__ import annotations

import enum
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Page:
    """At most ``limit`` names: hosts in the order of their first labels' letters, others in that of
    their octets.

    ``after`` is the name, which need not exist any more, that the page comes after. ``parts`` are
    octets that all have to be in a name.
    """

    limit: int
    after: bytes | None = None
    parts: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class AccountPage:
    """At most ``limit`` accounts in the order of their names, ``after`` one of them.

    ``search`` has to be in the name or the e-mail address, in lower case; ``blocked`` leaves those
    with a block, be it over or not.
    """

    limit: int
    after: str = ""
    search: str = ""
    blocked: bool = False


class Became(enum.StrEnum):
    """What became of a request: done, or there was nothing to do; refused; its credentials were."""

    DONE = "done"
    REFUSED = "refused"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class RequestPage:
    """At most ``limit`` requests, newest first, with smaller numbers than ``before``; those of an
    account or of its hosts, of a host, and of which that became."""

    limit: int
    before: int | None = None
    account: str | None = None
    host: bytes | None = None
    became: Became | None = None


@dataclass(frozen=True, slots=True)
class RegistrationPage:
    """At most ``limit`` registrations of acme-dns, ``after`` the subdomain of one, which need not
    exist any more; those of an account, or all."""

    limit: int
    after: str = ""
    account: str | None = None
