"""miniupdate, the line protocol of miniDNS with challenge and response (miniDNS seed, 2).

A :class:`MiniupdateSession` takes a line and returns a reply, or an Update for the pipeline, whose
Outcome yields the reply. :data:`TABLE` says what each command does in each state.
"""

from __future__ import annotations

import enum
import functools
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ddns.dialects.addresses import NO_ADDRESSES, host_address, own_address
from ddns.dialects.base import LOGIN_FAILURES
from ddns.dialects.lines import NO_WORD, Line
from ddns.dialects.texts import REFUSALS
from ddns.model import records
from ddns.model.update import (
    OFFLINE,
    SUCCESSES,
    TEMPORARY,
    ChallengeResponse,
    Change,
    Edit,
    Outcome,
    Replace,
    Status,
    Update,
    change_of,
)

MAX_COMMANDS = 10
MAX_REPLY = 254
"""Octets of a reply with its end: the client in C has 255, one of them for a NUL."""
METHOD = "digest-md5-text"

_NO_AGENT = "Use AGENT first"
_NO_LOGIN = "Use LOGIN and RESPONSE first"
_NO_CHALLENGE = "There is no challenge to respond to"
_UNKNOWN = "Unknown command"

_UNREADABLE = re.compile(rb"[^\t\x20-\x7e]")
_DIGITS = re.compile(r"[0-9A-Fa-f]{32}")


class State(enum.Enum):
    """States of a session."""

    NEW = "nothing but AGENT and EXIT is taken"
    KNOWN = "the client has said what it is"
    CHALLENGED = "a challenge is open"
    AUTHENTICATED = "a response was right"


@dataclass(frozen=True, slots=True)
class Command:
    """The text after a verb, and when it came: *now* by a monotonic clock, *at* since 1970."""

    text: str
    now: float
    at: float


@dataclass(frozen=True, slots=True)
class Challenge:
    """The challenge of a login ID, valid *until* a moment of the monotonic clock."""

    user: str
    digits: str
    until: float


def _line(text: str) -> bytes:
    return text.encode("ascii", "replace")[: MAX_REPLY - 1] + b"\n"


def _ok(words: str, *, close: bool = False) -> Line:
    return Line(_line(f"OK {words}"), close)


def _err(words: str, *, close: bool = False) -> Line:
    return Line(_line(f"ERR {words}"), close)


class MiniupdateSession:
    """The state of one connection.

    :param peer: the client's address.
    :param version: what VERSION tells.
    :param random: makes challenges.
    :param challenge_time: seconds for which a challenge is valid.
    :param longest: octets of a line without its end.
    """

    crowded = _err("Too many connections", close=True)
    idle = _err("Nothing was said for too long", close=True)
    overtime = _err("The session lasted too long", close=True)

    def __init__(
        self,
        peer: str,
        version: str,
        random: Callable[[int], bytes],
        *,
        challenge_time: float = 30.0,
        longest: int = 512,
    ) -> None:
        self._peer = peer
        self._version = version
        self._random = random
        self._challenge_time = challenge_time
        self._longest = longest
        self._received = 0
        self._agent = ""
        self._challenge: Challenge | None = None
        self._login: ChallengeResponse | None = None
        self._conclude: Callable[[Outcome], Line] | None = None
        self.state = State.NEW

    def banner(self) -> Line:
        """Return the greeting. Its first word must not be OK, ERR or CHALLENGE, and have 15
        characters at most, which is all that the client in C has room for."""
        return Line(_line(f"twistd-ddns miniupdate server {self._version}"))

    def receive(self, line: bytes, now: float, at: float) -> Line | Update:
        """Process a line without its end. After an Update, :meth:`conclude` must come first."""
        assert self._conclude is None, "the outcome of the last command is to come"
        self._received += 1
        if self._received > MAX_COMMANDS:
            return _err("Too many commands", close=True)
        if len(line) > self._longest:
            return _err("The line is too long", close=True)
        if _UNREADABLE.search(line):
            return _err("Only printable ASCII is understood")
        verb, _, text = line.decode("ascii").replace("\t", " ").strip().partition(" ")
        act = TABLE[self.state].get(verb.upper(), _UNKNOWN)
        if isinstance(act, str):
            return _err(act)
        return act(self, Command(text.strip(), now, at))

    def conclude(self, outcome: Outcome) -> Line:
        """Return the reply to the command whose Update has been performed."""
        assert self._conclude is not None, "no command waits for an outcome"
        conclude, self._conclude = self._conclude, None
        return conclude(outcome)

    # Commands -------------------------------------------------------------------

    def _introduce(self, command: Command) -> Line:
        if not command.text:
            return _err("AGENT takes the name and version of the client")
        self._agent = command.text
        if self.state is State.NEW:
            self.state = State.KNOWN
        return _ok("Agent accepted")

    def _log_in(self, command: Command) -> Line:
        """Start a new challenge, which ends a login."""
        match command.text.split():
            case [user, method] if method.lower() == METHOD:
                digits = self._random(16).hex()
                self._challenge = Challenge(user, digits, command.now + self._challenge_time)
                self.state = State.CHALLENGED
                return Line(_line(f"CHALLENGE {digits}"))
        return _err(f"LOGIN takes a login ID and {METHOD}", close=True)

    def _respond(self, command: Command) -> Line | Update:
        """Check a response. Right or wrong, it uses up the challenge."""
        challenge = self._challenge
        assert challenge is not None
        self.state = State.KNOWN
        if command.now >= challenge.until:
            return _err("The challenge is too old", close=True)
        if not _DIGITS.fullmatch(command.text):
            return _err(REFUSALS[Status.BADAUTH], close=True)
        login = ChallengeResponse(challenge.user, challenge.digits, command.text)
        self._conclude = functools.partial(self._logged_in, login)
        return self._ask(login, command.at)

    def _logged_in(self, login: ChallengeResponse, outcome: Outcome) -> Line:
        if outcome.refusal in TEMPORARY:
            return NO_WORD
        if outcome.refusal is not None:
            return _err(REFUSALS[outcome.refusal], close=True)
        self._login = login
        self.state = State.AUTHENTICATED
        return _ok("Authenticated")

    def _update(self, command: Command) -> Line | Update:
        """Update a host; ``online`` sets the family of its address and leaves the other alone."""
        edits: tuple[Edit, ...]
        match command.text.split():
            case [word] if word.lower() in ("online", "offline"):
                return _err(REFUSALS[Status.MISSING])
            case [word, host] | [word, host, _] if word.lower() == "offline":
                said, edits = OFFLINE, NO_ADDRESSES
                done = f"{host.upper()} is offline"
            case [word, host, *given] if word.lower() == "online" and len(given) < 2:
                rdata = host_address(given[0]) if given else own_address(self._peer)
                if rdata is None:
                    return _err("This is not an IP address")
                said, edits = "".join(given), (Replace(records.address_type(rdata), (rdata,)),)
                done = f"{host.upper()} mapped to {records.address_to_text(rdata)}"
            case _:
                return _err("A_UPDATE takes online or offline, a host name and an IP address")
        assert self._login is not None
        self._conclude = functools.partial(_updated, done)
        return self._ask(self._login, command.at, change_of(host, edits), said=said)

    def _tell_version(self, command: Command) -> Line:
        return _ok(self._version)

    def _leave(self, command: Command) -> Line:
        return _ok("Bye!", close=True)

    def _ask(self, login: ChallengeResponse, at: float, *changes: Change, said: str = "") -> Update:
        """Return an Update with the login again: the key may have been revoked meanwhile."""
        return Update("miniupdate", login, changes, self._peer, at, self._agent, None, said)


def _updated(done: str, outcome: Outcome) -> Line:
    status = outcome.refusal or outcome.results[0].status
    if status in SUCCESSES:
        return _ok(done)
    if status in TEMPORARY:
        return NO_WORD
    return _err(REFUSALS[status], close=status in LOGIN_FAILURES)


Act = Callable[[MiniupdateSession, Command], Line | Update]

TABLE: Mapping[State, Mapping[str, Act | str]] = {
    State.NEW: {
        "AGENT": MiniupdateSession._introduce,
        "LOGIN": _NO_AGENT,
        "RESPONSE": _NO_AGENT,
        "A_UPDATE": _NO_AGENT,
        "VERSION": _NO_AGENT,
        "EXIT": MiniupdateSession._leave,
    },
    State.KNOWN: {
        "AGENT": MiniupdateSession._introduce,
        "LOGIN": MiniupdateSession._log_in,
        "RESPONSE": _NO_CHALLENGE,
        "A_UPDATE": _NO_LOGIN,
        "VERSION": MiniupdateSession._tell_version,
        "EXIT": MiniupdateSession._leave,
    },
    State.CHALLENGED: {
        "AGENT": MiniupdateSession._introduce,
        "LOGIN": MiniupdateSession._log_in,
        "RESPONSE": MiniupdateSession._respond,
        "A_UPDATE": _NO_LOGIN,
        "VERSION": MiniupdateSession._tell_version,
        "EXIT": MiniupdateSession._leave,
    },
    State.AUTHENTICATED: {
        "AGENT": MiniupdateSession._introduce,
        "LOGIN": MiniupdateSession._log_in,
        "RESPONSE": _NO_CHALLENGE,
        "A_UPDATE": MiniupdateSession._update,
        "VERSION": MiniupdateSession._tell_version,
        "EXIT": MiniupdateSession._leave,
    },
}
"""The action of each command in each state: a method, or the text after ERR of a refusal."""
