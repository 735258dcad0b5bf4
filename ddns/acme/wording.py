"""Say in one line what has gone wrong between an authority and us."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from urllib.parse import urlsplit

import requests
from acme import errors, messages

from ddns.acme.problem import Problem


def problem_of(error: Exception, wait: float = 0.0) -> Problem:
    """Return an error of the libraries as a problem.

    :param wait: for how many seconds the authority wants to be left alone.
    """
    if isinstance(error, Problem):
        return error
    return Problem("; ".join(_lines(error)) or type(error).__name__, wait)


def _lines(error: Exception) -> Iterator[str]:
    if isinstance(error, messages.Error):
        yield _refusal(error)
        yield from map(_refusal, error.subproblems or ())
    elif isinstance(error, errors.ValidationError):
        for one in error.failed_authzrs:
            for challenge in one.body.challenges:
                if challenge.error is not None:
                    yield f"{one.body.identifier.value}: {_refusal(challenge.error)}"
    elif isinstance(error, errors.IssuanceError):
        yield _refusal(error.error)
    elif isinstance(error, errors.TimeoutError):
        yield "the authority has not finished in time"
    elif isinstance(error, errors.ARIError) and isinstance(error.__cause__, Exception):
        yield from _lines(error.__cause__)
    elif isinstance(error, requests.exceptions.InvalidSchema):
        yield "the authority sends us to something else than HTTPS"
    elif isinstance(error, requests.RequestException):
        yield _unreachable(error)
    else:
        yield _senseless(error)


def _refusal(error: messages.Error) -> str:
    text = error.detail or error.title or error.description or "no reason given"
    about = f"{error.identifier.value}: " if error.identifier else ""
    return f"{about}{text} ({error.code or error.typ})"


def _unreachable(error: requests.RequestException) -> str:
    host = urlsplit(str(error.request.url)).netloc if error.request is not None else ""
    innermost: BaseException = error
    while (cause := innermost.__cause__ or innermost.__context__) is not None:
        innermost = cause
    if isinstance(innermost, ssl.SSLCertVerificationError):
        reason = f"its certificate is not trusted: {innermost.verify_message}"
    else:
        reason = getattr(innermost, "strerror", None) or str(innermost)
    return f"{host or 'the authority'} cannot be reached: {reason}"


def _senseless(error: Exception) -> str:
    """Say that an answer was none of ACME, which shows in errors of any type."""
    for given in error.args:
        response = given[0] if isinstance(given, tuple) and given else given
        if isinstance(response, requests.Response):
            return f"{response.url} answers {response.status_code} {response.reason}"
    return f"the authority's answer makes no sense: {type(error).__name__}: {error}"
