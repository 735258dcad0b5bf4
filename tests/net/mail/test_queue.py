"""Mail: what a letter looks like, how a relay is spoken to, and what is tried again."""

from __future__ import annotations

import dataclasses
import email
import email.policy
import re
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.defer import ensureDeferred
from twisted.protocols import tls

from ddns.model.mail import MailMessage
from ddns.net.mail.queue import AT_ONCE, MAX_WAITING, Mailer, compose
from ddns.net.mail.relay import NotSent, Relay, RelayCredentials
from tests import certificates
from tests.certificates import Pair
from tests.net.http_clients import until
from tests.net.reactors import RunningReactor
from tests.processes import free_port
from tests.relays import IMPLICIT_TLS, mail_relay

LETTER = MailMessage("alice@example.org", "Hello", "Your token is\n\n    canary-in-the-mail\n")
LOGIN = ("ddns", "the relay's secret")


@pytest.fixture
def pair(tmp_path: Path) -> Pair:
    return certificates.make(tmp_path)


@pytest.fixture(autouse=True)
def clock(running: RunningReactor, monkeypatch: pytest.MonkeyPatch) -> None:
    """Twisted's TLS clients write on the process's reactor, which does not run here."""
    monkeypatch.setattr(tls, "_get_default_clock", lambda: running.reactor)


Make = Callable[..., Mailer]


@pytest.fixture
def make(running: RunningReactor) -> Iterator[Make]:
    """Makes mailers for a relay's port."""
    made: list[Mailer] = []

    def make(port: int, *, retries: int = 3, pause: float = 0.01, **more: Any) -> Mailer:
        relay = Relay(running.reactor, "127.0.0.1", port, **{"timeout": 5.0, **more})
        made.append(
            Mailer(
                running.reactor,
                relay,
                "ddns@example.net",
                lambda: 1000.0,
                retries=retries,
                pause=pause,
            )
        )
        return made[-1]

    yield make
    for mailer in made:
        running.call(mailer.stop, 5.0)


def send(running: RunningReactor, mailer: Mailer, letter: MailMessage = LETTER) -> None:
    running.call(mailer.send, letter)


def idle(running: RunningReactor, mailer: Mailer) -> None:
    until(lambda: not running.call(mailer.waiting))


# The letter ------------------------------------------------------------------------------------


def test_a_letter() -> None:
    octets = compose(LETTER, "ddns@example.net", "<1@example.net>", 1_700_000_000.0)
    head, _, body = octets.partition(b"\n\n")
    assert head.decode().split("\n") == [
        "From: ddns@example.net",
        "To: alice@example.org",
        "Subject: Hello",
        "Date: Tue, 14 Nov 2023 22:13:20 -0000",
        "Message-ID: <1@example.net>",
        "Auto-Submitted: auto-generated",
        'Content-Type: text/plain; charset="utf-8"',
        "Content-Transfer-Encoding: 7bit",
        "MIME-Version: 1.0",
    ]
    assert body == LETTER.text.encode()


def test_headers_with_long_urls() -> None:
    """They are neither folded nor encoded: mail programs read them as they stand."""
    url = "<https://ddns.example.net/notices/off?token=" + "Ab_-" * 60 + ">"
    subject = "máquina.example.net: 198.51.100.7 es ahora 203.0.113.9 y antes no, ¿verdad? " * 2
    headers = (("List-Unsubscribe", url),)
    letter = dataclasses.replace(LETTER, subject=subject.strip(), headers=headers)
    octets = compose(letter, "ddns@example.net", "<1@example.net>", 0.0)
    assert f"\nList-Unsubscribe: {url}\n".encode() in octets
    message = email.message_from_bytes(octets, policy=email.policy.default)
    assert message["Subject"] == letter.subject
    words = re.findall(rb"=\?utf-8\?[^ \n]*", octets)
    assert words
    assert max(map(len, words)) <= 75


def test_a_letter_that_is_sent_once(running: RunningReactor, make: Make) -> None:
    with mail_relay() as relay:
        mailer = make(relay.port, tls="off")
        relay.refusals = ["451 later"]
        letter = dataclasses.replace(LETTER, message_id="n-7")
        with pytest.raises(NotSent, match="451 later"):
            running.call(lambda: ensureDeferred(mailer.deliver(letter)))
        running.call(lambda: ensureDeferred(mailer.deliver(letter)))
        assert relay.take().message["Message-ID"] == "<n-7@example.net>"
        assert (mailer.sent, relay.attempts) == (1, 2)


def test_a_letter_that_is_not_ascii() -> None:
    letter = MailMessage(
        "a@example.org", "Gr\u00fc\u00dfe", "Gr\u00fc\u00dfe\n" + "x" * 100 + "\n.\n"
    )
    octets = compose(letter, "ddns@example.net", "<1@example.net>", 0.0)
    assert octets.isascii()
    assert all(len(line) <= 78 for line in octets.splitlines())
    parsed = email.message_from_bytes(octets, policy=email.policy.SMTP)
    assert parsed["Subject"] == letter.subject
    assert parsed.get_content().replace("\r\n", "\n") == letter.text


@pytest.mark.parametrize("end", ["\r\nBcc: eve@example.org", "\nX: y", "\rX: y"])
def test_nobody_adds_a_header(end: str) -> None:
    for letter in (
        MailMessage(f"a@example.org{end}", "s", "t\n"),
        MailMessage("a@b.c", f"s{end}", "t\n"),
    ):
        with pytest.raises(ValueError, match="line break"):
            compose(letter, "ddns@example.net", "<1@example.net>", 0.0)
    with pytest.raises(ValueError, match="line break"):
        compose(LETTER, f"ddns@example.net{end}", "<1@example.net>", 0.0)


def test_a_letter_does_not_show_its_text() -> None:
    assert "canary" not in repr(LETTER)


# The relay -------------------------------------------------------------------------------------


def test_without_tls(running: RunningReactor, make: Make) -> None:
    with mail_relay() as relay:
        send(running, make(relay.port, tls="off"))
        mail = relay.take()
        assert (mail.sender, mail.recipients) == ("ddns@example.net", ["alice@example.org"])
        assert mail.text == LETTER.text
        assert mail.message["Message-ID"].endswith("@example.net>")
        assert not mail.encrypted
        assert b"\n" not in mail.octets.replace(b"\r\n", b"")
        assert b"\r" not in mail.octets.replace(b"\r\n", b"")


@IMPLICIT_TLS
@pytest.mark.parametrize("kind", ["starttls", "implicit"])
def test_tls_and_a_login(running: RunningReactor, make: Make, pair: Pair, kind: str) -> None:
    with mail_relay(pair, implicit=kind == "implicit", login=LOGIN) as relay:
        mailer = make(
            relay.port, tls=kind, ca=str(pair.certificate), account=RelayCredentials(*LOGIN)
        )
        send(running, mailer)
        mail = relay.take()
        assert mail.encrypted
        assert mail.user == LOGIN[0]


@contextmanager
def refusing(
    running: RunningReactor, port: int, letter: MailMessage = LETTER, **more: Any
) -> Iterator[list[str]]:
    """The relay is not given anything; why."""
    relay = Relay(running.reactor, "127.0.0.1", port, **{"timeout": 1.0, **more})
    octets = compose(letter, "ddns@example.net", "<1@example.net>", 0.0)
    with pytest.raises(NotSent) as raised:
        running.call(lambda: relay.deliver("ddns@example.net", letter.to, octets))
    yield [str(raised.value)]
    assert "canary" not in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("kind", ["starttls", "implicit"])
def test_a_certificate_that_nobody_vouches_for(
    running: RunningReactor, pair: Pair, kind: str
) -> None:
    with (
        mail_relay(pair, implicit=kind == "implicit") as relay,
        refusing(running, relay.port, tls=kind) as why,
    ):
        assert "certificate" in why[0]
        assert relay.arrived == []


@pytest.mark.parametrize("kind", ["starttls", "implicit"])
@pytest.mark.parametrize("named", [True, False])
def test_a_certificate_of_another_host(
    running: RunningReactor, tmp_path: Path, kind: str, named: bool
) -> None:
    """Or of none at all. It is trusted all the same."""
    pair = certificates.make(tmp_path, "relay.example", names=named)
    host = "127.0.0.2" if named else "127.0.0.1"
    with mail_relay(pair, implicit=kind == "implicit", host=host) as relay:
        there = Relay(running.reactor, host, relay.port, tls=kind, ca=str(pair.certificate))
        with pytest.raises(NotSent, match=f"its certificate is not valid for {host}"):
            running.call(lambda: there.deliver("a@example.net", "b@example.net", b"\n"))
        assert relay.arrived == []


def test_a_relay_without_starttls_gets_nothing(running: RunningReactor) -> None:
    with mail_relay() as relay, refusing(running, relay.port, tls="starttls") as why:
        assert "TLS" in why[0]
        assert relay.arrived == []


def test_a_wrong_password_is_not_shown(running: RunningReactor, pair: Pair) -> None:
    wrong = RelayCredentials("ddns", "canary-password")
    with (
        mail_relay(pair, login=LOGIN) as relay,
        refusing(running, relay.port, ca=str(pair.certificate), account=wrong) as why,
    ):
        assert "535" in why[0]


def test_nobody_there(running: RunningReactor) -> None:
    with refusing(running, free_port(), tls="off") as why:
        assert "refused" in why[0]


def test_somebody_who_says_nothing(running: RunningReactor) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        with refusing(running, port, tls="off", timeout=0.2) as why:
            assert "Timeout" in why[0]


def test_a_file_of_certificates_that_is_none(running: RunningReactor, tmp_path: Path) -> None:
    for content in ("", "nonsense"):
        (tmp_path / "ca.pem").write_text(content)
        with refusing(running, free_port(), ca=str(tmp_path / "ca.pem")) as why:
            assert "mail.ca" in why[0]
    with refusing(running, free_port(), ca=str(tmp_path / "none.pem")) as why:
        assert "mail.ca" in why[0]


# Trying again ----------------------------------------------------------------------------------


def test_a_relay_that_is_busy_is_tried_again(
    running: RunningReactor, make: Make, logged: list[str]
) -> None:
    with mail_relay() as relay:
        relay.refusals = ["451 later canary", "421 later"]
        mailer = make(relay.port, tls="off")
        send(running, mailer)
        relay.wait()
        assert relay.attempts == 3
        idle(running, mailer)
    pauses = [text for text in logged if "tried again" in text]
    assert ["0.01 s" in pauses[0], "0.02 s" in pauses[1], len(pauses)] == [True, True, 2]


def test_what_is_refused_for_good_is_not_tried_again(
    running: RunningReactor, make: Make, logged: list[str]
) -> None:
    with mail_relay() as relay:
        relay.refusals = ["550 no such mailbox"]
        mailer = make(relay.port, tls="off")
        send(running, mailer)
        idle(running, mailer)
        assert (relay.attempts, relay.arrived) == (1, [])
    (said,) = [text for text in logged if "not sent" in text]
    assert "550 no such mailbox" in said


def test_it_gives_up_in_the_end(running: RunningReactor, make: Make, logged: list[str]) -> None:
    mailer = make(free_port(), tls="off", retries=2)
    send(running, mailer)
    idle(running, mailer)
    assert len([text for text in logged if "tried again" in text]) == 2
    assert len([text for text in logged if "was not sent" in text]) == 1
    assert (mailer.sent, mailer.failed) == (0, 1)
    assert not [text for text in logged if "canary" in text or "alice@" in text]


def test_a_letter_that_cannot_be_sent_does_not_hold_up_others(
    running: RunningReactor, make: Make, logged: list[str]
) -> None:
    with mail_relay() as relay:
        mailer = make(relay.port, tls="off")
        send(
            running, mailer, MailMessage("a@example.org\nBcc: b@example.org", "canary", "canary\n")
        )
        relay.refusals = ["451 later"]
        send(running, mailer)
        send(running, mailer)
        assert len(relay.wait(2)) == 2
        until(lambda: (mailer.sent, mailer.failed) == (2, 1))
    assert [text for text in logged if "ValueError" in text]
    assert not [text for text in logged if "canary" in text]


def test_what_waits_is_bounded(running: RunningReactor, make: Make, logged: list[str]) -> None:
    mailer = make(free_port(), tls="off", pause=1000.0)

    def flood() -> None:
        for _ in range(MAX_WAITING + 7):
            mailer.send(LETTER)

    running.call(flood)
    assert running.call(mailer.waiting) == MAX_WAITING
    assert len([text for text in logged if "are waiting" in text]) == 7
    until(lambda: running.call(lambda: len(mailer._paused)) == MAX_WAITING)
    running.call(mailer.send, dataclasses.replace(LETTER, share="reset"))
    assert running.call(mailer.waiting) == MAX_WAITING + 1, "others do not suffer from it"
    until(lambda: running.call(lambda: len(mailer._paused)) == MAX_WAITING + 1)
    running.call(mailer.stop, 5.0)
    assert running.call(mailer.waiting) == 0
    assert f"{MAX_WAITING + 1} mails were not sent before the end" in logged
    assert (mailer.sent, mailer.failed) == (0, MAX_WAITING + 8)


def test_the_end_waits_for_what_is_ready(running: RunningReactor, make: Make) -> None:
    with mail_relay() as relay:
        mailer = make(relay.port, tls="off")

        def begin() -> Any:
            for _ in range(AT_ONCE * 3):
                mailer.send(LETTER)
            return mailer.stop(20.0)

        running.call(begin)
        assert len(relay.arrived) == AT_ONCE * 3
        send(running, mailer)
        assert running.call(mailer.waiting) == 0


def test_nothing_is_left_behind(running: RunningReactor, make: Make, pair: Pair) -> None:
    with mail_relay(pair) as relay:
        mailer = make(relay.port, ca=str(pair.certificate))
        send(running, mailer)
        relay.take()
        idle(running, mailer)
        until(lambda: not {one for one in running.leftovers() if "smtp" in repr(one).lower()})
