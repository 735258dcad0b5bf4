"""People at the pages of a server, with an authenticator."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from ddns.api.caller import Caller
from ddns.api.errors import ApiError
from tests.api.coming import HERE, PASSWORD, Street
from tests.authenticators import Authenticator

ORIGIN = "https://ddns.example.net"


@dataclasses.dataclass
class Browser:
    """Somebody at the pages of the server, with a session there or none."""

    street: Street
    device: Authenticator = dataclasses.field(default_factory=lambda: Authenticator(ORIGIN))
    session: str = ""
    origin: str = ORIGIN
    peer: str = HERE

    def ask(self, operation: str, **arguments: Any) -> Any:
        caller = self.street.who(self.session) if self.session else Caller()
        caller = dataclasses.replace(caller, peer=self.peer, origin=self.origin)
        return self.street.house.api_of(caller, operation, **arguments)

    def make(self, name: str = "phone") -> Any:
        options = self.ask("passkey_options", password=PASSWORD)["options"]
        return self.ask("passkey_add", name=name, credential=self.device.make(options))

    def sign(self) -> dict[str, Any]:
        return self.device.use(self.ask("passkey_login_options")["options"])

    def log_in(self) -> Any:
        return self.ask("passkey_log_in", credential=self.sign())

    def refused(self, kind: type[ApiError], operation: str, **arguments: Any) -> str:
        with pytest.raises(ApiError) as raised:
            self.ask(operation, **arguments)
        assert type(raised.value) is kind
        return str(raised.value)
