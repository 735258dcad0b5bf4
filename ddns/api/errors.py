"""Refusals of the API, for people and for programs."""

from __future__ import annotations

from collections.abc import Sequence

Json = dict[str, dict[str, object]]


class ApiError(Exception):
    """A refused call. ``code`` is for programs, ``str()`` for people, ``status`` for HTTP.

    :param message: English, with the names of *parameters* in braces if there are any, so that
        pages can say it in another language.
    """

    code = "failed"
    status = 503

    def __init__(self, message: str, **parameters: object) -> None:
        super().__init__(message.format(**parameters) if parameters else message)
        self.message = message
        self.parameters = parameters

    def as_json(self) -> Json:
        """Return the error as every way to the API answers it."""
        return error_json(self.code, str(self))


def error_json(code: str, message: str, **more: object) -> Json:
    """Return the JSON of an error; few have *more* than code and message."""
    return {"error": {"code": code, "message": message, **more}}


class Invalid(ApiError):
    """The call or a value in it makes no sense."""

    code = "invalid"
    status = 400


class Unauthenticated(ApiError):
    """The caller is unknown."""

    code = "unauthenticated"
    status = 401


class SecondFactorNeeded(Unauthenticated):
    """The password was right, and the account has a second factor, one of ``ways``: ``"totp"``,
    ``"passkey"``, ``"recovery"``. The ``ticket`` stands for the password for some minutes."""

    code = "second_factor"

    def __init__(self, ways: Sequence[str], ticket: str) -> None:
        super().__init__("a second factor is needed as well")
        self.ways = ways
        self.ticket = ticket

    def as_json(self) -> Json:
        return error_json(self.code, str(self), ways=list(self.ways), ticket=self.ticket)


class WrongCode(Unauthenticated):
    """The code is not one of the account's second factor, or no longer."""

    code = "wrong_code"


class Forbidden(ApiError):
    """The caller may not do this."""

    code = "forbidden"
    status = 403


class Exceeded(Forbidden):
    """The caller has as many of these as an account may have."""

    code = "quota"


class NotFound(ApiError):
    """The subject of the call does not exist, or not for this caller."""

    code = "not_found"
    status = 404


class NotAllowed(ApiError):
    """The path exists but has no such method; ``allowed`` are those that it has."""

    code = "method_not_allowed"
    status = 405

    def __init__(self, allowed: Sequence[str]) -> None:
        super().__init__(
            "this path has no such operation; it has {allowed}", allowed=", ".join(allowed)
        )
        self.allowed = allowed


class Conflict(ApiError):
    """It exists already, or something else stands in the way."""

    code = "conflict"
    status = 409


class TooMany(ApiError):
    """It was asked for too often; it may be again in ``retry_after`` seconds."""

    code = "too_many"
    status = 429

    def __init__(self, message: str, retry_after: float, **parameters: object) -> None:
        super().__init__(message, **parameters)
        self.retry_after = retry_after
