"""The page that waits for requests of a host's clients."""

from __future__ import annotations

from collections.abc import AsyncGenerator

import pytest
from twisted.internet.defer import Deferred, ensureDeferred

from tests.house import House
from tests.pages.asking import note_request
from tests.pages.browsing import BASE, Browser
from tests.pages.conftest import PASSWORD

HOME = "home.dyn.example"
WAIT, EVENTS = f"/hosts/{HOME}/wait", f"/hosts/{HOME}/events"
HOSTILE = "<script>alert(1)</script>"


@pytest.fixture
def home(alice: Browser) -> Browser:
    """Alice's, who has a host."""
    alice.house.person("alice", "host_add", name=HOME)
    return alice


def opened(browser: Browser) -> AsyncGenerator[str, None]:
    """The events of the page that waits."""
    browser.get(WAIT)
    (place,) = [given["data-live"] for _, given in browser.page.tags if "data-live" in given]
    return browser.open(place)


def begin(house: House, events: AsyncGenerator[str, None]) -> Deferred[str]:
    """Ask for the next event."""

    async def ask() -> str:
        return await anext(events)

    begun: list[Deferred[str]] = house.running.call(lambda: [ensureDeferred(ask())])
    return begun[0]


def arrived(house: House, asked: Deferred[str]) -> str:
    """The event's HTML."""
    text: str = house.running.call(lambda: asked)
    assert text.endswith("\n\n")
    lines = text[:-2].split("\n")
    assert all(line.startswith("data: ") for line in lines)
    return "\n".join(line.removeprefix("data: ") for line in lines)


def come(browser: Browser, host: str, account: str | None = "alice", **given: str | float) -> None:
    """A request comes, and live pages hear of it."""
    request = note_request(browser.house, host, account, **given)
    browser.house.running.call(lambda: [listener(request) for listener in browser.watching])


def test_nothing_yet(home: Browser) -> None:
    page = home.get(WAIT)
    assert "Nothing has asked to update this host yet." in page.text
    assert "Set the client up with this server, your account alice" in page.text
    assert [given for tag, given in page.tags if given.get("http-equiv") == "refresh"]
    assert page.tags.index(("noscript", {})) < [tag for tag, _ in page.tags].index("body")


def test_an_update_an_old_one_and_a_refusal(home: Browser) -> None:
    house = home.house
    house.person("alice", "record_set", owner=HOME, type="A", rdatas=["8.8.4.4"])
    note_request(house, HOME)
    page = home.get(WAIT)
    for words in ("Your router just updated.", "8.8.4.4", "Router/7", "192.0.2.77"):
        assert words in page.text
    house.time += 3600
    page = home.get(WAIT)
    assert "Your router just updated." not in page.text
    assert "1 hour ago" in page.text
    note_request(house, HOME, None, at=house.time, reason="the credentials are wrong")
    page = home.get(WAIT)
    assert "was refused" in page.text
    assert "the credentials are wrong" in page.text


def test_each_request_is_shown_as_it_comes(home: Browser) -> None:
    events = opened(home)
    asked = begin(home.house, events)
    assert len(home.watching) == 1
    come(home, HOME, agent="First/1")
    assert "First/1" in arrived(home.house, asked)
    asked = begin(home.house, events)
    come(home, "other.dyn.example", "bob")
    come(home, HOME, None, at=1001.0, agent="Second/2", reason="the credentials are wrong")
    html = arrived(home.house, asked)
    assert "Second/2" in html
    assert "was refused" in html
    assert set(home.pauses) == {1.0}
    home.house.running.call(lambda: ensureDeferred(events.aclose()))
    assert home.watching == []


def test_what_came_since_the_page_was_made_is_shown_at_once(home: Browser) -> None:
    events = opened(home)
    come(home, HOME, agent="Between/1")
    assert "Between/1" in arrived(home.house, begin(home.house, events))


def test_what_the_page_shows_already_is_not_sent(home: Browser) -> None:
    come(home, HOME, agent="First/1")
    asked = begin(home.house, opened(home))
    come(home, HOME, at=1001.0, agent="Second/2")
    assert "Second/2" in arrived(home.house, asked)


def test_a_request_for_a_misspelt_host_is_shown(home: Browser) -> None:
    asked = begin(home.house, opened(home))
    come(home, "hmoe.dyn.example", status="nohost", reason="there is no such host to update")
    html = arrived(home.house, asked)
    assert "was refused" in html
    assert "asks for hmoe.dyn.example" in html
    assert f"Write {HOME} in the client" in html


def test_what_clients_send_is_no_html(home: Browser) -> None:
    asked = begin(home.house, opened(home))
    fields = ("peer", "user", "agent", "asked", "answer", "reason", "dialect")
    come(home, HOME, **{name: f"{name}\r\n{HOSTILE}" for name in fields})
    html = arrived(home.house, asked)
    assert "&lt;script&gt;" in html
    assert HOSTILE not in html
    assert HOSTILE not in home.get(WAIT).body


@pytest.mark.parametrize("end", ["log_out", "host_remove"])
def test_events_end_with_the_session_and_the_host(home: Browser, end: str) -> None:
    events = opened(home)
    asked = begin(home.house, events)
    if end == "host_remove":
        home.house.person("alice", "host_remove", name=HOME)
    else:
        home.get("/hosts")
        home.submit("logout")
    come(home, HOME)
    with pytest.raises(StopAsyncIteration):
        home.house.running.call(lambda: asked)
    assert home.watching == []


def test_a_host_of_somebody_else_cannot_be_watched(home: Browser) -> None:
    home.house.api("account_add", name="bob", password=PASSWORD)
    bob = Browser(home.house)
    bob.log_in("bob", PASSWORD)
    for place in (WAIT, EVENTS):
        bob.get(place)
        assert bob.answer.status == 404
    stranger = Browser(home.house)
    stranger.get(EVENTS)
    assert stranger.url.startswith(BASE + "login")
