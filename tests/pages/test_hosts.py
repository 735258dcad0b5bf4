"""The overview of a person's hosts."""

from __future__ import annotations

from tests.pages.asking import note_request
from tests.pages.browsing import BASE, Browser
from tests.pages.conftest import PASSWORD

HOSTILE = "<script>alert(1)</script>"


def test_a_host_is_added_by_its_label_and_zone(alice: Browser) -> None:
    alice.submit("hosts", name="home", zone="dyn.example")
    assert alice.url == BASE + "hosts/home.dyn.example/setup?done=added"
    page = alice.get("/hosts")
    assert "home.dyn.example" in page.text
    assert "Waiting for the first update" in page.text


def test_a_whole_name_needs_no_zone(alice: Browser) -> None:
    alice.submit("hosts", name="home.dyn.example.", zone="")
    assert "home.dyn.example/setup" in alice.url
    alice.get("/hosts")
    alice.submit("hosts", name="Work.dyn.example", zone="dyn.example")
    assert "work.dyn.example/setup" in alice.url


def test_what_was_typed_is_kept_beside_what_is_wrong(alice: Browser) -> None:
    page = alice.submit("hosts", name=HOSTILE, zone="dyn.example")
    assert alice.answer.status == 400
    assert HOSTILE not in page.body
    (field,) = [given for tag, given in page.tags if given.get("id") == "name"]
    assert field["value"] == HOSTILE


def test_the_state_of_each_host_in_words(alice: Browser) -> None:
    for name in ("fine", "refused", "guessed", "silent", "led"):
        alice.house.person("alice", "host_add", name=f"{name}.dyn.example")
    for name in ("fine", "refused", "guessed"):
        alice.house.person(
            "alice", "record_set", owner=f"{name}.dyn.example", type="A", rdatas=["8.8.4.4"]
        )
    alice.house.person(
        "alice", "record_set", owner="fine.dyn.example", type="AAAA", rdatas=["2606:4700::1"]
    )
    alice.house.person(
        "alice",
        "host_set",
        name="led.dyn.example",
        interface_id="::a",
        follows="fine.dyn.example",
        follows_address=True,
    )
    note_request(alice.house, "fine.dyn.example")
    note_request(alice.house, "refused.dyn.example", reason="this is not a host name")
    note_request(alice.house, "guessed.dyn.example", None, reason="the credentials are wrong")
    alice.house.time += 3 * 86_400
    page = alice.get("/hosts")
    for words in (
        "Up to date",
        "The last update was refused",
        "The last login failed",
        "Waiting for the first update",
        "Follows its router",
        "2606:4700::a",
        "8.8.4.4",
        "2606:4700::1",
        "3 days ago",
    ):
        assert words in page.text


def test_what_clients_send_is_no_html(alice: Browser) -> None:
    alice.house.person("alice", "host_add", name="home.dyn.example")
    note_request(alice.house, "home.dyn.example", reason=HOSTILE, agent=HOSTILE, answer=HOSTILE)
    assert HOSTILE not in alice.get("/hosts").body
    assert HOSTILE not in alice.get(f"/hosts?search={HOSTILE}&after={HOSTILE}").body


def test_a_thousand_hosts_are_shown_in_small_pages(alice: Browser) -> None:
    alice.house.api("zone_add", origin="alice.example", account="alice")
    lines = [f"host-with-a-long-name-{number:04}" for number in range(1000)]

    async def add() -> None:
        operations = alice.house.operations
        for line in lines:
            await operations.host_add(name=f"{line}.alice.example", account="alice")

    alice.house.running.call(add)
    page = alice.get("/hosts")
    assert len(alice.answer.body) < 100_000  # type: ignore[arg-type]
    seen = []
    while True:
        seen += [line for line in lines if line in page.text]
        following = [link for link in page.links if "after=" in link]
        if not following:
            break
        page = alice.get(following[0])
    assert seen == lines
    page = alice.get("/hosts?search=name-05")
    assert "name-0499" not in page.text
    assert "name-0500" in page.text
    (following,) = [link for link in page.links if "after=" in link]
    assert "search=name-05" in following
    assert "name-0550" in alice.get(following).text


def test_a_search_for_nothing_there(alice: Browser) -> None:
    alice.house.person("alice", "host_add", name="home.dyn.example")
    page = alice.get("/hosts?search=office")
    assert "No host of yours is called so." in page.text
    assert "home.dyn.example" not in page.text


def test_people_see_their_own_hosts_only(alice: Browser) -> None:
    alice.house.api("account_add", name="bob", password=PASSWORD)
    alice.house.api("host_add", name="bobs.dyn.example", account="bob")
    assert "bobs" not in alice.get("/hosts").text
    assert "No host of yours is called so." in alice.get("/hosts?search=bobs").text


def test_a_refusal_is_said_in_the_language_of_the_reader(alice: Browser) -> None:
    alice.house.person("alice", "host_add", name="home.dyn.example")
    alice.language = "es"
    alice.get("/hosts")
    page = alice.submit("hosts", name="home", zone="dyn.example")
    assert "el host home.dyn.example ya existe" in page.text
