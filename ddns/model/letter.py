"""A mail to a person, as those who write it see it."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class MailMessage:
    """``to`` is one address (:func:`ddns.model.account.email_address`), ``subject`` one line,
    ``text`` plain text of lines that end in ``\\n``, which may hold a token."""

    to: str
    subject: str
    text: str = field(repr=False)
