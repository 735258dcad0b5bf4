"""What can be wrong with a call of the API, as a person and a program are told."""

from __future__ import annotations

from collections.abc import Sequence


class ApiError(Exception):
    """A refused call. ``code`` is for programs, ``str()`` for people, ``status`` for HTTP."""

    code = "failed"
    status = 503


class Invalid(ApiError):
    """The call or a value in it makes no sense."""

    code = "invalid"
    status = 400


class Unauthenticated(ApiError):
    """Nobody knows who calls."""

    code = "unauthenticated"
    status = 401


class Forbidden(ApiError):
    """The caller may not do this."""

    code = "forbidden"
    status = 403


class Exceeded(Forbidden):
    """The caller has as many of these as an account may have."""

    code = "quota"


class NotFound(ApiError):
    """What the call is about does not exist."""

    code = "not_found"
    status = 404


class NotAllowed(ApiError):
    """What the path names is there, but this cannot be done with it. ``allowed`` are the methods
    that can."""

    code = "method_not_allowed"
    status = 405

    def __init__(self, allowed: Sequence[str]) -> None:
        super().__init__(f"this path has no such operation; it has {', '.join(allowed)}")
        self.allowed = allowed


class Conflict(ApiError):
    """It exists already, or something else stands in the way."""

    code = "conflict"
    status = 409


class TooMany(ApiError):
    """It was asked for too often; ``retry_after`` is in how many seconds it may be again."""

    code = "too_many"
    status = 429

    def __init__(self, message: str, retry_after: float) -> None:
        super().__init__(message)
        self.retry_after = retry_after
