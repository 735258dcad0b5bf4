"""What people are written, in plain English. Whoever gets a letter need not have asked for it."""

from __future__ import annotations

from dataclasses import dataclass

from ddns.model.mail import MailMessage


@dataclass(frozen=True, slots=True)
class MailTemplates:
    """*url* is where people find this server, if that is known."""

    url: str = ""

    def confirm_registration(self, to: str, name: str, token: str, seconds: float) -> MailMessage:
        """To somebody new."""
        return self._letter(
            to,
            f"Confirm your account {name}",
            f"Somebody, probably you, asked for an account named {name} with this address.\n"
            f"To make it, confirm within {_duration(seconds)}:\n\n"
            f"{self._command(f'confirm {token}')}\n"
            "If it was not you, do nothing: without this there will be no account.\n",
        )

    def known_already(self, to: str, name: str) -> MailMessage:
        """To somebody who has an account, when the address is given for another one."""
        return self._letter(
            to,
            f"You have an account already: {name}",
            "Somebody, perhaps you, gave this address for an account. It belongs to your account\n"
            f"{name}, so nothing was changed. If you forgot its password:\n\n"
            f"{self._command(f'password forgot {name}')}\n",
        )

    def confirm_address(self, to: str, name: str, token: str, seconds: float) -> MailMessage:
        """To the new address of an account."""
        return self._letter(
            to,
            f"Confirm the address of your account {name}",
            f"The owner of account {name} wants to be written to at this address.\n"
            f"If that is you, confirm within {_duration(seconds)}:\n\n"
            f"{self._command(f'confirm {token}')}\n"
            "If it is not, do nothing: nothing changes without this.\n",
        )

    def address_changes(self, to: str, name: str, address: str) -> MailMessage:
        """To the old address of an account."""
        return self._letter(
            to,
            f"Your account {name} is to get another address",
            f"Somebody who knows the password of your account {name} asked that you be\n"
            f"written to at {address} from now on.\n"
            "If it was not you, change the password at once, which also stops this:\n\n"
            f"{self._command('password change')}\n",
        )

    def reset_password(self, to: str, name: str, token: str, seconds: float) -> MailMessage:
        """To somebody who forgot a password."""
        return self._letter(
            to,
            f"A new password for your account {name}",
            f"Somebody, probably you, forgot the password of your account {name}.\n"
            f"To set another one within {_duration(seconds)}:\n\n"
            f"{self._command(f'password reset {token}')}\n"
            "If it was not you, do nothing: the password stays as it is.\n",
        )

    def _command(self, command: str) -> str:
        server = f"--server {self.url} " if self.url else ""
        return f"    ddns {server}{command}\n"

    def _letter(self, to: str, subject: str, text: str) -> MailMessage:
        return MailMessage(to, subject, text)


def _duration(seconds: float) -> str:
    for size, name in ((3600.0, "hours"), (60.0, "minutes")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {name}"
    return f"{seconds:.0f} seconds"
