"""Owners are told: from an update to the mail in a mailbox and the post at a webhook."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from standardwebhooks.webhooks import Webhook
from twisted.internet.defer import ensureDeferred, fail

from ddns.api.errors import ApiError
from ddns.config.notices import NoticesSettings
from ddns.config.outward import OutwardSettings
from ddns.config.settings import AbuseSettings, ApiSettings, MailSettings, Settings
from ddns.model.account import Language
from ddns.model.certificate import CertificateState
from ddns.model.journal import Author
from ddns.model.notices import Notice, Way
from ddns.model.update import Change
from ddns.policy import notices as policy
from ddns.server.core import Core
from ddns.store.interfaces import StoreError
from ddns.updates import courier, journal_news
from tests.house import change, update
from tests.net.reactors import RunningReactor
from tests.processes import eventually, free_port
from tests.relays import MailRelay, mail_relay
from tests.server.receivers import Receiver, receiver

HOST = "home.example.net"
URL = "https://ddns.example.net"


class Server:
    """A core, which :meth:`restart` ends and begins again on the same database."""

    def __init__(self, running: RunningReactor, folder: Path, relay: MailRelay) -> None:
        self.running = running
        self.settings = Settings(
            database=str(folder / "ddns.sqlite"),
            stop_time=0.5,
            api=ApiSettings(url=URL),
            abuse=AbuseSettings(change_interval=0.0),
            mail=MailSettings(f"127.0.0.1:{relay.port}", "ddns@example.net", tls="off"),
            outward=OutwardSettings(("127.0.0.0/8",), (), plain_http=True),
            notices=NoticesSettings(settle_time=0.05),
        )
        self.relay = relay
        self.begin()

    def begin(self) -> None:
        self.core = Core(self.settings, self.running.reactor)
        self.running.call(self.core.store.open)
        self.running.call(lambda: ensureDeferred(self.core.load()))

    def end(self) -> None:
        self.running.call(lambda: ensureDeferred(self.core.stop()))

    def restart(self) -> None:
        self.end()
        self.begin()

    def api(self, operation: str, **arguments: Any) -> Any:
        return self.running.call(
            lambda: ensureDeferred(getattr(self.core.operations, operation)(**arguments))
        )

    def fill(self) -> None:
        self.api("zone_add", origin="example.net")
        self.api("account_add", name="alice")
        self.api("email_set", name="alice", email="alice@example.org")
        self.api("host_add", name=HOST, account="alice")
        self.key = self.api("key_add", account="alice")["key"]

    def update(self, *addresses: str, change: Callable[..., Change] = change) -> None:
        asked = update("alice", self.key, change(HOST, *addresses), at=self.core._now())
        self.running.call(lambda: ensureDeferred(self.core.pipeline.perform(asked)))

    def notices(self) -> list[Notice]:
        found: list[Notice] = self.running.call(
            self.core.store.read, lambda reading: reading.notices("alice")
        )
        return found

    def idle(self) -> None:
        eventually(lambda: self.notices() == [], "all is sent")

    def webhook(self, receiver: Receiver, **more: Any) -> Any:
        return self.api("notice_target_add", way="webhook", url=receiver.url, host=HOST, **more)

    def target(self) -> Any:
        (target,) = self.api("notice_show", host=HOST)["sent_to"]
        return target


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal_news, "LATER", 0.05)
    monkeypatch.setattr(courier, "WRITE", 0.01)
    monkeypatch.setattr(policy, "FIRST_PAUSE", 0.1)


@pytest.fixture
def server(running: RunningReactor, tmp_path: Path) -> Iterator[Server]:
    with mail_relay() as relay:
        server = Server(running, tmp_path, relay)
        server.fill()
        yield server
        server.end()


@pytest.fixture
def hook() -> Iterator[Receiver]:
    with receiver() as found:
        yield found


# By mail ---------------------------------------------------------------------------------------


def test_a_changed_address_by_mail(server: Server) -> None:
    server.api("notice_set", account="alice", mail=["changed"])
    server.update("198.51.100.7")
    mail = server.relay.take()
    assert mail.recipients == ["alice@example.org"]
    subject = str(mail.message["Subject"])
    assert subject.startswith(f"{HOST}: it has 198.51.100.7 now (")
    assert "by test)" in subject
    assert f"    {URL}/hosts/{HOST}/notices\n" in mail.text
    assert all(len(line) < 90 for line in mail.text.splitlines() if "token=" not in line)
    server.idle()
    server.restart()
    server.update("198.51.100.8")
    assert "198.51.100.7 is now 198.51.100.8" in server.relay.take().text


def test_in_the_language_of_who_is_told(server: Server) -> None:
    def speak(transaction: Any) -> None:
        account = transaction.account("alice")
        transaction.put_account(replace(account, language=Language.ES))

    server.running.call(server.core.store.transact, Author("t", "t", 1.0), speak)
    server.api("notice_set", account="alice", mail=["changed"])
    server.update("198.51.100.7")
    mail = server.relay.take()
    assert "home.example.net: ahora tiene 198.51.100.7" in str(mail.message["Subject"])
    assert "Para no recibir más correos de este tipo:" in mail.text


def test_a_link_that_switches_it_off(server: Server) -> None:
    """Of this host and this kind alone; also after a restart, and by one click."""
    server.api("notice_set", account="alice", mail=["changed", "refused"])
    server.update("198.51.100.7")
    mail = server.relay.take()
    (link,) = re.findall(rf"    ({URL}/notices/off\?token=\S+)", mail.text)
    assert mail.message["List-Unsubscribe"] == f"<{link}>"
    assert mail.message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    (token,) = parse_qs(urlsplit(link).query)["token"]
    assert "alice" not in token
    server.idle()
    server.restart()
    assert server.api("notice_link", token=token) == {"host": HOST, "kind": "changed"}
    assert server.api("notice_off", token=token) == {"host": HOST, "kind": "changed"}
    assert server.api("notice_show", host=HOST)["mail"] == ["refused"]
    assert server.api("notice_show", account="alice")["mail"] == ["changed", "refused"]
    server.update("198.51.100.9")
    server.api(
        "host_add",
        name="nas.example.net",
        account="alice",
        records=[{"type": "A", "rdata": "198.51.100.1"}],
    )
    assert "nas.example.net" in str(server.relay.take().message["Subject"])


def test_hosts_of_a_kind_are_one_mail(server: Server) -> None:
    for name in ("a", "b", "c"):
        server.api(
            "host_add",
            name=f"{name}.example.net",
            account="alice",
            records=[{"type": "A", "rdata": "198.51.100.1"}],
        )
        server.api("host_set", name=f"{name}.example.net", expire_after=1)

    def expire(transaction: Any) -> None:
        for host in transaction.hosts("alice"):
            transaction.put_host_expiry(host.name, server.core._now() + 100)

    server.running.call(server.core.store.transact, Author("t", "t", 1.0), expire)
    server.running.call(server.core.notices.warner._looks.once)
    mail = server.relay.take()
    assert mail.message["Subject"] == "3 of your hosts go offline soon"
    for name in ("a", "b", "c"):
        assert f"  {name}.example.net: it goes offline soon" in mail.text
    (token,) = re.findall(r"token=(\S+)", mail.text)
    assert server.api("notice_off", token=token) == {"host": None, "kind": "expiring"}
    assert "expiring" not in server.api("notice_show", host="a.example.net")["mail"]


def test_a_relay_that_is_down_for_a_while(server: Server) -> None:
    server.relay.refusals = ["451 later", "451 later"]
    server.api("notice_set", account="alice", mail=["changed"])
    server.update("198.51.100.7")
    assert "198.51.100.7" in server.relay.take().text
    assert server.relay.attempts == 3
    server.idle()
    counts = server.core.notices.courier.counts
    assert (counts[Way.MAIL, "failed"], counts[Way.MAIL, "delivered"]) == (2, 1)


def test_an_address_that_the_relay_never_takes(server: Server) -> None:
    server.relay.refusals = ["550 no such mailbox"]
    server.api("notice_set", account="alice", mail=["changed"])
    server.update("198.51.100.7")
    eventually(lambda: server.relay.attempts == 1, "it is tried")
    server.idle()
    assert server.core.notices.courier.counts[Way.MAIL, "given_up"] == 1


def test_wrong_passwords_and_blocks(server: Server) -> None:
    server.running.call(server.core.notices.failures, "alice", 99)
    server.running.call(server.core.notices.failures, "alice", 100)
    subject = str(server.relay.take().message["Subject"])
    assert subject == "100 wrong keys or passwords were tried for your account alice"
    server.running.call(server.core.notices.failures, "alice", 100)
    server.api("account_block", name="alice", reason="by hand", days=1.0)
    mail = server.relay.take()
    assert "Your account alice is blocked until" in str(mail.message["Subject"])
    assert "by hand" in str(mail.message["Subject"])


def test_the_servers_certificate(server: Server) -> None:
    """Told to operators and to the owners of the zones that its names are in."""
    state = CertificateState(
        *("https://ca.example/", (), ("ddns.example.net",), (), ""),
        *(1_900_000_000.0, None, False, None, None, "the authority says no", 3),
    )
    server.core.notices.watch_certificate(lambda: state)
    server.running.call(server.core.notices.warner._looks.once)
    assert server.relay.arrived == []
    server.api("zone_set", origin="example.net", account="alice")
    for _ in range(2):
        server.running.call(server.core.notices.warner._looks.once)
    mail = server.relay.take()
    assert "the authority says no" in mail.text
    server.idle()


# To webhooks -----------------------------------------------------------------------------------


def test_a_webhook(server: Server, hook: Receiver) -> None:
    made = server.webhook(hook)
    assert made["shown"] == "127.0.0.1"
    server.update("198.51.100.7", "2001:db8::7")
    (posted,) = hook.wait(1)
    assert posted.headers["Content-Type"] == "application/json"
    told = Webhook(made["secret"]).verify(posted.body, dict(posted.headers))
    assert (told["kind"], told["account"], told["host"]) == ("changed", "alice", HOST)
    assert told["details"]["changes"][1]["new"] == ["2001:db8::7"]
    assert told["text"].startswith(f"{HOST}: ")
    server.idle()
    shown = json.dumps(server.api("notice_show", host=HOST)) + json.dumps(
        server.api("account_export", name="alice", after="notices")
    )
    assert "canary" not in shown
    assert made["secret"] not in shown


def test_a_webhook_that_is_down(server: Server) -> None:
    """It is tried again after growing pauses, and what came meanwhile waits with it."""
    port = free_port()
    down = Receiver(port)
    server.webhook(down)
    server.update("198.51.100.7")
    eventually(lambda: server.target()["failing"] is not None, "it fails")
    assert "refuses connections" in server.target()["problem"]
    assert server.target()["next"] is not None
    server.restart()
    assert len(server.notices()) == 1
    with receiver(port) as up:
        told = [json.loads(one.body) for one in up.wait(1)]
        assert told[0]["details"]["changes"][0]["new"] == ["198.51.100.7"]
        server.idle()
        assert len(up.posted) == 1
    assert (server.target()["failing"], server.target()["problem"]) == (None, "")


@pytest.mark.parametrize(
    ("answers", "problem"),
    [([500, 503], "status 503"), ([302, 302], "redirect"), ([404, 429], "status 429")],
)
def test_a_webhook_that_answers_otherwise(
    server: Server, hook: Receiver, answers: list[int], problem: str
) -> None:
    hook.answers = answers + answers[1:] * 20
    server.webhook(hook)
    server.update("198.51.100.7")
    eventually(lambda: problem in server.target()["problem"], "it is noted")
    hook.answers = []
    server.idle()
    posted = hook.posted
    assert len(posted) >= 2
    assert {one.path.partition("?")[0] for one in posted} == {"/hook"}
    assert len({one.headers["Webhook-Id"] for one in posted}) == 1
    assert server.target()["problem"] == ""


def test_a_webhook_that_is_gone(server: Server, hook: Receiver) -> None:
    hook.answers = [410]
    server.webhook(hook)
    server.update("198.51.100.7")
    hook.wait(1)
    server.idle()
    assert server.target()["given_up"] == 1
    assert len(hook.posted) == 1


def test_a_webhook_that_floods(server: Server, hook: Receiver) -> None:
    hook.flood = 1_000_000
    server.webhook(hook)
    server.update("198.51.100.7")
    eventually(lambda: "too much" in server.target()["problem"], "it is noticed")


def test_a_slow_webhook_holds_up_nobody(server: Server, hook: Receiver) -> None:
    with receiver() as slow:
        slow.may_answer.clear()
        server.webhook(slow)
        server.webhook(hook)
        server.update("198.51.100.7")
        hook.wait(1)
        server.update("198.51.100.8")
        hook.wait(2)
        assert len(slow.posted) == 1
        slow.may_answer.set()
        slow.wait(2)
        server.idle()


def test_a_database_that_fails_has_nothing_sent_twice(
    server: Server, hook: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was sent and cannot be noted stays busy until it can."""
    monkeypatch.setattr(courier, "AGAIN", 0.1)
    store, failed = server.core.store, []
    transact = store.transact

    def fails(author: Author, work: Any, bulk: bool = False) -> Any:
        if author.via == "notices" and author.who == "server" and hook.posted and len(failed) < 3:
            failed.append(author)
            return fail(StoreError("no"))
        return transact(author, work, bulk)

    monkeypatch.setattr(store, "transact", fails)
    server.webhook(hook)
    server.update("198.51.100.7")
    hook.wait(1)
    server.idle()
    assert len(failed) == 3
    assert len(hook.posted) == 1


def test_many_that_are_down_hold_up_no_other(server: Server, hook: Receiver) -> None:
    """More of them than are tried at the same time."""
    for _ in range(20):
        server.webhook(Receiver(free_port()))
    server.webhook(hook)
    for number in range(3):
        server.update(f"198.51.100.{number + 1}")
        hook.wait(number + 1)


def test_what_is_too_old_is_given_up(server: Server) -> None:
    server.settings = replace(
        server.settings, notices=replace(server.settings.notices, give_up_days=1e-6)
    )
    server.running.call(server.core.apply, server.settings)
    server.webhook(Receiver(free_port()))
    server.update("198.51.100.7")
    eventually(lambda: server.target()["given_up"] == 1, "it is given up")
    server.idle()


def test_what_a_crash_cuts_off_is_sent_again(server: Server, hook: Receiver) -> None:
    """At least once: the result of the first attempt is lost."""

    async def lost() -> None:
        pass

    server.webhook(hook)
    server.core.notices.courier._write = lost  # type: ignore[method-assign]
    server.update("198.51.100.7")
    hook.wait(1)
    server.restart()
    first, second = hook.wait(2)
    assert first.headers["Webhook-Id"] == second.headers["Webhook-Id"]
    assert json.loads(first.body) == json.loads(second.body)
    server.idle()


def test_webhooks_that_are_switched_off(server: Server, hook: Receiver) -> None:
    """Those as well that are there already, until they are switched on again."""
    server.webhook(hook)
    off = replace(server.settings, notices=replace(server.settings.notices, webhooks=False))
    server.running.call(server.core.apply, off)
    server.update("198.51.100.7")
    eventually(lambda: server.target()["failing"] is not None, "it fails")
    assert server.target()["problem"] == "webhooks are switched off on this server"
    assert hook.posted == []
    server.running.call(server.core.apply, server.settings)
    hook.wait(1)


# By apprise ------------------------------------------------------------------------------------


def test_apprise(server: Server, hook: Receiver, capfd: pytest.CaptureFixture[str]) -> None:
    """With its own library, whose retries and times a URL cannot choose."""
    allowed = NoticesSettings(settle_time=0.05, apprise=("json",))
    server.running.call(server.core.apply, replace(server.settings, notices=allowed))
    url = f"json://127.0.0.1:{hook.port}/canary-of-a-url?retry=50&rto=500"
    made = server.api("notice_target_add", way="apprise", url=url, host=HOST)
    assert (made["shown"], made["secret"]) == ("json", None)
    hook.answers = [500] * 20
    server.update("198.51.100.7")
    said = "the service has not taken it"
    eventually(lambda: server.target()["problem"] == said, "it is noted")
    hook.answers = []
    server.idle()
    first, *_, second = hook.posted
    told = json.loads(second.body)
    assert first.body == second.body
    assert told["title"].startswith(f"{HOST}: it has 198.51.100.7 now")
    assert server.core.notices.courier.counts[Way.APPRISE, "failed"] >= 1
    assert "canary" not in "".join(capfd.readouterr()) + json.dumps(server.target())


@pytest.mark.parametrize(
    "url", ["json://", "json://127.0.0.1:x", "json", "JSON://é\n/", "json://" + "a" * 3000]
)
def test_urls_that_apprise_cannot_use(server: Server, url: str) -> None:
    allowed = NoticesSettings(apprise=("json",))
    server.running.call(server.core.apply, replace(server.settings, notices=allowed))
    with pytest.raises(ApiError, match="this cannot be used"):
        server.api("notice_target_add", way="apprise", url=url, host=HOST)


def test_what_may_not_be_reached(server: Server) -> None:
    for url, why in (
        ("https://10.0.0.1/", "not a public address"),
        ("http://user@example.org/", "user name"),
        ("ftp://example.org/", "https://"),
    ):
        with pytest.raises(Exception, match=why):
            server.api("notice_target_add", way="webhook", url=url, host=HOST)
    with pytest.raises(Exception, match="no service that may be used"):
        server.api("notice_target_add", way="apprise", url="json://127.0.0.1/", host=HOST)
    server.running.call(
        server.core.apply,
        replace(server.settings, notices=NoticesSettings(webhooks=False)),
    )
    with pytest.raises(Exception, match="switched off"):
        server.api("notice_target_add", way="webhook", url="https://example.org/", host=HOST)
