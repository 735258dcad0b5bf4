"""Links that switch a kind of mail off, for whoever has the mail.

What a link is about is sealed with the key file, so it can be neither read nor made up, and is good
after a restart too.
"""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any

from ddns.model.account import Account
from ddns.model.notices import Kind, Unwanted
from ddns.system.secret_box import SecretBox, SecretBoxError, Tampered

PURPOSE = b"notices off"
MAX_TOKEN = 1000


class Links:
    """Makes and reads the tokens of links.

    :param secret_box: seals them.
    """

    def __init__(self, secret_box: SecretBox) -> None:
        self._secret_box = secret_box

    def token(self, account: Account, host: bytes | None, kind: Kind, beside: bytes | None) -> str:
        """Return a token that switches off a kind of an account's mails, of a host or with None of
        all.

        :param beside: other sealed data of the database, None if there is none.
        :raises SecretBoxError: if the key file is unusable.
        """
        about = [account.name, account.created, (host or b"").hex(), str(kind)]
        plain = json.dumps(about).encode()
        return (
            base64.urlsafe_b64encode(self._secret_box.seal(plain, PURPOSE, beside))
            .decode()
            .rstrip("=")
        )

    def read(self, token: str) -> Unwanted | None:
        """Return what a token switches off; None if it is none of ours."""
        if len(token) > MAX_TOKEN:
            return None
        try:
            sealed = base64.b64decode(token + "=" * (-len(token) % 4), b"-_", validate=True)
            found: list[Any] = json.loads(self._secret_box.unseal(sealed, PURPOSE))
            name, created, host, kind = found
            return Unwanted(name, created, bytes.fromhex(host) or None, Kind(kind))
        except (binascii.Error, ValueError, SecretBoxError, Tampered):
            return None
