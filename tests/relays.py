"""A mail relay on loopback (aiosmtpd, in a thread of its own) that keeps what it is given."""

from __future__ import annotations

import email
import email.policy
import re
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword

from tests.certificates import Pair
from tests.processes import eventually, free_port


@dataclass
class Arrived:
    """A mail as the relay took it."""

    sender: str
    recipients: list[str]
    octets: bytes
    encrypted: bool
    user: str | None

    @property
    def message(self) -> EmailMessage:
        parsed = email.message_from_bytes(self.octets, policy=email.policy.SMTP)
        assert isinstance(parsed, EmailMessage)
        return parsed

    @property
    def text(self) -> str:
        return str(self.message.get_content()).replace("\r\n", "\n")

    @property
    def token(self) -> str:
        """The one token in it."""
        (found,) = re.findall(r"\b[A-Za-z0-9]{43}\b", self.text)
        return str(found)


@dataclass
class MailRelay:
    """``refusals`` are what it answers to the next mails instead of taking them."""

    port: int = 0
    arrived: list[Arrived] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)
    attempts: int = 0

    async def handle_DATA(self, server: SMTP, session: Any, envelope: Envelope) -> str:
        self.attempts += 1
        if self.refusals:
            return self.refusals.pop(0)
        octets = envelope.content
        assert isinstance(octets, bytes)
        user = session.auth_data.decode() if session.auth_data else None
        self.arrived.append(
            Arrived(
                envelope.mail_from or "",
                list(envelope.rcpt_tos),
                octets,
                server.transport.get_extra_info("sslcontext") is not None,
                user,
            )
        )
        return "250 taken"

    def wait(self, count: int = 1) -> list[Arrived]:
        """The mails, once there are so many."""
        eventually(lambda: len(self.arrived) >= count, f"{count} mails arrive")
        assert len(self.arrived) == count
        return self.arrived

    def take(self) -> Arrived:
        """The one mail that has come or will; the next one is another."""
        (mail,) = self.wait()
        self.arrived.clear()
        return mail


IMPLICIT_TLS = pytest.mark.filterwarnings("ignore:Requiring AUTH")
"""For tests of it: aiosmtpd does not know that TLS was there before anything was said."""


@contextmanager
def mail_relay(
    pair: Pair | None = None,
    *,
    implicit: bool = False,
    login: tuple[str, str] | None = None,
    host: str = "127.0.0.1",
) -> Iterator[MailRelay]:
    """A relay that listens; with a certificate it insists on TLS, with a login on that."""
    relay = MailRelay(free_port())
    context = None
    if pair is not None:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(pair.certificate, pair.private_key)

    def authenticate(
        server: SMTP, session: Any, envelope: Envelope, mechanism: str, data: Any
    ) -> AuthResult:
        assert isinstance(data, LoginPassword)
        right = login is not None and (data.login, data.password) == tuple(
            part.encode() for part in login
        )
        return AuthResult(success=right, handled=False, auth_data=data.login)

    controller = Controller(
        relay,
        hostname=host,
        port=relay.port,
        ssl_context=context if implicit else None,
        tls_context=None if implicit else context,
        require_starttls=context is not None and not implicit,
        authenticator=authenticate if login else None,
        auth_required=login is not None,
        auth_require_tls=context is not None and not implicit,
    )
    controller.start()
    try:
        yield relay
    finally:
        controller.stop()
