"""Who calls the API, and what only some may do."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field

from ddns.api.errors import Forbidden, Unauthenticated


class Permission(enum.Enum):
    """Who may call an operation at all; what it may touch, the operation decides."""

    OPERATOR = "the operator"
    ACCOUNT = "whoever has logged in, for what is theirs"
    ANYBODY = "whoever can reach the server"


@dataclass(frozen=True, slots=True)
class Caller:
    """The operator, somebody who has logged in, or nobody that we know. ``peer`` is the address
    that the call comes from, ``session`` the SHA-256 of the token that came with it."""

    account: str | None = None
    operator: bool = False
    peer: str = ""
    session: bytes = field(default=b"", repr=False)

    @property
    def name(self) -> str:
        """How the journal names the caller."""
        return "operator" if self.operator else self.account or "nobody"

    def check(self, right: Permission) -> None:
        """Refuse who may not call an operation.

        :raises Unauthenticated: where logging in might help.
        :raises Forbidden: where it would not.
        """
        if self.operator or right is Permission.ANYBODY:
            return
        if self.account is None:
            raise Unauthenticated("log in first")
        if right is Permission.OPERATOR:
            raise Forbidden("only the operator may do this")

    def owns(self, account: str | None) -> bool:
        """Whether the caller may act on what an account has; None means the operator's."""
        return self.operator or (account is not None and account == self.account)


OPERATOR = Caller(operator=True)
NOBODY = Caller()
