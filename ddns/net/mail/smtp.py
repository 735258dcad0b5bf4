"""twisted.mail's SMTP client, for one message, on a reactor of the caller's choice.

Import it only when there is something to send: twisted.mail installs the process's reactor, which
is for its owner to choose, and looks up this machine's name, which may block.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.mail import smtp
from twisted.mail.smtp import SMTPClientError, SMTPDeliveryError

__all__ = ["SMTPClientError", "SMTPDeliveryError", "SenderFactory"]


class _Sender(smtp.ESMTPSender):
    """Writes the message in one piece, for it is small.

    The original writes it over several turns of the process's reactor, not of the caller's, and
    raises in one of them if the connection is lost.
    """

    def smtpState_data(self, code: int, resp: bytes) -> None:
        octets = self.getMailData()
        transport: Any = self.transport
        transport.write(self.transformChunk(octets))
        self.finishedFileTransfer(octets[-1:])
        self._expected: Any = smtp.SUCCESS
        self._okresponse = self.smtpState_msgSent


class SenderFactory(smtp.ESMTPSenderFactory):
    """Connects once; the protocol's timeouts run on *call_later*."""

    protocol = _Sender
    noisy = False

    def __init__(self, *args: Any, call_later: Callable[..., Any], **more: Any) -> None:
        super().__init__(*args, **{**more, "retries": 0})
        self._call_later = call_later

    def buildProtocol(self, addr: object) -> Any:
        protocol = super().buildProtocol(addr)
        protocol.callLater = self._call_later
        return protocol
