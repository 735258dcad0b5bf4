"""Sealed secrets, opened for the directory."""

from __future__ import annotations

from twisted.logger import Logger

from ddns.policy.directory import CannotUnseal, Directory
from ddns.system.secret_box import SecretBox, SecretBoxError, Tampered
from ddns.zone.tsig import TsigKey


class Unsealer:
    """Unseals keys for the directory. Logs once why that is impossible: any stranger who sends a
    response can make it happen again."""

    _log = Logger()

    def __init__(self, secret_box: SecretBox) -> None:
        self._secret_box = secret_box
        self._logged = ""

    def __call__(self, sealed: bytes, account: str) -> str | None:
        """Return a key; None if it was sealed with another secret.

        :raises CannotUnseal: when no key can be unsealed.
        """
        try:
            return self._secret_box.unseal(sealed, account.encode()).decode()
        except Tampered:
            return None
        except SecretBoxError as error:
            self._log_once(error)
            raise CannotUnseal from error

    def check(self, sealed: bytes) -> None:
        """Log at once if nothing can be unsealed."""
        try:
            self._secret_box.check(sealed)
        except SecretBoxError as error:
            self._log_once(error)

    def _log_once(self, error: SecretBoxError) -> None:
        if str(error) != self._logged:
            self._logged = str(error)
            self._log.error("keys and one-time codes cannot be checked: {error}", error=error)


def tsig_key_of(directory: Directory, name: bytes) -> TsigKey | None:
    """Return a TSIG key for verifying signatures; without the key file there is none."""
    try:
        secret = directory.tsig_secret(name)
    except CannotUnseal:
        return None
    key = directory.tsig_key(name)
    if key is None or key.tsig is None or secret is None:
        return None
    return TsigKey(name, key.tsig.algorithm, secret)
