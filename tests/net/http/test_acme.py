"""Challenges over HTTP, beside everything else that a site answers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ddns.net.http.acme import AcmeResource
from tests.net.http_clients import Serving, serving
from tests.net.reactors import RunningReactor

ANSWERS = {"token": "token.thumbprint"}
HERE = "/.well-known/acme-challenge/token"


@pytest.fixture(scope="module")
def served(running: RunningReactor) -> Iterator[Serving]:
    beside = {b".well-known": AcmeResource(ANSWERS.get)}
    with serving(running, beside=beside) as served:
        yield served


def test_the_answer_to_a_challenge(served: Serving) -> None:
    with served.connect() as client:
        answer = client.ask(HERE)
        assert (answer.status, answer.body) == (200, b"token.thumbprint")
        assert client.ask("/ip").status == 200


@pytest.mark.parametrize(
    "path",
    [
        "/.well-known/acme-challenge/other",
        "/.well-known/acme-challenge",
        f"{HERE}/x",
        "/.well-known/x/token",
    ],
)
def test_nothing_else_is_there(served: Serving, path: str) -> None:
    with served.connect() as client:
        assert client.ask(path).status == 404
