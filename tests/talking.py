"""Talks to a miniupdate session, with the decisions behind it but records in a dictionary in place
of a store, and plays transcripts.

A transcript is a case of a file below ``tests/cases/miniupdate``. It has ``why`` and, where they
differ from the usual, ``peer``, ``hosts`` (whose they are), ``before`` (the records that are there)
and what else :class:`Talk` takes. Its ``session`` has a line each for what the client sends
(``==>``), what it reads (``<==``), seconds that pass (``...``) and what happens to its key
(``!!!``). ``{challenge}`` is the open challenge, ``{right}`` the response to it, ``{RIGHT}`` the
same in capitals, ``{first}`` the response to the first challenge, ``{wrong}`` to none. It says
whether the server has ``closed`` with its last word and the records ``after``, if they are not
those of before.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from ddns.dialects.lines import Line
from ddns.dialects.miniupdate import MiniupdateSession
from ddns.model import names
from ddns.model.account import Account, Grant, Key, KeyKind
from ddns.model.update import ChallengeResponse, Outcome, Result, Status, Update
from ddns.policy import secrets
from ddns.policy.directory import Directory
from ddns.updates.updater import Attempt, _write
from tests.clients.miniupdate_client import response
from tests.dialects.playing import HOSTS, PEER, ZONES, Records

SECRET = "topsecret"
VERSION = "1.2.3"
DATE = 5000.0
"""What the clocks on the wall show when a talk begins; the monotonic one shows 100."""

KNOWN = {"why", "session", "closed", "after", "hidden"}
THERE = {"user", "hosts", "zones", "before", "peer", "challenge", "right", "outcome", "limited"}


class Talk:
    """A session, and everything that answers it.

    *challenge* is what the client is challenged with, if it matters; *right* a response that is
    taken for right; *limited* to which hosts the key is; *outcome* what the pipeline answers to
    an update, whatever it is.
    """

    def __init__(
        self,
        *,
        user: str = "alice",
        hosts: Mapping[str, str] = HOSTS,
        zones: Mapping[str, str] = ZONES,
        before: Sequence[str] = (),
        peer: str = PEER,
        challenge: str | None = None,
        right: str | None = None,
        limited: Sequence[str] | None = None,
        outcome: str | None = None,
    ) -> None:
        self.there = Records(hosts, before, zones)
        self.session = MiniupdateSession(peer, VERSION, self._random)
        self.now = 100.0
        self.updates: list[Update] = []
        self.challenges: list[str] = []
        self.outcome = None if outcome is None else Status[outcome]
        self._user = user
        self._given = challenge
        self._right = right
        self._directory = Directory(bytes(32), lambda sealed, account: sealed.decode())
        self._limited = None if limited is None else frozenset(map(names.from_text, limited))
        self.put_key()

    def put_key(self, enabled: bool = True) -> None:
        digest = secrets.digest_key(SECRET)
        sealed = secrets.responder(SECRET).encode()
        key = Key(
            1, self._user, KeyKind.MINIUPDATE, digest, self._limited, sealed=sealed, enabled=enabled
        )
        self._directory.put_account(Account(self._user))
        self._directory.put_key(key)

    def _random(self, size: int) -> bytes:
        octets = bytes.fromhex(self._given) if self._given else self._made(size)
        assert len(octets) == size
        self.challenges.append(octets.hex())
        return octets

    def _made(self, size: int) -> bytes:
        return hashlib.sha256(b"%d" % len(self.challenges)).digest()[:size]

    def say(self, line: bytes) -> Line:
        """Send a line, read the answer."""
        step = self.session.receive(line, self.now, self.now - 100.0 + DATE)
        if isinstance(step, Update):
            self.updates.append(step)
            step = self.session.conclude(self._perform(step))
        return step

    def _perform(self, update: Update) -> Outcome:
        """The pipeline's order, without what it waits for."""
        assert isinstance(update.credentials, ChallengeResponse)
        grant = self._directory.by_response(update.credentials)
        if update.credentials.response == self._right:
            grant = Grant(self._user)
        if not isinstance(grant, Grant):
            return Outcome(grant)
        if not update.changes:
            return Outcome(user=grant.account)
        if self.outcome is not None:
            changes = [Result(change, self.outcome) for change in update.changes]
            return Outcome(results=tuple(changes), user=grant.account)
        attempts = list(map(Attempt, update.changes))
        results, _ = _write(attempts, grant, update.at, self.there)  # type: ignore[arg-type]
        return Outcome(results=results, user=grant.account)

    def fill(self, text: str) -> str:
        """The text with what stands in braces filled in."""
        last = self.challenges[-1] if self.challenges else ""
        right = response(SECRET, last)
        first = response(SECRET, self.challenges[0] if self.challenges else "")
        for name, value in (
            ("challenge", last),
            ("right", right),
            ("RIGHT", right.upper()),
            ("first", first),
            ("wrong", response("wrong", last)),
        ):
            text = text.replace(f"{{{name}}}", value)
        return text

    def happen(self, what: str) -> None:
        """Do to the key what a transcript says."""
        match what:
            case "disabled":
                self.put_key(enabled=False)
            case "enabled":
                self.put_key()
            case "removed":
                self._directory.remove_key(1)
            case _:
                raise AssertionError(what)


def check(case: Mapping[str, Any]) -> None:
    """Play a transcript; fails where the session does not do what it says."""
    assert case.keys() <= KNOWN | THERE
    talk = Talk(**{key: case[key] for key in THERE & case.keys()})
    before = talk.there.lines()
    lines = case["session"].strip("\n").split("\n")
    if lines[0].startswith("<== "):  # another server's banner, whose words are its own
        lines.pop(0)
    closed = False
    said: list[str] = []
    for line in lines:
        mark, text = line[:3], line[4:]
        for hidden, shown in case.get("hidden", {}).items():
            text = text.replace(hidden, shown)
        assert not closed, "the server has closed"
        match mark:
            case "==>":
                assert not said, "there is an answer to be read"
                reply = talk.say(talk.fill(text).encode())
                assert reply.line.endswith(b"\n") or (reply.close and not reply.line)
                said.append(reply.line[:-1].decode("ascii"))
            case "<==":
                assert said.pop() == talk.fill(text)
                closed = reply.close
            case "...":
                talk.now += float(text)
            case "!!!":
                talk.happen(text)
            case _:
                raise AssertionError(line)
    assert not said
    assert closed == case.get("closed", False)
    assert talk.there.lines() == sorted(case.get("after", before))
