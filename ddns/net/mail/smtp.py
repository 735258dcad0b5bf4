"""twisted.mail's client, to send one letter on a reactor of the caller's choice.

To be imported when there is something to send: twisted.mail takes the process's reactor, which only
its owner may choose, and asks for this machine's name, which may take its time.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.mail import smtp
from twisted.mail.smtp import SMTPClientError, SMTPDeliveryError

__all__ = ["SMTPClientError", "SMTPDeliveryError", "SenderFactory"]


class _Sender(smtp.ESMTPSender):
    """Writes the letter in one piece, which is small: the original hands it out in turns of the
    process's reactor, and raises in one of them where the connection is lost."""

    def smtpState_data(self, code: int, resp: bytes) -> None:
        octets = self.getMailData()
        transport: Any = self.transport
        transport.write(self.transformChunk(octets))
        self.finishedFileTransfer(octets[-1:])
        self._expected: Any = smtp.SUCCESS
        self._okresponse = self.smtpState_msgSent


class SenderFactory(smtp.ESMTPSenderFactory):
    """Connects once; its last argument is what the protocol's timeouts run on."""

    protocol = _Sender
    noisy = False

    def __init__(self, *args: Any, call_later: Callable[..., Any], **more: Any) -> None:
        super().__init__(*args, **{**more, "retries": 0})
        self._call_later = call_later

    def buildProtocol(self, addr: object) -> Any:
        protocol = super().buildProtocol(addr)
        protocol.callLater = self._call_later
        return protocol
