"""What notices say, in the language of who is told."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from ddns.model import names
from ddns.model.account import Account, Language
from ddns.model.notices import Details, Kind, Notice
from ddns.model.text import printable
from ddns.pages.rendering import time_text, translator

MAX_SUBJECT = 200
"""Characters."""

ABOUT = {
    "silent": (
        "See whether the device or program that updates it still runs, and what its last request"
        " was answered."
    ),
    "family": (
        "The device may have lost its connection by this protocol, or its settings. Whoever asks"
        " DNS may still get the old address."
    ),
    "expiring": (
        "Nothing has been heard for long of what updates it. If that goes on, DNS has no address"
        " for it from this time on. See whether the device or program still runs. Any update keeps"
        " a host, and brings it back. After how many days of silence it goes offline, or never, is"
        " one of its settings."
    ),
    "blocked": (
        "Your hosts keep the addresses that they have, but nothing can be changed: devices that try"
        " get an error. Keys can be revoked, and the password can be changed. Most often a device"
        " or program updates far too often, or is set up with a wrong name; look there first."
    ),
    "failures": (
        "That may be a device of yours that still has an old one. It may also be somebody who tries"
        " to guess; your right keys and password go on working meanwhile."
    ),
    "certificate": "When it has run out, clients that use HTTPS are not updated any more.",
}
"""What is said of a kind of notice, or of the reason for it."""

Say = Callable[..., str]
"""Returns words in a language; their parameters stand in braces."""


class Texts:
    """The words of notices to an account.

    >>> Texts(Account("alice", language=Language.ES)).yours("Hello {name}", name="x")
    'Hello x'
    """

    def __init__(self, account: Account) -> None:
        self.language = str(account.language or Language.EN)
        self._account = account.name
        self._translate = translator(self.language)

    def yours(self, words: str, **parameters: object) -> str:
        """Return words in the account's language."""
        return self._translate(words).format(**parameters)

    def line(self, notice: Notice) -> str:
        """Return a notice in one line."""
        host, details = names.to_unicode(notice.host or b"\0"), notice.details
        line = _LINES[notice.kind](self, self.yours, details)
        line = printable(" ".join(line.split()))
        return f"{host}: {line}" if notice.host else line

    def subject(self, notices: Sequence[Notice]) -> str:
        """Return what a mail with notices of a kind is about."""
        (first, *others), say = notices, self.yours
        if not others:
            return self.line(first)[:MAX_SUBJECT]
        count = len(notices)
        match first.kind:
            case Kind.CHANGED:
                return say("{count} of your hosts have other addresses", count=count)
            case Kind.SILENT:
                return say("Nothing has been heard of {count} of your hosts", count=count)
            case Kind.EXPIRING:
                return say("{count} of your hosts go offline soon", count=count)
        return say("{count} notices about account {account}", count=count, account=self._account)

    def about(self, kind: Kind, details: Details) -> str:
        """Return what else there is to say of a kind of notice, in one paragraph, or nothing."""
        words = ABOUT.get(details.get("reason", str(kind)))
        return self.yours(words) if words else ""

    # One line of each kind ---------------------------------------------------------------------

    def changed(self, say: Say, details: Details) -> str:
        changes = "; ".join(_change(say, one["old"], one["new"]) for one in details["changes"])
        at, by = self.time(details["at"]), _client(details)
        return say("{changes} ({at}, by {client})", changes=changes, at=at, client=by)

    def silent(self, say: Say, details: Details) -> str:
        days, last = details["days"], details["last"]
        if last is None:
            return say("nothing has been heard of it for {days} days", days=days)
        return say(
            "nothing has been heard of it for {days} days, since {at}",
            days=days,
            at=self.time(last),
        )

    def family(self, say: Say, details: Details) -> str:
        family = "IPv4" if details["family"] == "A" else "IPv6"
        return say(
            "its client tells no {family} address any more, the last time was {at}",
            family=family,
            at=self.time(details["last"]),
        )

    def refused(self, say: Say, details: Details) -> str:
        match details["reason"]:
            case "blocked":
                why, until = " ".join(details["why"].split()), details["until"]
                if until is None:
                    return say(
                        "Your account {account} is blocked until the operator lifts it: {why}",
                        account=self._account,
                        why=why,
                    )
                return say(
                    "Your account {account} is blocked until {until}: {why}",
                    account=self._account,
                    until=self.time(until),
                    why=why,
                )
            case "failures":
                return say(
                    "{count} wrong keys or passwords were tried for your account {account}",
                    count=details["count"],
                    account=self._account,
                )
        return say(
            "{count} updates in a row were refused, the last one by {client}: {why}",
            count=details["count"],
            client=_client(details),
            why=self._translate(details["why"]),
        )

    def expiring(self, say: Say, details: Details) -> str:
        return say("it goes offline soon, at {at}", at=self.time(details["at"]))

    def certificate(self, say: Say, details: Details) -> str:
        why, of = details["problem"], ", ".join(details["names"])
        if details["expires"] is None:
            return say("There is no certificate for {names}: {why}", names=of, why=why)
        until = self.time(details["expires"])
        return say(
            "The certificate for {names}, good until {until}, does not renew: {why}",
            names=of,
            until=until,
            why=why,
        )

    def more(self, say: Say, details: Details) -> str:
        return say("there were {count} more notices on that day", count=details["count"])

    def time(self, at: float) -> str:
        """Return a time as people write it."""
        return time_text(self.language, at)


_LINES: Mapping[Kind, Callable[[Texts, Say, Details], str]] = {
    Kind.CHANGED: Texts.changed,
    Kind.SILENT: Texts.silent,
    Kind.FAMILY: Texts.family,
    Kind.REFUSED: Texts.refused,
    Kind.EXPIRING: Texts.expiring,
    Kind.CERTIFICATE: Texts.certificate,
    Kind.MORE: Texts.more,
}

_TIMES = ("at", "last", "until", "expires")


def json_of(notice: Notice, text: str) -> dict[str, Any]:
    """Return a notice as webhooks get it."""
    details = {
        key: _rfc3339(value) if key in _TIMES and value is not None else value
        for key, value in notice.details.items()
    }
    return {
        "id": str(notice.id),
        "kind": str(notice.kind),
        "account": notice.account,
        "host": names.to_text(notice.host) if notice.host else None,
        "created": _rfc3339(notice.created),
        "text": text,
        "details": details,
    }


def _rfc3339(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds")


def _change(say: Say, old: Sequence[str], new: Sequence[str]) -> str:
    """Return what has become of the addresses of a family."""
    before, after = ", ".join(old), ", ".join(new)
    if not before:
        return say("it has {new} now", new=after)
    if not after:
        return say("it has {old} no more", old=before)
    return say("{old} is now {new}", old=before, new=after)


def _client(details: Details) -> str:
    """Return by which client something was done: the protocol, and where its request is known its
    address and program."""
    parts = [details["via"], details.get("peer"), details.get("agent")]
    return " ".join(part for part in parts if part)
