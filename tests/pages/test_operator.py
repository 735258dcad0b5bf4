"""The pages of operators: who sees them, and what they show and do."""

from __future__ import annotations

import dataclasses
import sqlite3
from collections.abc import AsyncGenerator, Callable, Iterator
from pathlib import Path

import pyotp
import pytest
from twisted.internet.defer import Deferred

from ddns.model.certificate import CertificateState
from ddns.model.journal import Author
from ddns.model.request_log import LoggedRequest, logged_request
from ddns.model.update import Outcome, Status
from ddns.pages.table import PAGES
from tests.house import House, change, update
from tests.pages.browsing import Browser
from tests.pages.conftest import PASSWORD, SCRIPT

PLACES = [
    (page.method, page.path.format(name="alice"))
    for page in PAGES
    if page.path.partition("/")[0] == "operator"
]
ACCOUNT = "operator/accounts/alice"


def test_there_are_pages_of_operators() -> None:
    assert len(PLACES) > 10


@pytest.mark.parametrize(("method", "place"), PLACES)
def test_there_is_nothing_for_others(alice: Browser, method: str, place: str) -> None:
    """Not even for an operator without a second factor."""
    token = alice.page.forms[0].fields["form_token"]
    for operator in (False, True):
        alice.house.api("account_set", name="alice", operator=operator)
        if method == "GET":
            page = alice.get(f"/{place}")
        else:
            page = alice.post(f"/{place}", form_token=token, reason="x", operator="1")
        assert alice.answer.status == 404
        assert "there is no such page" in page.text
        assert "/operator" not in " ".join(page.links)
    assert not alice.house.api("account_show", name="alice")["blocked"]


@pytest.mark.parametrize("place", [place for method, place in PLACES if method == "POST"])
def test_a_form_that_is_not_ours_does_nothing(
    alice: Browser, operator: Browser, place: str
) -> None:
    before = alice.house.api("account_show", name="alice")
    operator.get("/operator")
    operator.post(f"/{place}", reason="x", operator="1", hosts="1")
    assert operator.answer.status == 403
    assert alice.house.api("account_show", name="alice") == before


def test_strangers_are_asked_to_log_in(browser: Browser) -> None:
    browser.get("/operator/accounts")
    assert "login" in browser.url


# Accounts --------------------------------------------------------------------------------------


def test_accounts_are_searched(alice: Browser, operator: Browser) -> None:
    operator.house.api("account_add", name="carol", email="carol@example.org")
    page = operator.get("/operator/accounts")
    assert "alice" in page.text
    assert "carol@example.org" in page.text
    page = operator.get("/operator/accounts?search=EXAMPLE.ORG")
    assert "alice" not in page.text
    assert any(link.endswith("accounts/carol") for link in page.links)


def test_a_long_list_of_accounts_comes_in_pages(operator: Browser) -> None:
    for number in range(60):
        operator.house.api("account_add", name=f"person-{number:02}")
    page = operator.get("/operator/accounts?search=person")
    assert "person-49" in page.text
    assert "person-50" not in page.text
    page = operator.get(next(link for link in page.links if "after=" in link))
    assert "person-50" in page.text
    assert "person-49" not in page.text


def test_the_owner_of_a_blocked_account_sees_the_reason(alice: Browser, operator: Browser) -> None:
    operator.get(f"/{ACCOUNT}")
    operator.submit(f"{ACCOUNT}/block", reason=f"too many requests {SCRIPT}", days="2.5")
    assert "Blocked." in operator.page.text
    assert operator.page.is_harmless()
    page = alice.get("/hosts")
    assert "too many requests <script>" in page.text
    assert page.is_harmless()
    assert "alice" in operator.get("/operator/accounts?blocked=1").text
    assert "alice" in operator.get("/operator/refusals").text
    assert operator.page.is_harmless()
    operator.get(f"/{ACCOUNT}")
    operator.submit(f"{ACCOUNT}/unblock")
    assert "The block is lifted." in operator.page.text
    assert "too many requests" not in alice.get("/hosts").text


def test_a_block_that_is_over_is_told_from_one_that_holds(
    alice: Browser, operator: Browser
) -> None:
    house = operator.house
    house.api("account_block", name="alice", reason="a reason", days=1.0)
    assert "blocked" in operator.get("/operator/accounts?search=alice").text.split("State")[1]
    house.time += 86_401
    assert "block is over" in operator.get("/operator/accounts?search=alice").text
    assert "a reason" not in alice.get("/hosts").text


@pytest.mark.parametrize(
    ("reason", "days"), [("", "1"), ("  ", ""), ("x", "0"), ("x", "soon"), ("x", "nan")]
)
def test_blocks_that_cannot_be(alice: Browser, operator: Browser, reason: str, days: str) -> None:
    operator.get(f"/{ACCOUNT}")
    operator.submit(f"{ACCOUNT}/block", reason=reason, days=days)
    assert operator.answer.status == 400
    assert operator.house.api("account_show", name="alice")["blocked"] is None


def test_quotas(alice: Browser, operator: Browser) -> None:
    operator.get(f"/{ACCOUNT}")
    operator.submit(f"{ACCOUNT}/limits", hosts="3")
    assert operator.house.api("account_show", name="alice")["host_limit"] == 3
    operator.submit(f"{ACCOUNT}/limits", hosts="many")
    assert operator.answer.status == 400
    operator.submit(f"{ACCOUNT}/limits", hosts="")
    assert operator.house.api("account_show", name="alice")["host_limit"] == 10


def test_the_right_is_given_and_taken(alice: Browser, operator: Browser) -> None:
    operator.get(f"/{ACCOUNT}")
    operator.submit(f"{ACCOUNT}/right", operator="1")
    assert "An operator now" in operator.page.text
    assert operator.house.api("account_show", name="alice")["operator"]
    operator.submit(f"{ACCOUNT}/right", operator="0")
    assert not operator.house.api("account_show", name="alice")["operator"]


def test_second_factors_that_were_lost_are_removed(alice: Browser, operator: Browser) -> None:
    house = operator.house
    made = house.person("alice", "totp_add", password=PASSWORD)
    code = pyotp.TOTP(made["secret"]).generate_otp(int(house.time) // 30)
    house.person("alice", "totp_confirm", code=code)
    page = operator.get(f"/{ACCOUNT}")
    assert "one-time codes, recovery codes" in page.text
    operator.submit(f"{ACCOUNT}/second_factors")
    assert "The password alone is enough" in operator.page.text
    assert house.api("account_show", name="alice")["second_factors"] == []


def test_an_account_that_there_is_not(operator: Browser) -> None:
    operator.get("/operator/accounts/nobody")
    assert operator.answer.status == 404


# Hosts and zones -------------------------------------------------------------------------------


def test_all_hosts_are_searched(alice: Browser, operator: Browser) -> None:
    house = operator.house
    for name in ("home", "camera"):
        house.person("alice", "host_add", name=f"{name}.dyn.example")
    house.api("record_set", owner="home.dyn.example", type="A", rdatas=["198.51.100.7"])
    page = operator.get("/operator/hosts")
    assert "198.51.100.7" in page.text
    assert "offline" in page.text
    page = operator.get("/operator/hosts?search=cam")
    assert "camera.dyn.example" in page.text
    assert "home.dyn.example" not in page.text


def test_zones_with_their_secondaries(bob: Browser, operator: Browser) -> None:
    operator.house.server.secondaries = lambda: {"192.0.2.53:53": (4, 2, 90.0)}
    operator.house.api("zone_set", origin="bob.example", secondaries=["192.0.2.53"])
    page = operator.get("/operator/zones")
    assert "behind with 2 zones" in page.text
    assert "2 minutes" in page.text
    assert any(link.endswith("zones/bob.example") for link in page.links)


def test_the_zone_of_a_person_is_the_operators_too(bob: Browser, operator: Browser) -> None:
    operator.get("/zones/bob.example")
    operator.submit("zones/bob.example/settings", account="", secondaries="192.0.2.53\n192.0.2.54")
    zone = operator.house.api("zone_show", origin="bob.example", ask=False)
    assert (zone["account"], len(zone["secondaries"])) == (None, 2)
    operator.submit("zones/bob.example/settings", secondaries="nonsense\n")
    assert operator.answer.status == 400
    fields = next(form.fields for form in operator.page.forms if "secondaries" in form.fields)
    assert fields["secondaries"].strip() == "nonsense"


def test_of_a_catalog_only_the_secondaries_are_set(operator: Browser) -> None:
    operator.house.api("zone_add", origin="catalog.invalid", catalog=True)
    page = operator.get("/zones/catalog.invalid")
    assert "registration" not in [given.get("name") for _, given in page.tags]
    operator.submit("zones/catalog.invalid/settings", secondaries="192.0.2.53")
    assert "Changed." in operator.page.text
    zone = operator.house.api("zone_show", origin="catalog.invalid", ask=False)
    assert zone["secondaries"] == ["192.0.2.53"]


# Requests --------------------------------------------------------------------------------------


class Clients:
    """Clients of alice's host, whose requests are logged, and heard of by who looks on."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.watching: list[Callable[[LoggedRequest], None]] = []
        house.person("alice", "host_add", name="home.dyn.example")

    def ask(self, agent: str, status: Status | None = None) -> None:
        sent = update("alice", "secret", change("home.dyn.example", "198.51.100.7"), agent=agent)
        user = None if status is Status.BADAUTH else "alice"
        request = logged_request(sent, Outcome(status, user=user), f"?{SCRIPT}", "answer")

        async def come() -> None:
            await self.house.store.transact(
                Author("server", "requests", 1000.0),
                lambda transaction: transaction.log_requests([request], 10, 10, 100),
            )
            for listener in self.watching:
                listener(request)

        self.house.running.call(come)


@pytest.fixture
def clients(alice: Browser) -> Clients:
    return Clients(alice.house)


def test_requests_are_listed_by_filters(clients: Clients, operator: Browser) -> None:
    clients.ask("good-client")
    clients.ask(f"hasty-client {SCRIPT}", Status.ABUSE)
    clients.ask("wrong-client", Status.BADAUTH)
    page = operator.get("/operator/requests")
    assert page.is_harmless()
    assert all(name in page.text for name in ("good-client", "hasty-client", "wrong-client"))
    assert "too many changes" in page.text
    for place, found in (
        ("became=refused", ["hasty-client"]),
        ("became=failed", ["wrong-client"]),
        ("account=bob", []),
        ("host=home.dyn.example&became=done", ["good-client"]),
        ("before=1", []),
    ):
        page = operator.get(f"/operator/requests?{place}")
        names = ("good-client", "hasty-client", "wrong-client")
        assert [name for name in names if name in page.text] == found, place
    page = operator.get("/operator/refusals")
    assert "The last 2 refusals" in page.text
    assert page.is_harmless()


@pytest.mark.parametrize("query", ["before=x", "before=99999999999999999999", "became=x"])
def test_filters_that_make_no_sense(operator: Browser, query: str) -> None:
    operator.get(f"/operator/requests?{query}")
    assert operator.answer.status == 400


@pytest.fixture
def looking(clients: Clients, operator: Browser) -> Iterator[Browser]:
    """An operator's browser that shows requests as they come."""
    clients.ask("first")
    operator.watching = clients.watching
    operator.get("/operator/requests?became=refused")
    yield operator
    assert clients.watching == []


def events_of(browser: Browser) -> AsyncGenerator[str, None]:
    (place,) = [given["data-live"] for _, given in browser.page.tags if "data-live" in given]
    return browser.open(place)


async def _close(stream: AsyncGenerator[str, None]) -> None:
    await stream.aclose()


async def _next(stream: AsyncGenerator[str, None]) -> str:
    return await anext(stream)


def test_requests_come_live(clients: Clients, looking: Browser) -> None:
    """As rows of the table, and only as long as somebody looks."""
    stream, running = events_of(looking), looking.house.running
    clients.ask(f"hasty {SCRIPT}", Status.ABUSE)
    event = running.call(_next, stream)
    assert event.count("<tr>") == 1
    assert "hasty &lt;script&gt;" in event
    assert "<script" not in event
    clients.ask("other", Status.NOHOST)
    event = running.call(_next, stream)
    assert event.count("<tr>") == 2
    assert "first" not in event
    running.call(_close, stream)


def test_nobody_looks_on_without_the_right(clients: Clients, looking: Browser) -> None:
    stream, running = events_of(looking), looking.house.running
    clients.ask("hasty", Status.ABUSE)
    running.call(_next, stream)
    looking.house.api("account_set", name="ops", operator=False)
    clients.ask("more", Status.ABUSE)
    with pytest.raises(StopAsyncIteration):
        running.call(_next, stream)


def test_requests_of_another_host_wake_nobody(clients: Clients, operator: Browser) -> None:
    operator.watching = clients.watching
    operator.get("/operator/requests?host=other.dyn.example")
    stream, running = events_of(operator), operator.house.running
    waiting = running.call(lambda: [Deferred.fromCoroutine(_next(stream))])[0]
    clients.ask("first")
    assert not waiting.called
    waiting.addErrback(lambda _: None)
    running.call(waiting.cancel)
    assert clients.watching == []


# The server ------------------------------------------------------------------------------------


def test_health_and_plots(operator: Browser) -> None:
    server = operator.house.server
    sampled = {"seconds": 10.0, "until": "2026-11-28T17:00:00+00:00", "series": {"queries": []}}
    server.samples = lambda: {"hour": sampled, "day": sampled}
    page = operator.get("/operator")
    assert "ready" in page.text
    assert "Nothing has been measured yet" in page.text
    sampled["series"] = {"queries": [0.0, 2.5, 1.25], "mails": [3.0]}
    server.not_ready = lambda: "the store fails"
    page = operator.get("/operator")
    assert "not ready: the store fails" in page.text
    assert "now 1.25, at most 2.5" in page.text
    assert ("polyline", "0,120 300,0 600,60") in [
        (tag, given.get("points")) for tag, given in page.tags
    ]
    labels = [given["aria-label"] for tag, given in page.tags if tag == "svg"]
    assert labels == ["DNS queries a second", "Mails waiting"]
    assert page.is_harmless()


def test_the_database_is_checked(operator: Browser) -> None:
    operator.get("/operator")
    operator.submit("operator/check")
    assert "No faults in 1 zones" in operator.page.text


def test_a_copy_of_the_database_is_downloaded(operator: Browser, tmp_path: Path) -> None:
    operator.get("/operator")
    operator.submit("operator/backup")
    headers = dict(operator.answer.headers)
    assert "attachment" in headers["Content-Disposition"]
    assert int(headers["Content-Length"]) == len(operator.octets)
    copy = tmp_path / "copy.sqlite"
    copy.write_bytes(operator.octets)
    connection = sqlite3.connect(copy)
    assert connection.execute("select name from account").fetchall() == [("ops",)]
    connection.close()


def test_nothing_is_downloaded_by_a_link(operator: Browser) -> None:
    operator.get("/operator/backup")
    assert operator.answer.content_type.startswith("text/html")
    assert operator.url.endswith("/operator")


def test_operators_read_spanish_too(clients: Clients, operator: Browser) -> None:
    clients.ask("hasty", Status.ABUSE)
    operator.language = "es"
    assert "demasiados cambios" in operator.get("/operator/requests").text
    assert "Este servidor" in operator.get("/operator").text


# The server's own certificate --------------------------------------------------------------------


def test_the_certificate_and_why_there_is_no_new_one(operator: Browser) -> None:
    assert "Issuer" not in operator.get("/operator").text
    state = CertificateState(
        directory="https://ca.example/directory",
        names=("ddns.example.net", "*.example.net"),
        wanted=("ddns.example.net", "*.example.net"),
        key_types=("ecdsa", "rsa"),
        issuer=f"An {SCRIPT} authority",
        expires=1_800_000_000.0,
        renewal=1_790_000_000.0,
        ordering=False,
        issued_at=None,
        failed_at=1_780_000_000.0,
        problem=f"no record {SCRIPT}",
        failures=1,
    )
    operator.house.server.certificate = lambda: state
    page = operator.get("/operator")
    for text in ("ddns.example.net, *.example.net", "ecdsa, rsa", "no record <script>"):
        assert text in page.text
    assert page.is_harmless()
    assert "Names by the settings" not in page.text
    other = dataclasses.replace(state, wanted=("new.example.net",))
    operator.house.server.certificate = lambda: other
    assert "new.example.net" in operator.get("/operator").text
    none = dataclasses.replace(state, key_types=(), expires=None, ordering=True)
    operator.house.server.certificate = lambda: none
    assert "a temporary certificate is in use" in operator.get("/operator").text
