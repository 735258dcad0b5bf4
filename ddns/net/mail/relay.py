"""Deliver mail to a relay over SMTP (RFC 5321), with STARTTLS (RFC 3207) and AUTH (RFC 4954)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.threads import deferToThreadPool

from ddns.net.verified import VerifiedHost, trusting_context

MAX_REASON = 200
"""Characters of a relay's reply that are logged at most."""


class NotSent(Exception):
    """The relay has not accepted a message; ``str()`` says why in one line, without quoting it.
    ``for_good`` says that it never will."""

    def __init__(self, reason: str, for_good: bool = False) -> None:
        super().__init__(reason)
        self.for_good = for_good


@dataclass(frozen=True, slots=True)
class RelayCredentials:
    """The account with the relay."""

    user: str
    password: str = field(repr=False)


class Relay:
    """A mail relay, to which each message gets a connection of its own.

    :param reactor: connects.
    :param host: name or address, which the relay's certificate has to be for.
    :param port: TCP port.
    :param tls: ``off``, ``starttls`` or ``implicit``.
    :param ca: a PEM file of trusted roots; empty for the system's.
    :param account: for AUTH; None to do without.
    :param timeout: seconds that the relay may say nothing.
    """

    def __init__(
        self,
        reactor: Any,
        host: str,
        port: int,
        *,
        tls: str = "starttls",
        ca: str = "",
        account: RelayCredentials | None = None,
        timeout: float = 30.0,
    ) -> None:
        self._reactor = reactor
        self._host = host
        self._port = port
        self._tls = tls
        self._ca = ca
        self._account = account
        self._timeout = timeout

    async def deliver(self, sender: str, recipient: str, octets: bytes) -> None:
        """Deliver a message, trying once.

        :raises NotSent: when the relay cannot be reached or does not accept it.
        """
        pool = self._reactor.getThreadPool()
        smtp = await deferToThreadPool(self._reactor, pool, _smtp)
        try:
            verified = (
                None
                if self._tls == "off"
                else await deferToThreadPool(self._reactor, pool, self._verified)
            )
        except Exception as error:
            raise NotSent(f"mail.ca cannot be used: {_line(error)}") from None
        done: Deferred[object] = Deferred()
        account = self._account
        factory = smtp.SenderFactory(
            account.user.encode() if account else b"",
            account.password.encode() if account else b"",
            sender,
            recipient,
            octets,
            done,
            call_later=self._reactor.callLater,
            timeout=self._timeout,
            contextFactory=verified,
            heloFallback=self._tls == "off",
            requireAuthentication=account is not None,
            requireTransportSecurity=self._tls != "off",
        )
        try:
            if self._tls == "implicit":
                self._reactor.connectSSL(
                    self._host, self._port, factory, verified, timeout=self._timeout
                )
            else:
                self._reactor.connectTCP(self._host, self._port, factory, timeout=self._timeout)
            await done
        except smtp.SMTPClientError as error:
            refused = isinstance(error, smtp.SMTPDeliveryError) and 500 <= error.code < 600
            reason = _reason(error)
            if verified and verified.problem:
                reason = f"its certificate {verified.problem}"
            if "TLS" in reason:
                reason += f' (mail.tls is "{self._tls}")'
            raise NotSent(reason, for_good=refused) from None
        except OSError as error:
            raise NotSent(_line(error)) from None

    def _verified(self) -> VerifiedHost:
        return VerifiedHost(trusting_context(self._ca, alone=True), self._host)


def _smtp() -> Any:
    from ddns.net.mail import smtp

    return smtp


def _reason(error: Any) -> str:
    """Return what the relay said, without the error's log, which holds passwords and the mail."""
    cause = error.__cause__
    if cause is not None:
        return _line(cause)
    said = error.resp.decode("utf-8", "replace") if isinstance(error.resp, bytes) else error.resp
    code = f"{error.code} " if error.code > 0 else ""
    return _line(f"{code}{said}")


def _line(said: object) -> str:
    text = " ".join(str(said).split()) or type(said).__name__
    return "".join(one for one in text if one.isprintable())[:MAX_REASON]
