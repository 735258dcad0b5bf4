"""What can be wrong with a call of the API, as a person and a program are told."""

from __future__ import annotations


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


class NotFound(ApiError):
    """What the call is about does not exist."""

    code = "not_found"
    status = 404


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
