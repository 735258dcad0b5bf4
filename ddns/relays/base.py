"""What every kind of relay is made of."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from ddns.model import names
from ddns.model.outward import OutwardAnswer, OutwardRequest
from ddns.model.relays import HostAddresses

MAX_VALUE = 1000
"""Characters of a setting."""


class BadSetting(ValueError):
    """A setting of a relay is missing or cannot be; ``name`` is which, ``str()`` why."""

    def __init__(self, name: str, why: str) -> None:
        super().__init__(why)
        self.name = name


class Failed(Exception):
    """The service has not taken the addresses; ``str()`` is one line for people, which quotes
    nothing that the service chose, as it may hold what was sent. ``lasting`` says that repeating it
    is of no use before somebody does something."""

    def __init__(self, words: str, lasting: bool = False) -> None:
        super().__init__(words)
        self.lasting = lasting


class Setting(NamedTuple):
    """A setting of a kind. Secrets are kept sealed and never shown."""

    name: str
    secret: bool = False
    default: str | None = None  # None: it has to be given
    check: Callable[[str], None] = lambda text: None  # raises ValueError


class Exchange(NamedTuple):
    """A DNS message for a server, to be sent over TCP; the answer to it is another one."""

    host: str
    port: int
    wire: bytes


@dataclass(frozen=True, slots=True)
class Job:
    """What is to be delivered.

    :param number: of the relay.
    :param host: the host's name here.
    :param values: settings and secrets by their names.
    :param present: the host's addresses.
    :param delivered: what the service has; None if it has not been told anything.
    :param now: seconds since 1970.
    """

    number: int
    host: str
    values: Mapping[str, str] = field(repr=False)
    present: HostAddresses
    delivered: HostAddresses | None
    now: float

    def gone(self) -> HostAddresses:
        """Return the addresses there of the families that the host has no more."""
        had = self.delivered or HostAddresses()
        return HostAddresses(
            *(old if new is None else None for old, new in zip(had, self.present, strict=True))
        )


Steps = Generator[OutwardRequest | Exchange, Any, str]
"""Yields what to ask, gets an :class:`OutwardAnswer` or octets, returns what was done in words or
raises :class:`Failed`."""

Asked = Generator[OutwardRequest | Exchange, Any, OutwardAnswer]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of relay.

    :param settings: what people set.
    :param target: returns the URL that is asked; ``dns://HOST:PORT`` for a server of names.
    :param deliver: has a service take over the addresses of a host.
    """

    settings: tuple[Setting, ...]
    target: Callable[[Mapping[str, str]], str]
    deliver: Callable[[Job], Steps]

    def checked(self, given: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
        """Return the settings that may be shown, and the secrets, with those that have a default.

        :raises BadSetting: for the first that is unknown, missing or malformed.
        """
        known = {one.name: one for one in self.settings}
        for name in given.keys() - known.keys():
            raise BadSetting(name, f"there is no such setting here; there are {', '.join(known)}")
        shown: dict[str, str] = {}
        secret: dict[str, str] = {}
        for one in self.settings:
            text = given.get(one.name, "").strip() or one.default
            if text is None:
                raise BadSetting(one.name, "missing")
            if len(text) > MAX_VALUE or not text.isprintable():
                raise BadSetting(one.name, "too long, or with characters that cannot be seen")
            try:
                if text:
                    one.check(text)
            except ValueError as error:
                raise BadSetting(one.name, str(error)) from None
            (secret if one.secret else shown)[one.name] = text
        return shown, secret


def ascii_only(text: str) -> None:
    """Refuse what cannot stand in a header.

    :raises ValueError: for anything but ASCII.
    """
    if not text.isascii():
        raise ValueError("expected ASCII")


def host_there(name: str = "hostname") -> Setting:
    """Return the setting of the host's name there."""
    return Setting(name, check=_is_name)


def _is_name(text: str) -> None:
    names.host_from_text(text)


def wire_name(text: str) -> str:
    """Return a host's name as requests have it: with A-labels, without a dot at its end."""
    return names.to_text(names.host_from_text(text))


def url_setting(default: str | None = None) -> Setting:
    """Return the setting of a URL."""
    return Setting("url", default=default, check=_is_url)


def _is_url(text: str) -> None:
    if not text.isascii() or not text.lower().startswith(("https://", "http://")):
        raise ValueError("expected a URL that begins with https://")
    urlsplit(text)


def by_status(answer: OutwardAnswer) -> Failed:
    """Return what an answer means that says nothing more than its status."""
    status = answer.status
    if status in (401, 403):
        return Failed(f"it refuses the login (HTTP status {status})", lasting=True)
    if status == 429:
        return Failed("it says that it is asked too often (HTTP status 429)")
    lasting = 400 <= status < 500 and status not in (408, 425)
    if status < 400:
        return Failed(f"it answered with something unknown (HTTP status {status})", lasting)
    return Failed(f"it answered with HTTP status {status}", lasting)
