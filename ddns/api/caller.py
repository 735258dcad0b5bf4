"""The caller of an operation, and who may call which operations."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ddns.api.errors import Forbidden, Unauthenticated

if TYPE_CHECKING:
    from ddns.model.account import Block, Key


class Permission(enum.Enum):
    """The callers that an operation is open to. What they may touch, the operation decides."""

    OPERATOR = "the operator"
    MACHINE = "the operator on the server's machine"
    ACCOUNT = "anybody logged in, for what their account owns"
    ANYBODY = "anybody who can reach the server"


@dataclass(frozen=True, slots=True)
class Caller:
    """The operator, an account whose owner has logged in, or an unknown person. An account with
    that right is an operator too.

    ``peer`` is the address that the call comes from, ``agent`` its User-Agent, ``origin`` the
    scheme and authority that it was sent to; ``session`` is the SHA-256 of its token, ``block``
    what keeps the account from changing anything. ``key`` is an operator's, of a tool that calls
    with it in place of a session.
    """

    account: str | None = None
    operator: bool = False
    peer: str = ""
    agent: str = ""
    origin: str = ""
    session: bytes = field(default=b"", repr=False)
    block: Block | None = None
    key: Key | None = None

    @property
    def name(self) -> str:
        """The caller's name in the journal."""
        return self.account or ("operator" if self.operator else "nobody")

    def check(self, permission: Permission) -> None:
        """Refuse callers without the permission.

        :raises Unauthenticated: where logging in might help.
        :raises Forbidden: where it would not.
        """
        if permission is Permission.ANYBODY:
            return
        if self.account is None and not self.operator:
            raise Unauthenticated("log in first")
        if permission is not Permission.ACCOUNT and not self.operator:
            raise Forbidden("only the operator may do this")
        if permission is Permission.MACHINE and self.account is not None:
            raise Forbidden("this is about files of the server's machine and has to be done there")

    def owns(self, account: str | None) -> bool:
        """Return whether the caller may act for the owner of something; None is the operator."""
        return self.operator or (account is not None and account == self.account)

    def logged_in_account(self) -> str:
        """Return the account that the caller has logged in to.

        :raises Forbidden: for the operator on the server's machine and for unknown people.
        """
        if self.account is None:
            raise Forbidden("this is for people who have logged in")
        return self.account


OPERATOR = Caller(operator=True)
NOBODY = Caller()
