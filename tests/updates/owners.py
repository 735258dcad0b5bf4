"""A house whose owners are told: all that finds what to tell, with a clock that tests move."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred, ensureDeferred
from twisted.internet.task import Clock

from ddns.model import names
from ddns.model.journal import Author
from ddns.model.leases import DAY
from ddns.model.notices import Kind, Notice, Target, Terms, Way
from ddns.model.update import Change, Outcome, Result, Status
from ddns.policy.notices import NoticeRules
from ddns.updates.hearing import Hearing
from ddns.updates.journal_news import LATER, JournalNews
from ddns.updates.noticing import News, put_news
from ddns.updates.warning import Trouble, Warner
from tests.house import House, change, house_at, update
from tests.net.reactors import RunningReactor

HOST = "home.example.net"


async def nothing() -> None:
    """Default of what is to be flushed."""


class Owners:
    """``told`` counts how often it was said that notices may be there."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.rules = NoticeRules()
        self.ticks = Clock()
        self.told = 0
        self.troubles: list[Trouble] = []
        self.key = ""
        self.begin()

    def begin(self) -> None:
        """As a new process does."""
        tell, now, rules = self._tell, (lambda: self.house.time), (lambda: self.rules)
        store = self.house.store
        self.hearing = Hearing(store, self.ticks, rules, tell)
        self.journal = JournalNews(store, self.ticks, now, rules, nothing, tell)
        self.warner = Warner(store, self.ticks, now, rules, tell)
        self.warner.troubles.append(lambda: self.troubles)

    def _tell(self) -> None:
        self.told += 1

    def start(self) -> None:
        self.house.running.call(lambda: ensureDeferred(self.journal.start()))
        self.follow()

    def stop(self) -> None:
        async def stop() -> None:
            await self.hearing.stop()
            await self.journal.stop()

        self.house.running.call(lambda: ensureDeferred(stop()))

    def follow(self) -> None:
        """Look at what was committed."""

        def look() -> Deferred[None] | None:
            self.ticks.advance(LATER)
            return self.journal._looking

        self.house.running.call(look)

    def look(self, days: float = 0.0) -> None:
        """Look at what time does, when so much has gone by."""
        self.house.time += days * DAY
        self.house.running.call(self.warner._looks.once)

    def hear(self) -> None:
        """Write what was heard."""
        self.house.running.call(lambda: ensureDeferred(self.hearing.flush()))

    # What owners want and clients do -------------------------------------------------------------

    def wants(self, *kinds: Kind, host: bytes | None = None, days: int | None = None) -> None:
        """Alice wants to hear of this by mail."""
        terms = Terms("alice", host, frozenset(kinds), None, days)
        self.work(lambda t: t.put_notice_terms(terms, self.house.time))

    def target(self, way: Way = Way.WEBHOOK, host: bytes | None = None) -> Target:
        """Another place that alice has all sent to."""
        made = Target(0, "alice", host, way, "hooks.example", b"\x01sealed", self.house.time)
        found: Target = self.work(lambda t: t.add_notice_target(made))
        return found

    def work(self, work: Any) -> Any:
        """Run work in a transaction."""
        author = Author("server", "test", self.house.time)
        return self.house.running.call(self.house.store.transact, author, work).value

    def update(self, *addresses: str, host: str = HOST, after: float = 0.0) -> None:
        """A client tells addresses of a host, when so many seconds have gone by."""
        self.house.time += after
        self._perform(change(host, *addresses))

    def _perform(self, *changes: Change) -> None:
        asked = update("alice", self.key, *changes, at=self.house.time, agent="router/1")
        (outcome,) = self.house.update(asked)
        self.house.running.call(self.hearing.update, asked, outcome)

    def refused(self, count: int, status: Status = Status.ABUSE, user: str = "alice") -> None:
        """So many updates of a host are refused."""
        one = change(HOST, "198.51.100.9")
        asked = update("alice", self.key, one, at=self.house.time, agent="router/1\r\nX: y")
        outcome = Outcome(results=(Result(one, status),), user=user)
        for _ in range(count):
            self.house.running.call(self.hearing.update, asked, outcome)

    # What is written ---------------------------------------------------------------------------

    def notices(self, account: str = "alice") -> list[Notice]:
        """What waits to be sent."""
        found: list[Notice] = self.house.running.call(
            self.house.store.read, lambda reading: reading.notices(account)
        )
        return found

    def kinds(self, account: str = "alice") -> list[Kind]:
        return [notice.kind for notice in self.notices(account)]

    def take(self) -> list[Notice]:
        """What waits to be sent, as if it were sent by now."""
        found = self.notices()
        self.work(lambda t: [t.change_notice(one.id, None) for one in found])
        return found

    def put(self, *news: News) -> None:
        self.work(lambda t: put_news(t, news, self.rules, self.house.time))

    def rule(self, **changed: Any) -> None:
        self.rules = replace(self.rules, **changed)


@contextmanager
def owners_at(running: RunningReactor, path: Path) -> Iterator[Owners]:
    """Alice, with a host and an address for mail."""
    with house_at(running, path / "ddns.sqlite") as house:
        house.load()
        owners = Owners(house)
        owners.key = house.fill()
        house.api("email_set", name="alice", email="alice@example.org")
        owners.start()
        yield owners
        owners.stop()


def names_of(notices: Iterable[Notice]) -> list[str]:
    return [names.to_text(notice.host) if notice.host else "" for notice in notices]
