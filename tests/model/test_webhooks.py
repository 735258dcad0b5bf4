"""What is posted is signed as receivers expect it."""

from __future__ import annotations

import base64
import time

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from ddns.model.webhooks import check_secret, new_secret, signed_post

URL = "https://hooks.example/"


def test_signatures_as_the_specification_has_them() -> None:
    """The example of the Standard Webhooks."""
    request = signed_post(
        URL,
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        1614265330.9,
        b'{"test": 2432232314}',
    )
    assert (request.method, request.url) == ("POST", URL)
    signature = request.headers["Webhook-Signature"]
    assert signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    assert request.headers["Webhook-Timestamp"] == "1614265330"


def test_their_own_library_takes_them() -> None:
    secret, body = new_secret(), b'{"kind": "changed"}'
    headers = dict(signed_post(URL, secret, "notice-1", time.time(), body).headers)
    assert Webhook(secret).verify(body.decode(), headers) == {"kind": "changed"}
    for key, text in ((new_secret(), body.decode()), (secret, body.decode() + " ")):
        with pytest.raises(WebhookVerificationError):
            Webhook(key).verify(text, headers)


def test_secrets_are_new_each_time() -> None:
    one, other = new_secret(), new_secret()
    assert one != other
    assert len(base64.b64decode(one.removeprefix("whsec_"), validate=True)) == 32


@pytest.mark.parametrize("size", [24, 64])
def test_secrets_of_others(size: int) -> None:
    secret = base64.b64encode(b"x" * size).decode()
    check_secret(secret)
    check_secret(f"whsec_{secret}")


@pytest.mark.parametrize(
    "text", ["", "x", "mine", "A" * 31, "A" * 28, "A" * 88, "A" * 32 + "=", "whsec_é", "A\nAA"]
)
def test_what_is_no_secret(text: str) -> None:
    with pytest.raises(ValueError, match="24 to 64 octets"):
        check_secret(text)
