"""Requests to an authority, from answers that are there already."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from acme import messages
from cryptography.hazmat.primitives.asymmetric import ec
from josepy.jwa import ES256
from josepy.jwk import JWKEC
from requests.adapters import HTTPAdapter
from urllib3 import HTTPResponse

from ddns.acme.network import TRIES, network

URL = "https://ca.example/order"


class Answers:
    """What an authority says to posts: it rejects the first nonces."""

    def __init__(self, rejected: int, error: str = "badNonce") -> None:
        self.posts: list[str] = []
        self._rejected = rejected
        self._error = error
        self._nonces: Iterator[int] = iter(range(10_000_000, 20_000_000))

    def send(self, adapter: HTTPAdapter, request: requests.PreparedRequest, *rest: Any) -> Any:
        """Stands for what sends a request."""
        status, body = 200, {}
        if request.method == "POST":
            self.posts.append(json.loads(request.body or b"")["protected"])
            if len(self.posts) <= self._rejected:
                kind = f"urn:ietf:params:acme:error:{self._error}"
                status, body = 400, {"type": kind, "detail": "no"}
        headers = {"Replay-Nonce": str(next(self._nonces)), "Content-Type": "application/json"}
        content = io.BytesIO(json.dumps(body).encode())
        answer = HTTPResponse(content, headers, status, preload_content=False)
        return adapter.build_response(request, answer)


def post(answers: Answers, monkeypatch: pytest.MonkeyPatch) -> requests.Response:
    """Post once."""
    monkeypatch.setattr(
        HTTPAdapter, "send", lambda adapter, *arguments: answers.send(adapter, *arguments)
    )
    net, _ = network(JWKEC(key=ec.generate_private_key(ec.SECP256R1())), ES256, "")
    return net.post(URL, None, new_nonce_url=URL)


@pytest.mark.parametrize("rejected", [0, 1, 2 * TRIES - 1])
def test_a_rejected_nonce_is_no_answer(rejected: int, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = Answers(rejected)
    assert post(answers, monkeypatch).status_code == 200
    assert len(set(answers.posts)) == rejected + 1, "each with a nonce of its own"


def test_an_authority_that_takes_no_nonce(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = Answers(1000)
    with pytest.raises(messages.Error, match="badNonce"):
        post(answers, monkeypatch)
    assert len(answers.posts) == 2 * TRIES


def test_another_refusal_is_final(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = Answers(1, "rateLimited")
    with pytest.raises(messages.Error, match="rateLimited"):
        post(answers, monkeypatch)
    assert len(answers.posts) == 1
