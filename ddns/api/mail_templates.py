"""Texts of the mails to people, who need not have asked for them."""

from __future__ import annotations

from dataclasses import dataclass

from ddns.model.mail import MailMessage


@dataclass(frozen=True, slots=True)
class MailTemplates:
    """Makes messages; *url* is where people reach this server, if that is known, and *pages*
    whether it has web pages there."""

    url: str = ""
    pages: bool = False

    def confirm_registration(self, to: str, name: str, token: str, seconds: float) -> MailMessage:
        """Ask a new person to confirm the registration."""
        return MailMessage(
            to,
            f"Confirm your account {name}",
            f"Somebody, probably you, asked for an account named {name} with this address.\n"
            f"To make it, confirm within {_duration(seconds)}:\n\n"
            f"{self.place('confirm', 'confirm', token)}\n"
            "If it was not you, do nothing: without this there will be no account.\n",
        )

    def known_already(self, to: str, name: str) -> MailMessage:
        """Tell an account's owner that the address was given for another one."""
        return MailMessage(
            to,
            f"You have an account already: {name}",
            "Somebody, perhaps you, gave this address for an account. It belongs to your account\n"
            f"{name}, so nothing was changed. If you forgot its password:\n\n"
            f"{self.place('forgotten', f'password forgot {name}')}\n",
        )

    def confirm_address(self, to: str, name: str, token: str, seconds: float) -> MailMessage:
        """Ask at the new address of an account to confirm it."""
        return MailMessage(
            to,
            f"Confirm the address of your account {name}",
            f"The owner of account {name} wants to be written to at this address.\n"
            f"If that is you, confirm within {_duration(seconds)}:\n\n"
            f"{self.place('confirm', 'confirm', token)}\n"
            "If it is not, do nothing: nothing changes without this.\n",
        )

    def address_changes(self, to: str, name: str, address: str) -> MailMessage:
        """Tell at the old address of an account that it is to change."""
        return MailMessage(
            to,
            f"Your account {name} is to get another address",
            f"Somebody who knows the password of your account {name} asked that you be\n"
            f"written to at {address} from now on.\n"
            "If it was not you, change the password at once, which also stops this:\n\n"
            f"{self.place('account', 'password change')}\n",
        )

    def reset_password(self, to: str, name: str, token: str, seconds: float) -> MailMessage:
        """Send the token to set another password with."""
        return MailMessage(
            to,
            f"A new password for your account {name}",
            f"Somebody, probably you, forgot the password of your account {name}.\n"
            f"To set another one within {_duration(seconds)}:\n\n"
            f"{self.place('reset', 'password reset', token)}\n"
            "If it was not you, do nothing: the password stays as it is.\n",
        )

    def place(self, page: str, command: str, token: str = "") -> str:
        """Return the link to a page of ours with the token; without pages the line to type for a
        subcommand of ddns, and the token that it asks for: other users of a machine see the
        arguments of commands."""
        if self.url and self.pages:
            return f"    {self._link(page, token)}\n"
        server = f"--server {self.url} " if self.url else ""
        asks = f"\nThe command asks for this token:\n\n    {token}\n" if token else ""
        return f"    ddns {server}{command}\n{asks}"

    def unsubscribe(self, page: str, token: str) -> list[tuple[str, str]]:
        """Return the headers by which mail programs take a kind of mail off (RFC 2369 3.2), with
        one click where the page is had by HTTPS (RFC 8058)."""
        if not (self.url and self.pages):
            return []
        found = [("List-Unsubscribe", f"<{self._link(page, token)}>")]
        if self.url.startswith("https:"):
            found.append(("List-Unsubscribe-Post", "List-Unsubscribe=One-Click"))
        return found

    def _link(self, page: str, token: str) -> str:
        query = f"?token={token}" if token else ""
        return f"{self.url.rstrip('/')}/{page}{query}"


def _duration(seconds: float) -> str:
    for size, name in ((3600.0, "hours"), (60.0, "minutes")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {name}"
    return f"{seconds:.0f} seconds"
